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
      (["--epochs", "0"], "--epochs: expected at least 1, found 0"),
      (["--learning-rate", "-1"], "--learning-rate: expected more than 0, found -1"),
      (["--set", "data.validation=1.5"], "data.validation: expected at least 0 and less than 1, found 1.5"),
      (["--set", "epochs=3.5"], "epochs: expected a whole number, found 3.5"),
      (["evaluate"], "evaluate: expected a checkpoint, such as runs/NAME/checkpoints/best.h5"),
    ])
    func argument(arguments: [String], message: String) throws {
      try Sandbox.with { try $0.expectFailure(arguments, status: 2, message) }
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
        + "mpirun of Open MPI 4.1.4, which this program was built with"
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
