import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Signals of faults: those that a fault of the program raises, those that a damaged file brings about in a library,
  /// and those that someone sends.
  @Suite struct CrashTests {
    private static let advice =
      "; this is a fault of ddp-selftest, or of ddp-train 0.1.0 in it: please report this line, with the command; "
      + "SWIFT_BACKTRACE=enable=yes shows where it is"

    @Test(
      "A crash is one line, and the process ends by its signal",
      arguments: [
        ("memory", SIGSEGV, "SIGSEGV, an invalid access to memory at address 0x10"),
        ("after-read", SIGSEGV, "SIGSEGV, an invalid access to memory at address 0x10"),
        ("check", SIGILL, "SIGILL, a check of the program's own that failed"),
      ])
    func crash(kind: String, signal: Int32, what: String) throws {
      let ended = try run(selfTest, ["crash", kind], environment: ["SWIFT_BACKTRACE": nil])
      #expect(ended.status == 128 + signal, "\(ended)")
      #expect(ended.errorLines == ["ddp-selftest: crashed: " + what + Self.advice], "\(ended)")
    }

    @Test("A crash in a library that reads a file is the file's fault")
    func damagedFile() throws {
      let message =
        "ddp-selftest: cannot read /train/x\\u{1B} in data.h5: the library that reads it crashed (SIGSEGV): the file "
        + "is damaged; copy or download it again, or use another"
      let ended = try run(selfTest, ["crash", "read"])
      #expect(ended.status == 3 && ended.errorLines == [message], "\(ended)")
      // All ranks meet the file, and rank 0 says so first.
      let job = try mpirun(ranks: 3, selfTest, ["crash", "read"])
      #expect(job.status == 3 && job.errorLines(beginningWith: "ddp-selftest:").first == message, "\(job)")
    }

    @Test("A crashed rank ends the job")
    func rank() throws {
      let job = try mpirun(ranks: 2, selfTest, ["crash", "memory"], environment: ["SWIFT_BACKTRACE": nil])
      #expect(job.status == 128 + SIGSEGV, "\(job)")
      #expect(job.errors.contains("ddp-selftest: [rank 1] crashed: SIGSEGV"), "\(job)")
      #expect(!job.errors.contains("Backtracing"), "\(job)")
    }

    @Test("A signal from outside ends the process that it is sent to", arguments: [SIGSEGV, SIGABRT])
    func sent(signal: Int32) throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 60)
      let process = try RunningProcess(
        trainer, ["--data", data, "--epochs", "1000000", "--quiet", "--run", scratch.path + "/run"],
        environment: ["OPENBLAS_CORETYPE": nil])
      let metrics = scratch.path + "/run/metrics.jsonl"
      #expect(process.wait(until: { FileManager.default.fileExists(atPath: metrics) }, timeout: .seconds(30)))
      process.send(signal)
      let ended = process.wait(timeout: .seconds(60))
      #expect(ended.status == 128 + signal && !ended.timedOut, "\(ended)")
      let name = signal == SIGSEGV ? "SIGSEGV" : "SIGABRT"
      let line = try Regex("ddp-train: ended by \(name), which process \(getpid()) has sent(, in .*)?, epoch .*")
      #expect(ended.errorLines.count == 1 && ended.errorLines[0].wholeMatch(of: line) != nil, "\(ended)")
    }
  }
}
