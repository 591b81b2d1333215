import Foundation
import ProcessSupport
import Testing

extension Commands {
  /// Directories that cannot be written: a clear error, and the older checkpoint whole.
  @Suite struct FullDiskTests {
    /// Expects at least one checkpoint, all of them whole, and nothing temporary.
    private func expectWhole(_ sandbox: Sandbox, _ run: String) throws {
      let names = try sandbox.names(in: run + "/checkpoints")
      #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
      #expect(try !sandbox.names(in: run).contains { $0.hasSuffix(".tmp") })
      #expect(names.contains("latest.h5") && names.contains("best.h5"), "\(names)")
      for name in names { try sandbox.succeed(["verify", "\(run)/checkpoints/\(name)"]) }
      for line in try sandbox.text(run + "/metrics.jsonl").split(separator: "\n") {
        #expect(throws: Never.self) { try Sandbox.json(String(line)) }
      }
    }

    @Test(.enabled(if: canMount, "needs the right to mount a file system")) func noSpaceLeft() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try FileManager.default.createDirectory(atPath: sandbox.file("disk"), withIntermediateDirectories: false)
        let mounted = try run("mount", ["-t", "tmpfs", "-o", "size=96k", "tmpfs", sandbox.file("disk")])
        try #require(mounted.status == 0, "\(mounted)")
        defer { _ = try? run("umount", [sandbox.file("disk")]) }
        // Checkpoints of 36 kB: two fit, a third does not.
        let training = quickTraining + ["--set", "model.layers=[{dense:200},'relu','dense']", "--run", "disk/run"]
        let result = try sandbox.train(training, ranks: 3)
        #expect(result.status == 3, "\(result)")
        let lines = result.errorLines(beginningWith: "ddp-train:")
        #expect(lines.count == 1, "\(result)")
        let pattern = try Regex(
          #"ddp-train: cannot write disk/run/checkpoints/step-000000\d\d\.h5: No space left on device; "#
            + "free some space, then go on with --resume auto")
        #expect(lines.first?.wholeMatch(of: pattern) != nil, "\(result)")
        try expectWhole(sandbox, "disk/run")

        // With more space the run goes on to the end that it would have had.
        let grown = try run("mount", ["-o", "remount,size=4m", sandbox.file("disk")])
        try #require(grown.status == 0, "\(grown)")
        try sandbox.succeed(["--run", "disk/run", "--resume", "auto"])
        try sandbox.succeed(training + ["--run", "whole"])
        #expect(try sandbox.arrays("disk/run/checkpoints/latest.h5") == sandbox.arrays("whole/checkpoints/latest.h5"))
        #expect(try sandbox.metrics("disk/run") == sandbox.metrics("whole"))
      }
    }

    /// Root may mount; whether a container lets it is found by trying.
    static let canMount: Bool = {
      let place = FileManager.default.temporaryDirectory.appending(path: "mount-\(UUID().uuidString)").path
      guard mkdir(place, 0o700) == 0 else { return false }
      defer { rmdir(place) }
      guard let result = try? run("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", place]), result.status == 0 else {
        return false
      }
      return (try? run("umount", [place]))?.status == 0
    }()

    /// A limit on the size of files that arrives in the middle of a run.
    @Test func fileSizeLimit() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        let training = try RunningProcess(
          builtExecutable("ddp-train"), quickTraining + ["--epochs", "100000", "--run", "run"],
          environment: Sandbox.environment, directory: sandbox.path)
        let hasSaved = training.wait(until: { sandbox.exists("run/checkpoints/latest.h5") }, timeout: .seconds(30))
        try #require(hasSaved)
        let limited = try run("prlimit", ["--pid", String(training.identifier), "--fsize=10000"])
        #expect(limited.status == 0, "\(limited)")
        let result = training.wait(timeout: .seconds(60))
        #expect(result.status == 3, "\(result)")
        #expect(result.errorLines.count == 1, "\(result)")
        #expect(
          result.errors.hasPrefix("ddp-train: cannot write run/") && result.errors.contains(": File too large"),
          "\(result)")
        try expectWhole(sandbox, "run")
      }
    }

    /// A limit that is there from the start.
    @Test func fileSizeLimitAtTheStart() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        // 36 kB of checkpoint; the shell counts in kilobytes or half ones.
        let training = quickTraining + ["--set", "model.layers=[{dense:200},'relu','dense']", "--run", "run"]
        for command in ["check", "train"] {
          let result = try run(
            "sh", ["-c", "ulimit -f 8; exec \"$@\"", "sh", builtExecutable("ddp-train"), command] + training,
            environment: Sandbox.environment, directory: sandbox.path)
          #expect(result.status == 3, "\(result)")
          let lines = result.errorLines.filter { !$0.contains("warning: ") }
          let expected = #/: a checkpoint takes [\d.]+ kB, and a file may have (4.096|8.192) kB; raise the limit/#
          #expect(lines.count == 1 && lines[0].contains(expected), "\(result)")
          #expect(!sandbox.exists("run"))
        }
      }
    }

    /// A copy is a second thought: where it cannot be written, the run warns and goes on, and so does the check.
    @Test(.enabled(if: canMount, "needs the right to mount a file system")) func noSpaceForCopies() throws {
      try Sandbox.with { sandbox in
        try sandbox.makeBlobs()
        try FileManager.default.createDirectory(atPath: sandbox.file("copies"), withIntermediateDirectories: false)
        let mounted = try run("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", sandbox.file("copies")])
        try #require(mounted.status == 0, "\(mounted)")
        defer { _ = try? run("umount", [sandbox.file("copies")]) }
        try sandbox.write("copies/full", Data(count: 4096))
        let training = quickTraining + ["--run", "run", "--set", "checkpoint.copy_to=copies"]
        for command in ["check", "train"] {
          let result = try sandbox.succeed([command] + training)
          let lines = result.errorLines.filter { $0.contains("warning: ") && $0.contains("copies/") }
          #expect(lines.contains { $0.contains("No space left on device") }, "\(result)")
          #expect(result.errorLines.allSatisfy { $0.contains("warning: ") }, "\(result)")
        }
        // Where the directory cannot be made, neither starts.
        try sandbox.write("file", Data("mine".utf8))
        for command in ["check", "train"] {
          let result = try sandbox.train(
            [command] + quickTraining + ["--run", command, "--set", "checkpoint.copy_to=file"])
          #expect(result.status == 3 && result.errors.contains("file"), "\(result)")
        }
      }
    }

    /// As root no permission binds, but a file in the place of a directory does.
    @Test(arguments: ["file", "file/run"]) func fileInPlaceOfTheDirectory(place: String) throws {
      try Sandbox.with {
        try $0.makeBlobs()
        try $0.write("file", Data("mine".utf8))
        let message = "cannot make the run directory \(place): Not a directory; give another with --run DIR"
        try $0.expectFailure(quickTraining + ["--run", place], status: 3, message)
        try $0.expectFailure(quickTraining + ["--run", place], ranks: 3, status: 3, message)
        #expect(try $0.text("file") == "mine")
      }
    }
  }
}
