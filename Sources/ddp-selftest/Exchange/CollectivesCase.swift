import Collectives
import Foundation
import NumericCore

/// Every verb of a communicator, with figures in closed form.
enum CollectivesCase {
  static func run(_ ranks: MPICommunicator) throws -> String {
    try barrier(ranks)
    try broadcast(ranks)
    try gather(ranks)
    try treeSums(ranks)
    return "collectives: \(ranks.size) ranks"
  }

  /// Nobody may leave a barrier before the last has come: the last to come here is late by a known time.
  private static func barrier(_ ranks: MPICommunicator) throws {
    let delay = 0.1
    for late in 0..<ranks.size {
      try ranks.barrier()
      let start = ContinuousClock.now
      if ranks.rank == late { Thread.sleep(forTimeInterval: delay) }
      try ranks.barrier()
      // Half, since ranks leave the first barrier at slightly different times.
      let waited = start.duration(to: .now)
      try expect(
        waited >= .seconds(delay / 2), "rank \(ranks.rank) left a barrier \(waited) before rank \(late) had come")
    }
  }

  private static func broadcast(_ ranks: MPICommunicator) throws {
    for root in 0..<ranks.size {
      for count in [0, 1, 100_003] {
        var bytes = (0..<count).map { UInt8(truncatingIfNeeded: ranks.rank == root ? $0 * 7 + root : 0) }
        try bytes.withUnsafeMutableBytes { bytes in try ranks.broadcast(bytes, from: root) }
        let expected = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + root) }
        try expect(bytes == expected, "rank \(ranks.rank): \(count) bytes broadcast from \(root) arrived altered")
      }
      let text = try ranks.broadcast(ranks.rank == root ? "Grüße von \(root)" : "", from: root)
      try expect(text == "Grüße von \(root)", "rank \(ranks.rank) was sent '\(text)' by \(root)")
    }
  }

  /// Rank r gives r · 1000 values, so that rank 0 gives none.
  private static func gather(_ ranks: MPICommunicator) throws {
    func values(_ rank: Int) -> [Int32] { (0..<rank * 1000).map { Int32($0 * 3 - rank) } }
    let gathered = try ranks.allGather(values(ranks.rank))
    try expect(gathered == (0..<ranks.size).map(values), "rank \(ranks.rank): allGather mixed up its parts")
  }

  private static func treeSums(_ ranks: MPICommunicator) throws {
    for shardCount in 1...ranks.size + 6 {
      let assignment = ShardAssignment(shardCount: shardCount, rankCount: ranks.size)
      func vector(_ shard: Int) -> [Double] {
        let random = RandomSource(seed: 11).stream(.synthesis, shard)
        // Thirds fill all 53 bits: sums of few-bit numbers would be exact in any order.
        return (0..<5).map { Double(Values.spread(random.words($0).x)) / 3 }
      }
      let sum = try ranks.treeSum(assignment.shards(ofRank: ranks.rank).map(vector), over: assignment)
      let expected = ReferenceTree.sum((0..<shardCount).map(vector))
      try expect(
        sum.map(\.bitPattern) == expected.map(\.bitPattern),
        "rank \(ranks.rank): treeSum over \(shardCount) shards gave \(sum), expected \(expected)")
    }
  }
}
