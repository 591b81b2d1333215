/// In which batches a split is evaluated: rows in order, in batches of one size B that are dealt round robin to the
/// shards.
///
/// Row r is always sample r mod B of its batch, and a batch is always computed with B samples, the last one filled up.
/// A matrix product's rows may depend on how many there are and on their place among them; so what a model makes of a
/// row depends on the row and its number alone, not on the rows behind it or on how many there are.
public struct EvaluationPlan: Sendable, Equatable {
  public let partition: ShardPartition
  /// B.
  public var batchSize: Int { partition.blockSize }

  /// - Parameter globalBatchSize: of training, over all shards: B is a shard's part of it, at most 64, so that
  ///   evaluation needs no more memory than training.
  public init(sampleCount: Int, shardCount: Int, globalBatchSize: Int) {
    partition = ShardPartition(
      sampleCount: sampleCount, shardCount: shardCount, blockSize: min(max(globalBatchSize / shardCount, 1), 64))
  }

  /// The positions of a shard, batch by batch.
  public func batches(ofShard shard: Int) -> [Range<Int>] {
    let count = partition.count(ofShard: shard)
    return stride(from: 0, to: count, by: batchSize).map { $0..<min($0 + batchSize, count) }
  }
}
