/// Which logical shards each rank holds: rank r of P holds shards ⌊V·r/P⌋ to ⌊V·(r+1)/P⌋.
///
/// Shards, not ranks, are the unit of work, so the bits of a run depend on V and never on P.
public struct ShardAssignment: Sendable, Equatable {
  /// V, the number of logical shards of the run.
  public let shardCount: Int
  /// P, the number of ranks.
  public let rankCount: Int

  /// - Precondition: 1 ≤ `rankCount` ≤ `shardCount`.
  public init(shardCount: Int, rankCount: Int) {
    precondition(1 <= rankCount && rankCount <= shardCount, "\(rankCount) ranks for \(shardCount) shards")
    self.shardCount = shardCount
    self.rankCount = rankCount
  }

  /// The shards that `rank` holds; never empty.
  public func shards(ofRank rank: Int) -> Range<Int> {
    shardCount * rank / rankCount..<shardCount * (rank + 1) / rankCount
  }
}
