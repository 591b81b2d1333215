import Foundation
import HDF5Storage
import ProcessSupport
import Testing

extension Commands {
  /// Whose a run directory is, and who may write there.
  @Suite struct RunDirectoryTests {
    private let short = quickTraining + ["--epochs", "1", "--quiet"]

    private func id(_ sandbox: Sandbox, _ run: String) throws -> String {
      try #require(Sandbox.json(sandbox.text(run + "/run.json"))["id"] as? String)
    }

    @Test func aUsedDirectoryIsRefused() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        // Files that are no run's do not matter.
        try FileManager.default.createDirectory(atPath: sandbox.file("run"), withIntermediateDirectories: false)
        try sandbox.write("run/notes.txt", Data("mine".utf8))
        try sandbox.succeed(short + ["--run", "run"])
        let metrics = try sandbox.text("run/metrics.jsonl")
        let again = short + ["--seed", "2", "--run", "run"]
        func message(_ trace: String) -> String {
          "run holds a run already (\(trace)); go on with it by --resume auto, give another directory with --run DIR, "
            + "or give --overwrite, which renames this one"
        }
        for ranks in [nil, 3] { try sandbox.expectFailure(again, ranks: ranks, status: 2, message("config.json")) }
        #expect(try sandbox.text("run/metrics.jsonl") == metrics)
        // However little a killed run has left.
        try FileManager.default.createDirectory(
          atPath: sandbox.file("killed/checkpoints"), withIntermediateDirectories: true)
        try sandbox.write("killed/checkpoints/step-00000001.h5", Data())
        let result = try sandbox.train(short + ["--run", "killed"])
        #expect(result.status == 2 && result.errors.contains("killed holds a run already (checkpoints)"), "\(result)")

