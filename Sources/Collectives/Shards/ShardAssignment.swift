/// Which logical shards each rank holds: rank r of P holds shards ⌈V·r/P⌉ to ⌈V·(r+1)/P⌉.
///
/// Shards, not ranks, are the unit of work, so the bits of a run depend on V and never on P. Of more ranks than shards
/// some hold none: they take part in summing and updating alone. Rank 0 always holds one.
public struct ShardAssignment: Sendable, Equatable {
  /// V, the number of logical shards of the run.
  public let shardCount: Int
  /// P, the number of ranks.
  public let rankCount: Int

  /// - Precondition: both are at least 1.
  public init(shardCount: Int, rankCount: Int) {
    precondition(1 <= rankCount && 1 <= shardCount, "\(rankCount) ranks for \(shardCount) shards")
    self.shardCount = shardCount
    self.rankCount = rankCount
  }

  /// The shards that `rank` holds.
  public func shards(ofRank rank: Int) -> Range<Int> { firstShard(ofRank: rank)..<firstShard(ofRank: rank + 1) }

  private func firstShard(ofRank rank: Int) -> Int { (shardCount * rank + rankCount - 1) / rankCount }
}
