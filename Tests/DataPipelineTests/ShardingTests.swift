import DataPipeline
import Basics
import Testing

@Suite struct ShardingTests {
  /// Sizes around every edge of the block formula, with the numbers of shards that fit.
  static let cases: [(samples: Int, shards: Int)] =
    [1, 2, 3, 5, 7, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 1000, 1001, 1437, 1797, 4097, 10_000].flatMap {
      samples in
      [1, 2, 3, 4, 5, 6, 7, 8, 13, 32].filter { $0 <= samples }.map { (samples, $0) }
    }

  @Test(arguments: [
    (1, 1, 1), (31, 1, 1), (32, 1, 2), (1023, 1, 63), (1024, 1, 64), (60_000, 4, 64), (1001, 4, 15), (1437, 4, 22),
    (100, 100, 1),
  ])
  func blockSize(samples: Int, shards: Int, expected: Int) {
    #expect(ShardPartition(sampleCount: samples, shardCount: shards).blockSize == expected)
  }

  @Test func everyRowIsDealtOnceAsByHand() {
    for (samples, shards) in Self.cases {
      let partition = ShardPartition(sampleCount: samples, shardCount: shards)
      // Deal card by card.
      var hands = [[Int]](repeating: [], count: shards)
      for row in 0..<samples { hands[row / partition.blockSize % shards].append(row) }
      for shard in 0..<shards {
        #expect(!hands[shard].isEmpty)
        #expect(partition.count(ofShard: shard) == hands[shard].count)
        #expect((0..<hands[shard].count).map { partition.row(shard: shard, position: $0) } == hands[shard])
        #expect(partition.runs(ofShard: shard).flatMap { Array($0) } == hands[shard])
      }
    }
  }

  @Test func everySampleOnceAnEpoch() {
    for (samples, shards) in Self.cases {
      for batch in [1, 2, 7, 64, 128, 5000] {
        let partition = ShardPartition(sampleCount: samples, shardCount: shards)
        let plan = EpochPlan(partition: partition, globalBatchSize: batch)
        #expect(plan.stepsPerEpoch == Int((Double(samples) / Double(batch)).rounded(.up)))
        var seen = [Int](repeating: 0, count: samples)
        var total = 0
        for shard in 0..<shards {
          let order = plan.order(epoch: 3, shard: shard, seed: 42)
          var largest = 0
          for step in 0..<plan.stepsPerEpoch {
            let positions = plan.positions(shard: shard, step: step)
            largest = max(largest, positions.count)
            for position in positions { seen[partition.row(shard: shard, position: Int(order[position]))] += 1 }
          }
          #expect(largest == plan.largestMicroBatch(shard: shard))
        }
        for step in 0..<plan.stepsPerEpoch { total += plan.sampleCount(step: step) }
        #expect(seen.allSatisfy { $0 == 1 }, "\(samples) samples, \(shards) shards, batch \(batch)")
        #expect(total == samples)
      }
    }
  }

  @Test(arguments: 1...7)
  func aThousandAndOneSamples(shards: Int) {
    let plan = EpochPlan(
      partition: ShardPartition(sampleCount: 1001, shardCount: shards), globalBatchSize: 64)
    #expect(plan.stepsPerEpoch == 16)
    let sizes = (0..<16).map { plan.sampleCount(step: $0) }
    #expect(sizes.reduce(0, +) == 1001)
    // 62.56 samples a step; each shard rounds by less than one.
    #expect(sizes.allSatisfy { abs(Double($0) - 1001.0 / 16) < Double(shards) })
  }

  @Test func ordersDifferByEpochShardAndSeedAlone() {
    let plan = EpochPlan(partition: ShardPartition(sampleCount: 1000, shardCount: 2), globalBatchSize: 10)
    let order = plan.order(epoch: 0, shard: 0, seed: 1)
    #expect(order.sorted() == Array(0..<Int32(order.count)))
    #expect(order == plan.order(epoch: 0, shard: 0, seed: 1))
    #expect(order != plan.order(epoch: 1, shard: 0, seed: 1))
    #expect(order != plan.order(epoch: 0, shard: 1, seed: 1))
    #expect(order != plan.order(epoch: 0, shard: 0, seed: 2))
    let otherBatch = EpochPlan(partition: plan.partition, globalBatchSize: 333)
    #expect(order == otherBatch.order(epoch: 0, shard: 0, seed: 1))
  }

  @Test func moreShardsThanSamplesIsAUsageError() throws {
    try ShardPartition.validate(sampleCount: 4, shardCount: 4)
    let error = #expect(throws: Failure.self) { try ShardPartition.validate(sampleCount: 3, shardCount: 4) }
    #expect(error?.exitCode == .usage)
    #expect(error?.description.contains("4 shards are more than the 3 training samples") == true)
  }

  @Test func sortedClassesReachEveryShard() {
    let partition = ShardPartition(sampleCount: 1000, shardCount: 4)
    for shard in 0..<4 {
      let classes = Set((0..<partition.count(ofShard: shard)).map { partition.row(shard: shard, position: $0) / 100 })
      #expect(classes.count == 10)
    }
  }
}

@Suite struct ValidationSplitTests {
  @Test func stratifiedAndRoundedHalfUp() throws {
    // 10, 25, 4 and 1 samples of the classes 0, 1, 2 and 7, interleaved.
    var labels = Array(repeating: 0, count: 10) + Array(repeating: 1, count: 25) + Array(repeating: 2, count: 4) + [7]
    labels = (0..<40).map { labels[$0 * 7 % 40] }
    let (train, validation) = try ValidationSplit.select(labels: labels, sampleCount: 40, fraction: 0.1, seed: 5)
    #expect((train + validation).sorted() == Array(0..<40))
    #expect(train == train.sorted() && validation == validation.sorted())
    // 1.0, 2.5, 0.4 and 0.1 samples.
    func count(_ label: Int) -> Int { validation.count { labels[$0] == label } }
    #expect([count(0), count(1), count(2), count(7)] == [1, 3, 0, 0])
    let again = try ValidationSplit.select(labels: labels, sampleCount: 40, fraction: 0.1, seed: 5)
    #expect(again.validation == validation)
    let other = try ValidationSplit.select(labels: labels, sampleCount: 40, fraction: 0.1, seed: 6)
    #expect(other.validation != validation)
  }

  @Test func regressionIsOneStratum() throws {
    let (train, validation) = try ValidationSplit.select(labels: nil, sampleCount: 1001, fraction: 0.25, seed: 1)
    #expect(validation.count == 250)
    #expect(train.count == 751)
  }

  @Test func anEmptyPartIsAUsageError() {
    let error = #expect(throws: Failure.self) {
      try ValidationSplit.select(labels: nil, sampleCount: 4, fraction: 0.1, seed: 1)
    }
    #expect(error?.exitCode == .usage)
    #expect(error?.description.contains("validation part of 4 samples empty") == true)
  }
}