        let other = try sandbox.succeed(again.filter { $0 != "--quiet" } + ["--overwrite"], ranks: 2)
        let old = try #require(sandbox.names(in: ".").first { $0.hasPrefix("run.old-") })
        #expect(other.output.hasPrefix("the run that was in run is now in \(old)\n"), "\(other)")
        #expect(try sandbox.text(old + "/metrics.jsonl") == metrics)
        #expect(try sandbox.text(old + "/notes.txt") == "mine")
        #expect(try sandbox.metrics("run") != sandbox.metrics(old))
        #expect(try id(sandbox, "run") != id(sandbox, old))
        // Another start from its configuration does not overwrite for that.
        #expect(try sandbox.train(["run/config.json", "--run", "run"]).status == 2)
        try sandbox.expectFailure(
          again + ["--overwrite", "--resume", "auto"], status: 2,
          "overwrite: sets the old run aside, and resume goes on with it; give one of the two")
      }
    }

    /// The lock of a job that is killed goes with it.
    @Test func oneJobAtATime() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let job = try startMPI(
          ranks: 2, builtExecutable("ddp-train"), quickTraining + ["--epochs", "100000", "--run", "run", "--quiet"],
          environment: Sandbox.environment, directory: sandbox.path)
        let hasBegun = job.wait(until: { sandbox.exists("run/metrics.jsonl") }, timeout: .seconds(30))
        try #require(hasBegun)
        for options in [[], ["--resume", "auto"], ["--overwrite"]] {
          let second = try sandbox.train(short + ["--run", "run"] + options)
          #expect(second.status == 2 && second.errorLines.count == 1, "\(second)")
          #expect(second.errors.contains("ddp-train: run is in use by another job, process "), "\(second)")
        }
        job.send(SIGUSR1)
        #expect(job.wait(timeout: .seconds(60)).status == 75)
        try sandbox.succeed(["--run", "run", "--resume", "auto", "--epochs", "1"])
      }
    }

    /// Each in the same second, with a directory of its own.
    @Test func startsAtTheSameTime() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let jobs = try (0..<4).map { _ in
          try RunningProcess(
            builtExecutable("ddp-train"), short, environment: Sandbox.environment, directory: sandbox.path)
        }
        for job in jobs { #expect(job.wait(timeout: .seconds(60)).status == 0) }
        #expect(try sandbox.names(in: "runs").count == 4)
      }
    }

    @Test func whatIsOfAnotherRunIsRefused() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        for (run, epochs) in [("long", "3"), ("run", "2")] {
          try sandbox.succeed(quickTraining + ["--quiet", "--epochs", epochs, "--run", run])
        }
        func expectForeign(_ place: String, _ arguments: [String]) throws {
          try sandbox.expectFailure(
            arguments, status: 3,
            "\(place) belongs to the run \(id(sandbox, "long")), but this directory to the run \(id(sandbox, "run")); "
              + "move it away (a run goes on from a checkpoint elsewhere with --resume PATH --run DIR)")
        }
        let newest = "step-00000018.h5"
        try sandbox.write("run/checkpoints/" + newest, sandbox.bytes("long/checkpoints/" + newest))
        for resume in ["auto", "run/checkpoints/" + newest, "run"] {
          try expectForeign("run/checkpoints/" + newest, ["--run", "run", "--resume", resume])
        }
        try FileManager.default.removeItem(atPath: sandbox.file("run/checkpoints/" + newest))
        let metrics = try sandbox.bytes("run/metrics.jsonl")
        try sandbox.write("run/metrics.jsonl", sandbox.bytes("long/metrics.jsonl"))
        try expectForeign("run/metrics.jsonl, line 1", ["--run", "run", "--resume", "auto"])
        try sandbox.write("run/metrics.jsonl", metrics)
        try sandbox.succeed(["--run", "run", "--resume", "auto", "--epochs", "3", "--quiet"])
        // A run that goes on elsewhere is another, and no place for it where there is one.
        try sandbox.succeed(["--resume", "run", "--run", "fork", "--quiet"])
        #expect(try id(sandbox, "fork") != id(sandbox, "run"))
        #expect(try sandbox.train(["--resume", "run", "--run", "long", "--quiet"]).status == 2)
      }
    }

    /// Where results go, the command line and the user's own file decide alone.
    @Test func aCheckpointDoesNotChooseThePlace() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.write("own.json5", Data(#"{ name: "own" }"#.utf8))
        try sandbox.succeed(["own.json5"] + short)
        let run = try #require(sandbox.names(in: "runs").first)
        #expect(run.hasPrefix("own-"))
        try FileManager.default.copyItem(
          atPath: sandbox.file("runs/\(run)/checkpoints/step-00000006.h5"), toPath: sandbox.file("given.h5"))
        try sandbox.succeed(["--resume", "given.h5", "--epochs", "2", "--quiet"])
        #expect(try sandbox.names(in: "runs").filter { $0.hasPrefix("blobs-") }.count == 1)
        for name in ["../../x", "a/b", "..", ".hidden"] {
          let result = try sandbox.train(short + ["--set", "name='\(name)'"])
          #expect(result.status == 2 && result.errors.hasPrefix("ddp-train: name: expected a plain name"), "\(result)")
        }
        // Links in the place of records lead nowhere.
        try sandbox.write("victim", Data("mine".utf8))
        try FileManager.default.createDirectory(atPath: sandbox.file("run"), withIntermediateDirectories: false)
        for name in ["log.txt", ".config.json.tmp"] {
          try FileManager.default.createSymbolicLink(
            atPath: sandbox.file("run/" + name), withDestinationPath: "../victim")
        }
        let result = try sandbox.train(short + ["--run", "run"])
        #expect(result.status == 3 && result.errors.contains("run/log.txt: Too many levels"), "\(result)")
        #expect(try sandbox.text("victim") == "mine")
      }
    }

    @Test func nothingIsLeftOfAStartThatFails() throws {
      try Sandbox.with { sandbox in
        for options in [[], ["--run", "a/b"]] {
          let result = try sandbox.train(["--data", "none.h5"] + options)
          #expect(result.status == 3, "\(result)")
          #expect(try sandbox.names(in: ".") == [])
        }
      }
    }

    @Test func aDirectoryStandsForItsBestCheckpoint() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try sandbox.succeed(short + ["--run", "run"])
        for path in ["run", "run/", "run/checkpoints"] {
          for command in [["verify"], ["evaluate"]] {
            let result = try sandbox.succeed(command + [path])
            #expect(result.output.contains("run/checkpoints/best.h5"), "\(result)")
          }
        }
        try sandbox.succeed(["predict", "run", "--data", "blobs.h5", "--output", "p.h5"])
        #expect(try HDF5File.open(sandbox.file("p.h5")).stringAttribute("checkpoint") == "run/checkpoints/best.h5")
        try sandbox.expectFailure(
          ["evaluate", "."], status: 3,
          ".: this directory has no checkpoint; expected one such as runs/NAME/checkpoints/best.h5")
        let resumed = try sandbox.succeed(["--resume", "run", "--epochs", "2"])
        #expect(resumed.output.contains("run/checkpoints/step-00000006.h5"), "\(resumed)")
        // From another directory the relative name of the data means nothing.
        let elsewhere = try run(
          builtExecutable("ddp-train"), ["evaluate", sandbox.file("run")], environment: Sandbox.environment,
          directory: sandbox.file("run"))
        #expect(elsewhere.status == 3)
        #expect(
          elsewhere.errors.hasSuffix(
            "best.h5: was trained on blobs.h5, which is not in this directory; give its place with --data FILE, or "
              + "start where the run was started\n"), "\(elsewhere)")
      }
    }
  }
}
