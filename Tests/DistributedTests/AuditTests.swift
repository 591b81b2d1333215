import Foundation
import ProcessSupport
import Testing

extension DistributedTests {
  /// Every sample exactly once an epoch, in another order each epoch.
  @Suite(.serialized) struct AuditTests {
    private func audit(ranks: Int, shards: Int, samples: Int, batchSize: Int) throws {
      let scratch = try Scratch()
      let data = try scratch.dataset("data.h5", samples: samples)
      let finished = try mpirun(
        ranks: ranks, selfTest, ["audit", data, scratch.path + "/run", "\(shards)", "\(batchSize)"],
        timeout: .seconds(60))
      let steps = 2 * ((samples + batchSize - 1) / batchSize)
      #expect(
        finished.status == 0
          && finished.outputLines == ["audit: \(ranks) ranks, \(shards) shards, \(samples) samples, \(steps) steps"],
        "\(finished)")
    }

    @Test(arguments: 1...7) func eachSampleOnceWithAShardForEachRank(ranks: Int) throws {
      try audit(ranks: ranks, shards: ranks, samples: 1001, batchSize: 64)
    }

    @Test(arguments: 1...6) func eachSampleOnceWithSevenShards(ranks: Int) throws {
      try audit(ranks: ranks, shards: 7, samples: 1001, batchSize: 64)
    }

    @Test func eachSampleOnceInBatchesSmallerThanTheShards() throws {
      try audit(ranks: 3, shards: 4, samples: 21, batchSize: 1)
    }
  }
}
