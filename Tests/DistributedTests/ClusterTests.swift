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

    @Test func exchangesBetweenHostsHaveTheBitsOfTheReference() throws {
      let finished = try onTwoHosts(try Scratch(), ranksPerHost: 1, [selfTest, "exchange"])
      #expect(finished.status == 0 && finished.output.contains("exchange: 2 ranks on nodes [1, 1]"), "\(finished)")
    }

    /// A rank that fails on one host takes the other host's along.
    @Test func aFailureOnOneHostEndsBoth() throws {
      let finished = try onTwoHosts(try Scratch(), ranksPerHost: 2, [selfTest, "fail", "exchange"])
      #expect(finished.status == 4 && !finished.timedOut, "\(finished)")
    }
  }
}
