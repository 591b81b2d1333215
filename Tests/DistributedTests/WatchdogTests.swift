import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Jobs of which one rank of four no longer goes on.
  @Suite(.serialized) struct WatchdogTests {
    /// What happens to a rank, and what is said of it.
    struct Fault: CustomTestStringConvertible, Sendable {
      let testDescription: String
      let rank: Int
      /// nil: a file system that no longer answers.
      var signal: Int32?
      var heldPath = ""
      var arguments: [String] = []
      var status: Int32 = 5
      /// Whether there is a line that names the rank, the only one, and a part of it.
      var isTold = true
      let told: String
    }

    private static let stillness = "has made no progress for 2.\\d s"

    static let faults = [
      Fault(
        testDescription: "a stopped rank", rank: 2, signal: SIGSTOP, told: stillness + ", stopped by a signal: .*step"),
      Fault(
        testDescription: "the first rank stopped", rank: 0, signal: SIGSTOP,
        told: stillness + ", stopped by a signal: .*step"),
      Fault(
        testDescription: "a killed rank", rank: 2, signal: SIGKILL, status: (usesMPICH ? 0 : 128) + SIGKILL,
        // MPICH's launcher kills the others at once, before they can say it.
        isTold: !usesMPICH, told: "is gone, killed by a signal .*: .*step"),
      Fault(
        testDescription: "a crashed rank", rank: 2, signal: SIGSEGV, status: 128 + SIGSEGV,
        told: "ended by SIGSEGV, which process \\d+ has sent.*step"),
      Fault(
        testDescription: "a reader that blocks", rank: 1, heldPath: "/data.h5",
        arguments: ["--set", "data.memory=\"20kB\""], told: stillness + ": data, epoch .*read .*data.h5"),
      Fault(
        testDescription: "a checkpoint directory that blocks", rank: 0, heldPath: "/checkpoints/",
        arguments: ["--set", "checkpoint.every_steps=3"], told: stillness + ": checkpoint, epoch .*/checkpoints/step-"),
    ]

    @Test("A rank that goes no further ends the job, and is named", arguments: faults)
    func standstill(fault: Fault) throws {
      let scratch = try Scratch()
      let trigger = scratch.path + "/now"
      var environment: [String: String] = [:]
      if fault.signal == nil {
        environment = [
          "LD_PRELOAD": try Self.holder(scratch), "HOLD_RANK": "\(fault.rank)", "HOLD_PATH": fault.heldPath,
          "HOLD_WHEN": trigger,
        ]
      }
      let job = try WatchedJob(scratch, seconds: 2, arguments: fault.arguments, environment: environment)
      try #require(job.reaches(epoch: 3), "\(job.process.errorsSoFar)")
      let process = try #require(job.ranks[fault.rank])
      if let signal = fault.signal { kill(process, signal) } else { _ = try scratch.file("now", text: "") }
      let (finished, seconds) = try job.end(within: 15)
      #expect(finished.status == fault.status && seconds <= 8, "\(seconds) s, \(finished)")
      guard fault.isTold else { return }
      let lines = finished.errorLines(beginningWith: "ddp-train:").filter { !$0.contains("warning:") }
      #expect(lines.count == 1, "\(finished)")
      #expect(lines.allSatisfy { $0.contains("rank \(fault.rank)") }, "\(finished)")
      let told = try Regex(fault.told)
      #expect(lines.allSatisfy { $0.contains(told) }, "\(finished)")
    }

    private static func holder(_ scratch: Scratch) throws -> String {
      let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "hold.c").path
      let library = scratch.path + "/hold.so"
      let compiled = try run("clang", ["-shared", "-fPIC", "-o", library, source, "-ldl"])
      try #require(compiled.status == 0, "\(compiled)")
      return library
    }

    @Test("A rank that is stopped for less than the deadline is warned of, and the job goes on")
    func shortStop() throws {
      let job = try WatchedJob(try Scratch(), seconds: 3)
      try #require(job.reaches(epoch: 3), "\(job.process.errorsSoFar)")
      let process = try #require(job.ranks[3])
      kill(process, SIGSTOP)
      _ = job.process.wait(until: { job.process.errorsSoFar.contains("warning") }, timeout: .seconds(3))
      kill(process, SIGCONT)
      #expect(job.reaches(epoch: job.epochs + 3))
      let lines = job.process.errorsSoFar.split(separator: "\n")
      let expected = /ddp-train: warning: rank 3 on .* \(process \d+\) has made no progress for .*; after 3.0 s .*/
      #expect(lines.count == 1 && lines.allSatisfy { $0.wholeMatch(of: expected) != nil }, "\(lines)")
      job.process.send(SIGUSR1)
      #expect(try job.end(within: 20).finished.status == 75)
    }

    @Test("A rank that does not come to the start of the job ends it")
    func start() throws {
      let scratch = try Scratch()
      // Rank 1 stops before it has joined.
      let script =
        "[ ${OMPI_COMM_WORLD_RANK:-$PMI_RANK} = 1 ] && kill -STOP $$; "
        + "exec \(trainer) --epochs 1 --run \(scratch.path)/run"
      let finished = try mpirun(
        ranks: 3, "sh", ["-c", script], environment: ["DDP_TRAIN_START_SECONDS": "2"], timeout: .seconds(20))
      #expect(finished.status == 5 && !finished.timedOut, "\(finished)")
      let lines = finished.errorLines(beginningWith: "ddp-train:")
      #expect(lines.count == 1 && lines[0].contains("has waited 2.0 s for the other ranks"), "\(finished)")
    }

    @Test("SIGQUIT tells where the ranks are, and the job goes on")
    func quit() throws {
      let job = try WatchedJob(try Scratch(), seconds: 0)
      try #require(job.reaches(epoch: 3), "\(job.process.errorsSoFar)")
      kill(try #require(job.ranks[1]), SIGQUIT)
      _ = job.process.wait(
        until: { job.process.errorsSoFar.split(separator: "\n").count >= 4 }, timeout: .seconds(5))
      let lines = job.process.errorsSoFar.split(separator: "\n").map(String.init)
      #expect(lines.count == 4, "\(lines)")
      for (rank, line) in zip(0..., lines) {
        #expect(line.hasPrefix("ddp-train: rank \(rank) on ") && line.contains(", epoch "), "\(line)")
      }
      #expect(job.reaches(epoch: job.epochs + 3))
      job.process.send(SIGUSR1)
      #expect(try job.end(within: 20).finished.status == 75)
    }
  }
}
