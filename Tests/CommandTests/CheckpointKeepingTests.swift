import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Which checkpoints stay, where else they go, and what becomes of those that cannot be written.
  @Suite struct CheckpointKeepingTests {
    private func target(_ sandbox: Sandbox, _ link: String) -> String? {
      try? FileManager.default.destinationOfSymbolicLink(atPath: sandbox.file("run/checkpoints/" + link))
    }

    /// The step of the best epoch after each epoch, as the metrics tell it.
    private func bestEpochs(_ sandbox: Sandbox) throws -> [Int] {
      var best: [Int] = [], least = Double.infinity
      for (index, line) in try sandbox.text("run/metrics.jsonl").split(separator: "\n").enumerated() {
        let loss = try #require(try Sandbox.json(String(line))["train_loss"] as? Double)
        guard loss < least else { continue }
        least = loss
        best.append(index + 1)
      }
      return best
    }

    @Test func keepsEpochsAndTheBest() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(
          quickTraining + [
            "--epochs", "7", "--run", "run", "--set", "checkpoint.keep=1", "--set", "checkpoint.keep_best=2", "--set",
            "checkpoint.keep_every_epochs=3", "--set", "checkpoint.best_by=loss",
          ])
        let names = try sandbox.names(in: "run/checkpoints")
        let last = try #require(target(sandbox, "latest.h5")), steps = try #require(Int(last.dropFirst(5).dropLast(3)))
        func file(epoch: Int) -> String {
          let digits = String(steps / 7 * epoch)
          return "step-" + String(repeating: "0", count: 8 - digits.count) + digits + ".h5"
        }
        for epoch in [3, 6] { #expect(target(sandbox, "epoch-000\(epoch).h5") == file(epoch: epoch)) }
        let best = try bestEpochs(sandbox)
        try #require(best.count >= 3, "the run must have bettered itself twice: \(best)")
        #expect(target(sandbox, "best.h5") == file(epoch: best[best.count - 1]))
        #expect(target(sandbox, "best-2.h5") == file(epoch: best[best.count - 2]))
        let kept = Set([3, 6, 7] + best.suffix(2)).map(file)
        #expect(
          Set(names) == Set(kept + ["latest.h5", "best.h5", "best-2.h5", "epoch-0003.h5", "epoch-0006.h5"]), "\(names)")
        for name in names { try sandbox.succeed(["verify", "run/checkpoints/\(name)"]) }
      }
    }

    /// As one that was killed between a checkpoint and the end of older ones, when all epochs were done.
    @Test func aResumedRunKeepsNoMoreThanAnother() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(quickTraining + ["--set", "checkpoint.keep=1", "--run", "run"])
        let names = try sandbox.names(in: "run/checkpoints"), last = try #require(target(sandbox, "latest.h5"))
        for stray in ["step-00000001.h5", "step-00000002.h5"] {
          try FileManager.default.copyItem(
            atPath: sandbox.file("run/checkpoints/" + last), toPath: sandbox.file("run/checkpoints/" + stray))
        }
        try sandbox.succeed(["--run", "run", "--resume", "auto"], ranks: 2)
        #expect(try sandbox.names(in: "run/checkpoints") == names)
      }
    }

    @Test func copiesGoOn() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        // A schedule that does not depend on where the run is to end.
        let plain = quickTraining + ["--set", "schedule=constant"]
        let training = plain + ["--set", "checkpoint.copy_to=backup"]
        try sandbox.succeed(training + ["--epochs", "2", "--run", "run"])
        #expect(try sandbox.names(in: "backup/run/checkpoints") == sandbox.names(in: "run/checkpoints"))
        for name in try sandbox.names(in: "run/checkpoints") {
          let own = try Data(contentsOf: URL(fileURLWithPath: sandbox.file("run/checkpoints/" + name)))
          #expect(try Data(contentsOf: URL(fileURLWithPath: sandbox.file("backup/run/checkpoints/" + name))) == own)
        }
        try FileManager.default.removeItem(atPath: sandbox.file("run"))
        try sandbox.succeed(["--resume", "backup/run/checkpoints/latest.h5", "--epochs", "4", "--run", "rescued"])
        try sandbox.succeed(plain + ["--epochs", "4", "--run", "whole"])
        #expect(try sandbox.arrays("rescued/checkpoints/latest.h5") == sandbox.arrays("whole/checkpoints/latest.h5"))
        // Another run of the same name finds the first one's copies, and leaves them alone.
        let before = try sandbox.names(in: "backup/run/checkpoints")
        let other = try sandbox.train(training + ["--epochs", "2", "--run", "elsewhere/run"])
        #expect(other.status == 3 && other.errorLines.count == 1, "\(other)")
        #expect(other.errors.hasPrefix("ddp-train: backup/run/checkpoints/step-"), "\(other)")
        #expect(other.errors.contains("belongs to the run"), "\(other)")
        #expect(try sandbox.names(in: "backup/run/checkpoints") == before)
        try sandbox.write("file", Data())
        try sandbox.expectFailure(
          quickTraining + ["--set", "checkpoint.copy_to=file", "--run", "other"], status: 3,
          "cannot make the run directory file/other: Not a directory; give another with checkpoint.copy_to=DIR")
        #expect(!sandbox.exists("other") && !sandbox.exists("elsewhere"))
      }
    }

    @Test("A run goes on from its copies and beside them, and with --overwrite leaves older ones under another name")
    func copiesAreTakenOver() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = quickTraining + ["--set", "schedule=constant", "--set", "checkpoint.copy_to=backup"]
        let arguments = training + ["--run", "runs/a"]
        try sandbox.succeed(arguments + ["--epochs", "2"])
        let first = try sandbox.arrays("backup/a/checkpoints/latest.h5")
        try FileManager.default.removeItem(atPath: sandbox.file("runs/a"))
        try sandbox.succeed(arguments + ["--resume", sandbox.file("backup/a")])
        #expect(try sandbox.names(in: "backup/a/checkpoints") == sandbox.names(in: "runs/a/checkpoints"))
        try sandbox.succeed(arguments + ["--epochs", "1", "--overwrite"])
        for place in ["runs", "backup"] {
          let names = try sandbox.names(in: place)
          #expect(names.count == 2 && names.contains { $0.hasPrefix("a.old-") }, "\(names)")
        }
        #expect(try sandbox.arrays("backup/a/checkpoints/latest.h5") != first)
      }
    }

    @Test func theLastOneIsTestedWhereTheBestIsGone() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        // The first epoch is the best, at 5 steps an epoch.
        let training = quickTraining + ["--set", "data.validation=0.2", "--learning-rate", "30", "--run", "run"]
        let job = try RunningProcess(
          builtExecutable("ddp-train"), training + ["--epochs", "2000"], environment: Sandbox.environment,
          directory: sandbox.path)
        try #require(job.wait(until: { sandbox.exists("run/checkpoints/step-00000010.h5") }, timeout: .seconds(30)))
        try FileManager.default.removeItem(atPath: sandbox.file("run/checkpoints/step-00000005.h5"))
        let result = job.wait(timeout: .seconds(60))
        #expect(result.status == 0, "\(result)")
        #expect(
          result.errorLines.contains(
            "ddp-train: warning: run/checkpoints/best.h5: is gone, with the checkpoint of epoch 1, the best; what "
              + "follows is of the last one"), "\(result)")
        let summary = try Sandbox.json(sandbox.text("run/summary.json"))
        #expect(summary["best"] is NSNull && summary["test"] is [String: Any])
        #expect(result.output.contains(", last checkpoint\n"))
        // Nor does it say another thing when it is started again.
        try FileManager.default.removeItem(atPath: sandbox.file("run/summary.json"))
        try sandbox.succeed(training + ["--epochs", "2000", "--resume", "auto"])
        #expect(try Sandbox.json(sandbox.text("run/summary.json"))["best"] is NSNull)
      }
    }

    @Test func aRemovedDirectoryIsMadeAgain() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try RunningProcess(
          builtExecutable("ddp-train"), quickTraining + ["--epochs", "100000", "--run", "run"],
          environment: Sandbox.environment, directory: sandbox.path)
        func hasSaved() -> Bool { sandbox.exists("run/checkpoints/latest.h5") }
        try #require(training.wait(until: hasSaved, timeout: .seconds(30)))
        // Between two files: one that loses its directory before it is whole ends the run.
        var isRemoved = false
        while !isRemoved {
          training.send(SIGSTOP)
          usleep(20_000)
          if try !sandbox.names(in: "run/checkpoints").contains(where: { $0.hasSuffix(".tmp") }) {
            try FileManager.default.removeItem(atPath: sandbox.file("run/checkpoints"))
            isRemoved = true
          }
          training.send(SIGCONT)
        }
        #expect(training.wait(until: hasSaved, timeout: .seconds(30)))
        training.send(SIGTERM)
        let result = training.wait(timeout: .seconds(30))
        #expect(result.status == 75, "\(result)")
        try sandbox.succeed(["verify", "run/checkpoints/latest.h5"])
      }
    }

    @Test(.enabled(if: FullDiskTests.canMount, "needs the right to mount a file system"))
    func trainsOnWithoutSpace() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let place = sandbox.file("run/checkpoints")
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let mounted = try run("mount", ["-t", "tmpfs", "-o", "size=96k", "tmpfs", place])
        try #require(mounted.status == 0, "\(mounted)")
        defer { _ = try? run("umount", [place]) }
        // Checkpoints of 36 kB: two fit, a third does not.
        let training = quickTraining + ["--epochs", "6", "--set", "model.layers=[{dense:200},'relu','dense']"]
        let continuing = ["--set", "checkpoint.on_failure=continue", "--run", "run"]
        let result = try sandbox.train(training + continuing, ranks: 2)
        #expect(result.status == 3, "\(result)")
        #expect(result.errors.contains("No space left on device"), "\(result)")
        #expect(result.errorLines(beginningWith: "ddp-train: warning:").count == 1, "\(result)")
        #expect(
          result.errors.contains("No space left on device; free some space; training goes on, and tries again"),
          "\(result)")
        // All six epochs were trained, and their figures kept.
        #expect(try sandbox.text("run/metrics.jsonl").split(separator: "\n").count == 6)
        for name in try sandbox.names(in: "run/checkpoints") {
          try sandbox.succeed(["verify", "run/checkpoints/" + name])
        }
        let grown = try run("mount", ["-o", "remount,size=4m", place])
        try #require(grown.status == 0, "\(grown)")
        try sandbox.succeed(["--run", "run", "--resume", "auto"])
        try sandbox.succeed(training + ["--run", "whole"])
        #expect(try sandbox.arrays("run/checkpoints/latest.h5") == sandbox.arrays("whole/checkpoints/latest.h5"))
        #expect(try sandbox.metrics("run") == sandbox.metrics("whole"))
      }
    }
  }
}
