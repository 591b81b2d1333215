import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Two hosts with a network between them.
  @Suite(.serialized) struct ClusterTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "netns-cluster.sh")
      .path

    /// Runs a program on both hosts, or records why that cannot be done here.
    private func onTwoHosts(_ scratch: Scratch, ranksPerHost: Int, _ command: [String]) throws -> FinishedProcess {
      let finished = try run(
        Self.script, [scratch.path, "\(ranksPerHost)"] + command,
        environment: ["OPENBLAS_NUM_THREADS": "1", "DDP_TRAIN_RANKS_PER_NODE": nil], timeout: .seconds(90))
      if finished.status == 77 { try Test.cancel("no cluster of network namespaces here: \(finished.output)") }
      return finished
    }

    @Test func twoHostsHaveTheBitsOfOneRank() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 1001)
      let arguments = [
        "--data", data, "--shards", "7", "--epochs", "2", "--batch-size", "64", "--set", "clip_norm=0.5",
      ]
      let path = scratch.path + "/cluster"
      let finished = try onTwoHosts(scratch, ranksPerHost: 2, [trainer, "train"] + arguments + ["--run", path])
      try #require(finished.status == 0, "\(finished)")
      #expect(finished.output.contains("2 nodes"), "\(finished)")
      let one = try train(ranks: 1, arguments, run: scratch.path + "/one")
      #expect(try RunRecord(path).differences(from: one) == [])
    }

    @Test("A bit flipped on one host ends the run and names both: of two copies nobody knows which is right")
    func flippedBit() throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: 1001)
      let finished = try onTwoHosts(
        scratch, ranksPerHost: 2,
        [
          selfTest, "disturbance", "moment", "10", "3", "--data", data, "--shards", "4", "--epochs", "2",
          "--batch-size", "64", "--run", scratch.path + "/run", "--set", "sentinel.compare_steps=7",
        ])
      #expect(finished.status == 6, "\(finished)")
      let lines = Array(Set(finished.errorLines(beginningWith: "ddp-selftest:")))
      let expected = try Regex(
        #"ddp-selftest: step 14, epoch 1: the copies of optimizer/exp_avg/0.weight\[0, 5\] differ: "#
          + #"\S+ \(0x[0-9a-f]{8}\) on ddp-\d+-2 \(ranks 2, 3\), \S+ \(0x[0-9a-f]{8}\) on ddp-\d+-1 "#
          + #"\(ranks 0, 1\); so do others in model; all agreed after step 7; .*start again"#)
      #expect(lines.count == 1 && lines[0].wholeMatch(of: expected) != nil, "\(finished)")
    }

    @Test func exchangesBetweenHostsHaveTheBitsOfTheReference() throws {
      let finished = try onTwoHosts(try Scratch(), ranksPerHost: 1, [selfTest, "exchange"])
      #expect(finished.status == 0 && finished.output.contains("exchange: 2 ranks on nodes [1, 1]"), "\(finished)")
    }

    /// A job of two ranks on each of two hosts, trained for three epochs; or records why that cannot be.
    private func watched(
      _ scratch: Scratch, seconds: Double, environment: [String: String] = [:]
    ) throws -> WatchedJob {
      let job = try WatchedJob(scratch, seconds: seconds, environment: environment, cluster: Self.script)
      if !job.reaches(epoch: 3) {
        let finished = job.process.wait(timeout: .zero)
        if finished.status == 77 { try Test.cancel("no cluster of network namespaces here: \(finished.output)") }
        try #require(Bool(false), "\(finished)")
      }
      return job
    }

    /// Takes the second host off the network, or has it back.
    private func setLink(_ job: WatchedJob, _ state: String) throws {
      let id = job.process.identifier
      let set = try run("ip", ["-n", "ddpb\(id)", "link", "set", "ddpv\(id)-1", state])
      try #require(set.status == 0, "\(set)")
    }

    @Test("A rank that is stopped on another host ends the job, and is named")
    func stopped() throws {
      let job = try watched(try Scratch(), seconds: 2)
      kill(try #require(job.ranks[3]), SIGSTOP)
      let (finished, seconds) = try job.end(within: 15)
      #expect(finished.status == 5 && seconds <= 8, "\(seconds) s, \(finished)")
      let lines = finished.errorLines(beginningWith: "ddp-train:").filter { !$0.contains("warning:") }
      let expected = try Regex(
        "ddp-train: rank 3 on ddp-\\d+-2 \\(process \\d+\\) has made no progress for 2.\\d s, stopped by a "
          + "signal: .*")
      #expect(lines.count == 1 && lines.allSatisfy { $0.wholeMatch(of: expected) != nil }, "\(finished)")
    }

    /// Open MPI's `mpirun` would wait for its daemon on the other host; it is killed ten seconds later.
    @Test("A network that is down ends the job, and the host behind it is named")
    func linkDown() throws {
      let scratch = try Scratch()
      let note = try scratch.file("status", text: "")
      let job = try watched(scratch, seconds: 2, environment: ["DDP_TRAIN_STATUS": note])
      try setLink(job, "down")
      let (finished, seconds) = try job.end(within: 30)
      #expect(finished.status == (usesMPICH ? 5 : 128 + SIGKILL) && seconds <= 16, "\(seconds) s, \(finished)")
      #expect(try String(contentsOfFile: note, encoding: .utf8).hasPrefix("5\n"))
      let lines = finished.errorLines(beginningWith: "ddp-train:").filter { !$0.contains("warning:") }
      let expected = try Regex(
        "ddp-train: nothing has come from ddp-\\d+-2 \\(ranks 2, 3\\) for 2.\\d s .*network is down.*")
      #expect(lines.contains { $0.wholeMatch(of: expected) != nil }, "\(finished)")
    }

    @Test("A host that is gone ends the job, and is named")
    func hostGone() throws {
      let job = try watched(try Scratch(), seconds: 60)
      let found = try run("ip", ["netns", "pids", "ddp-\(job.process.identifier)-2"])
      for line in found.outputLines { if let process = pid_t(line) { kill(process, SIGKILL) } }
      let (finished, seconds) = try job.end(within: 15)
      #expect(finished.status != 0 && seconds <= 6, "\(seconds) s, \(finished)")
      // MPICH's launcher kills the other ranks at once, before they can say it.
      if usesMPICH { return }
      let told = try Regex("nothing comes from ddp-\\d+-2 \\(ranks 2, 3\\) any more: the host, its processes or")
      #expect(finished.errorLines(beginningWith: "ddp-train:").count { $0.contains(told) } == 1, "\(finished)")
    }

    @Test("A network that is down for less than the deadline holds the job up, no more")
    func linkAway() throws {
      let job = try watched(try Scratch(), seconds: 20)
      try setLink(job, "down")
      usleep(2_000_000)
      try setLink(job, "up")
      #expect(job.reaches(epoch: job.epochs + 3), "\(job.process.errorsSoFar)")
      #expect(job.process.errorsSoFar.isEmpty, "\(job.process.errorsSoFar)")
      for process in job.ranks.values { kill(process, SIGUSR1) }
      #expect(try job.end(within: 30).finished.status == 75)
    }

    /// A rank that fails on one host takes the other host's along.
    @Test func aFailureOnOneHostEndsBoth() throws {
      let finished = try onTwoHosts(try Scratch(), ranksPerHost: 2, [selfTest, "fail", "exchange"])
      #expect(finished.status == 4 && !finished.timedOut, "\(finished)")
    }
  }
}
