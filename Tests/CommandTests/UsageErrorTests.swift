import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Mistakes in arguments and configuration files: exit code 2 and one line that names the place.
  @Suite struct UsageErrorTests {
    @Test(arguments: [
      (["--mdel", "mlp"], "train: unknown option '--mdel' (did you mean '--model'?)"),
      (["--model", "mpl"], "--model: unknown name 'mpl' (did you mean 'mlp'?)"),
      (["--optimizer", "adm"], "--optimizer: unknown name 'adm' (did you mean 'adam'?)"),
      (["--set", "optimiser.name=sgd"], "unknown key 'optimiser' (did you mean 'optimizer'?)"),
      (["--epochs", "x"], #"--epochs: expected a whole number, found "x""#),
      (["--epochs", "-1"], "--epochs: expected at least 0, found -1"),
      (["--learning-rate", "-1"], "--learning-rate: expected more than 0, found -1"),
      (["--set", "data.validation=1.5"], "data.validation: expected at least 0 and less than 1, found 1.5"),
      (["--set", "epochs=3.5"], "epochs: expected a whole number, found 3.5"),
      (
        ["--set", "data.validation_group=/train/g", "--run", "out"],
        "data.validation_group: is for the fraction that data.validation holds out, which is 0; give data.validation, "
          + "such as 0.1, or leave data.validation_group out"
      ),
      (
        ["--precision", "bfloat16", "--threads", "2"],
        "precision: bfloat16 computes on one thread a rank; give threads: 1, and start more ranks"
      ),
      (["evaluate"], "evaluate: expected a checkpoint, such as runs/NAME/checkpoints/best.h5"),
    ])
    func argument(arguments: [String], message: String) throws {
      try Sandbox.with { try $0.expectFailure(arguments, status: 2, message) }
    }

    /// Sizes near the ends of their types, and products of sizes that are each allowed.
    @Test(arguments: [
      ("layers=[{ dense: 2147483647 }, 'dense']", "layers[0].dense: gives 2147483647 numbers a sample"),
      ("layers=[{ dense: 9223372036854775807 }]", "layers[0].dense.units: expected at most 2147483647"),
      (
        "layers=[{ conv2d: { filters: 2147483647, kernel: 2147483647, padding: 2147483647 } }]",
        "layers[0].conv2d: has "
      ),
      ("layers=[{ upsample: 2147483647 }, { upsample: 2147483647 }]", "layers[0].upsample: gives "),
      ("layers=[{ lstm: 2147483647 }, 'dense']", "layers[0].lstm: has 8×1×2147483647×2147483647 weights"),
      ("layers=[{ lstm: { units: 3, layers: 2147483647 } }]", "layers[0].lstm.layers: expected from 1 to 1000"),
      ("layers=[{ reshape: { height: 2147483647, width: 2147483647, channels: 2147483647 } }]", "layers[0].reshape: "),
      (
        "layers=[{ dense: 100000 }, { dense: 100000 }, { dense: 100000 }, 'dense']",
        "model: 20,007,700,010 parameters take "
      ),
      (
        "model={ generator: ['dense'], discriminator: ['dense'], latent: 2147483647 }",
        "model.generator[0].dense: takes "
      ),
      (
        "data.augment=[{ crop: { padding: 2147483647 } }]",
        "data.augment[0].crop.padding: expected at most 8 for images"
      ),
      ("data.augment=[{ cutout: { size: 2147483647 } }]", "data.augment[0].cutout.size: expected less than 16"),
      ("accumulate=2147483647", "accumulate: expected at most the 1,4"),
      ("shards=2147483647", "2147483647 shards are more than the 1437"),
    ])
    func hugeSizes(setting: String, beginning: String) throws {
      try Sandbox.with {
        let result = try $0.train(["--set", setting, "--run", "out"])
        let line = result.errorLines.first ?? ""
        #expect(result.status == 2 && result.errorLines.count == 1, "\(result)")
        #expect(line.hasPrefix("ddp-train: " + beginning), "\(result)")
        #expect(!$0.exists("out"))
      }
    }

    /// What would change nothing is said, and the run goes on.
    @Test func settingsWithoutEffectAreNamed() throws {
      try Sandbox.with {
        try $0.makeBlobs()
        let result = try $0.succeed([
          "--data", "blobs.h5", "--epochs", "1", "--run", "out", "--set", "schedule.reference_batch=8", "--set",
          "schedule.warmup_steps=500", "--set", "early_stopping.patience=3", "--set", "layers=['dense', 'softmax']",
          "--set", "sentinel.on_spike=skip",
        ])
        for beginning in [
          "schedule.reference_batch has no effect", "schedule.warmup_steps, 500, are not less than the 2 steps",
          "early_stopping.patience, 3, is not reached in a run of 1 epoch",
          "the model ends with softmax, but the loss", "sentinel.window, 50, is not less than the 2 steps of the run",
        ] {
          #expect(
            result.errorLines.contains { $0.hasPrefix("ddp-train: warning: \(beginning)") }, "\(beginning): \(result)")
        }
      }
    }

    @Test func oneLineForAllRanks() throws {
      try Sandbox.with {
        try $0.expectFailure(
          ["--mdel", "mlp"], ranks: 3, status: 2, "train: unknown option '--mdel' (did you mean '--model'?)")
      }
    }

    @Test(arguments: [
      ("{\n  epochs: 3,\n  seed: ,\n}\n", "run.json5:3:9: expected a value, found ','"),
      ("{\n  epochs: 3,\n  sed: 4,\n}\n", "run.json5:3:3: unknown key 'sed' (did you mean 'seed'?)"),
    ])
    func configurationFile(content: String, message: String) throws {
      try Sandbox.with {
        try $0.write("run.json5", Data(content.utf8))
        try $0.expectFailure(["run.json5"], status: 2, message)
        try $0.expectFailure(["run.json5"], ranks: 3, status: 2, message)
      }
    }
  }

  /// A program that was built with one MPI and is started by another's launcher.
  @Suite struct ForeignLauncherTests {
    private func message(_ variable: String) -> String {
      "start: \(variable)=3 says that 3 processes were started, but MPI sees 1, so each would train alone; start with "
        + "the "
        + "mpirun of \(usesMPICH ? "MPICH 4.0.2" : "Open MPI 4.1.4"), which this program was built with"
    }

    @Test(arguments: ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"]) func isDetected(variable: String) throws {
      try Sandbox.with {
        try $0.expectFailure(["--run", "out"], environment: [variable: "3"], status: 5, message(variable))
        #expect(!$0.exists("out"))
      }
    }

    /// No one ends the other copies, and still only one of them reports.
    @Test(arguments: [
      ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK"), ("SLURM_NTASKS", "SLURM_PROCID"),
    ])
    func onlyOneCopySpeaks(size: String, rank: String) throws {
      try Sandbox.with { sandbox in
        let copies = try (0..<3).map { number in
          try sandbox.train(["--run", "out"], environment: [size: "3", rank: String(number)])
        }
        #expect(copies.map(\.status) == [5, 5, 5])
        #expect(copies.flatMap { $0.errorLines(beginningWith: "ddp-train:") } == ["ddp-train: " + message(size)])
      }
    }
  }
}
