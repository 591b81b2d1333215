import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// `--resume`: the bits and the records of a run that was never interrupted.
  @Suite struct ResumeTests {
    private func expectEqual(_ sandbox: Sandbox, _ a: String, _ b: String) throws {
      #expect(try sandbox.arrays(a + "/checkpoints/latest.h5") == sandbox.arrays(b + "/checkpoints/latest.h5"))
      #expect(try sandbox.metrics(a) == sandbox.metrics(b))
    }

    @Test func autoTakesTheNewestRunOfTheName() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        for name in ["blobs-20240101-000000", "blobs-20250101-000000", "moons-20260101-000000"] {
          try sandbox.succeed(quickTraining + ["--run", "runs/" + name, "--epochs", name.contains("2025") ? "2" : "1"])
        }
        // Not of the form NAME-TIMESTAMP.
        try sandbox.succeed(quickTraining + ["--run", "runs/blobs-zzz", "--epochs", "1"])
        let resumed = try sandbox.succeed(["--data", "blobs.h5", "--resume", "auto", "--epochs", "3"])
        #expect(resumed.output.contains("runs/blobs-20250101-000000/checkpoints/step-00000012.h5"), "\(resumed)")
        #expect(try sandbox.metrics("runs/blobs-20250101-000000").count == 3)
        #expect(try sandbox.metrics("runs/blobs-20240101-000000").count == 1)
      }
    }

    /// What makes a run another than the one that is looked for.
    @Test(arguments: [["--seed", "7"], ["--batch-size", "16"], ["--data", "other/blobs.h5"]])
    func autoTakesNoRunOfAnotherConfiguration(options: [String]) throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try FileManager.default.createDirectory(atPath: sandbox.file("other"), withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: sandbox.file("blobs.h5"), toPath: sandbox.file("other/blobs.h5"))
        try sandbox.succeed(quickTraining + ["--epochs", "1"])
        let first = try sandbox.names(in: "runs")
        let other = try sandbox.succeed(quickTraining + ["--epochs", "1", "--resume", "auto"] + options)
        #expect(other.output.hasPrefix("no run of this configuration in runs/blobs-…: it starts anew; "), "\(other)")
        #expect(try sandbox.names(in: "runs").count == 2)
        // Longer, it is the same still.
        let longer = try sandbox.succeed(quickTraining + ["--epochs", "2", "--resume", "auto"])
        #expect(longer.output.contains("resumed    runs/\(first[0])/checkpoints/step-00000006.h5"), "\(longer)")
        #expect(longer.errors == "ddp-train: warning: goes on with other settings than before: epochs 1 → 2\n")
      }
    }

    @Test func whatChangesIsSaidOrRefused() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let rule = ["--set", "checkpoint={every_steps:3,every_epochs:1}"]
        try sandbox.succeed(quickTraining + rule + ["--run", "run", "--quiet"])
        let inEpoch = "run/checkpoints/step-00000021.h5", atEnd = "run/checkpoints/step-00000024.h5"
        func refused(_ path: String, _ options: [String]) throws -> String {
          let result = try sandbox.train(["--resume", path, "--run", "other"] + options)
          #expect(result.status == 2 && result.errorLines.count == 1 && !sandbox.exists("other"), "\(result)")
          return result.errors
        }
        for (options, text) in [
          (["--seed", "7"], "seed 42 → 7"), (["--loss", "focal"], "loss.name cross_entropy → focal"),
          (["--set", "data.scaling=standard"], "data.scaling "),
          (["--set", "model.layers=[{dense:8},'tanh',{dropout:0.2},'dense']"], "model.layers[1] relu → tanh"),
        ] {
          let message = try refused(atEnd, options)
          #expect(message.contains("\(atEnd): a resumed run keeps ") && message.contains(text), "\(message)")
        }
        for (options, text) in [
          (["--batch-size", "16"], "batch_size 32 → 16"), (["--set", "accumulate=2"], "accumulate 1 → 2"),
        ] {
          let message = try refused(inEpoch, options)
          #expect(message.contains("is in the middle of epoch 4") && message.contains(text), "\(message)")
        }
        // The loss of the labels, named, is no other.
        let result = try sandbox.succeed([
          "--resume", atEnd, "--run", "other", "--epochs", "8", "--batch-size", "16", "--learning-rate", "0.02",
          "--loss", "cross_entropy", "--set", "loss.label_smoothing=0.1", "--optimizer", "adamw",
        ])
        let said = try #require(result.errorLines.first, "\(result)")
        for text in [
          "epochs 4 → 8", "batch_size 32 → 16", "optimizer.learning_rate 0.05 → 0.02", "loss.label_smoothing 0 → 0.1",
          "optimizer.name adam → adamw",
        ] { #expect(said.contains(text), "\(result)") }
        // The cosine ends with the run: at the height of the step before the last.
        let rates = try sandbox.metrics("other").compactMap { $0["learning_rate"] as? Double }
        #expect(rates.count == 4)
        #expect(abs(rates[3] - 0.01 * (1 + cos(Double.pi * 95 / 96))) < 1e-12, "\(rates)")
      }
    }

    /// What neither file nor options name stays as the run had it.
    @Test func aFileIsLaidOverTheRun() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.write(
          "run.json5", Data("{ data: { path: 'blobs.h5' }, layers: [{ dense: 8 }, 'dense'], epochs: 2 }".utf8))
        try sandbox.succeed(
          ["run.json5", "--run", "run", "--seed", "5", "--set", "data.scaling=standard", "--batch-size", "16"])
        let resumed = try sandbox.succeed(["run.json5", "--run", "run", "--resume", "auto", "--epochs", "3"])
        #expect(resumed.errors == "ddp-train: warning: goes on with other settings than before: epochs 2 → 3\n")
        #expect(resumed.output.contains("scaling standard") && resumed.output.contains("seed 5"), "\(resumed)")
      }
    }

    /// Nothing to go on from: `auto` starts anew, so that one command line serves a job that is started again and
    /// again.
    @Test func autoStartsWhereThereIsNothing() throws {
      try Sandbox.with {
        try $0.makeBlobs()
        try $0.succeed(quickTraining + ["--run", "run", "--resume", "auto"], ranks: 2)
        #expect(try $0.metrics("run").count == 4)
      }
    }

    @Test func aFinishedRunStaysAsItIs() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--run", "run"])
        let arrays = try sandbox.arrays("run/checkpoints/latest.h5")
        let names = try sandbox.names(in: "run/checkpoints")
        let metrics = try sandbox.text("run/metrics.jsonl")
        let result = try sandbox.succeed(["--run", "run", "--resume", "auto"], ranks: 2)
        #expect(result.outputLines.contains { $0.hasPrefix("test") }, "\(result)")
        #expect(try sandbox.arrays("run/checkpoints/latest.h5") == arrays)
        #expect(try sandbox.names(in: "run/checkpoints") == names)
        #expect(try sandbox.text("run/metrics.jsonl") == metrics)
      }
    }

    /// At a constant rate more epochs are the run that had them from the start.
    @Test func moreEpochs() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let constant = quickTraining + ["--set", "schedule.name=constant"]
        try sandbox.succeed(constant + ["--run", "whole"], ranks: 3)
        try sandbox.succeed(constant + ["--run", "parts", "--epochs", "2"], ranks: 2)
        try sandbox.succeed(["--run", "parts", "--resume", "auto", "--epochs", "4"])
        try expectEqual(sandbox, "parts", "whole")
      }
    }

    @Test func metricsAreCutBack() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--run", "whole"])
        try sandbox.succeed(quickTraining + ["--run", "again"])
        // The last line may be half a line where the process was killed.
        let half = try sandbox.text("again/metrics.jsonl") + #"{"epoch": 5, "step": 3"#
        try sandbox.write("again/metrics.jsonl", Data(half.utf8))
        try sandbox.succeed(
          ["--run", "again", "--resume", "again/checkpoints/step-00000012.h5"], ranks: 3)
        try expectEqual(sandbox, "again", "whole")
        #expect(try sandbox.metrics("again").map { $0["step"] as? Int } == [6, 12, 18, 24])
        #expect(sandbox.exists("again/checkpoints/superseded-step-00000024.h5"))
      }
    }

    /// A scheduler's warning: every rank stops after the same step, wherever in the epoch that is.
    @Test func preemption() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        // Long enough to be hit in the middle, with a checkpoint at the end of an epoch alone.
        let long = quickTraining + ["--epochs", "1000", "--batch-size", "16", "--set", "checkpoint.every_epochs=1000"]
        let training = try startMPI(
          ranks: 3, builtExecutable("ddp-train"), long + ["--run", "run"], environment: Sandbox.environment,
          directory: sandbox.path)
        let hasBegun = training.wait(until: { sandbox.exists("run/metrics.jsonl") }, timeout: .seconds(30))
        try #require(hasBegun)
        training.send(SIGUSR1)
        let stopped = training.wait(timeout: .seconds(60))
        #expect(stopped.status == 75, "\(stopped)")
        #expect(stopped.errorLines(beginningWith: "ddp-train:").isEmpty, "\(stopped)")
        #expect(stopped.output.contains("run/checkpoints/latest.h5 is complete"), "\(stopped)")
        try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
        let step = try stoppedStep(stopped)
        #expect(step > 0 && step < 12_000)

        // The cosine depends on the number of epochs, so both go to the very end.
        try sandbox.succeed(["--run", "run", "--resume", "auto"], ranks: 2)
        try sandbox.succeed(long + ["--run", "whole"])
        try expectEqual(sandbox, "run", "whole")
      }
    }

    private func stoppedStep(_ result: FinishedProcess) throws -> Int {
      try #require(result.output.firstMatch(of: /after step (\d+)/).flatMap { Int($0.1) })
    }
  }
}
