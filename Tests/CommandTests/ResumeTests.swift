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
