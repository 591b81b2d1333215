import NumericCore

/// Which samples each shard takes in each step of an epoch: each sample exactly once, without a ragged last batch.
///
/// With S = ⌈N / global batch⌉ steps, step s takes positions ⌊n_v·s/S⌋ to ⌊n_v·(s+1)/S⌋ of shard v's shuffled order.
/// The sizes of micro-batches differ by at most one, and may be zero for shards of fewer samples than there are steps.
public struct EpochPlan: Sendable, Equatable {
  public let partition: ShardPartition
  /// The most samples of one step over all shards, up to rounding: at most V more in a single step.
  public let globalBatchSize: Int
  /// S, the number of steps of an epoch.
  public let stepsPerEpoch: Int

  /// - Precondition: `globalBatchSize` ≥ 1.
  public init(partition: ShardPartition, globalBatchSize: Int) {
    precondition(globalBatchSize >= 1, "a global batch of \(globalBatchSize)")
    self.partition = partition
    self.globalBatchSize = globalBatchSize
    stepsPerEpoch = (partition.sampleCount - 1) / globalBatchSize + 1
  }

  /// The positions, in the epoch's order, that a shard takes in step 0 up to `stepsPerEpoch` of the epoch.
  public func positions(shard: Int, step: Int) -> Range<Int> {
    precondition(0 <= step && step < stepsPerEpoch, "step \(step) of \(stepsPerEpoch)")
    let count = partition.count(ofShard: shard)
    return count * step / stepsPerEpoch..<count * (step + 1) / stepsPerEpoch
  }

  /// The number of samples of a step over all shards.
  public func sampleCount(step: Int) -> Int {
    (0..<partition.shardCount).reduce(0) { $0 + positions(shard: $1, step: step).count }
  }

  /// The size of the shard's largest micro-batch, for which activations are planned: ⌈n_v / S⌉.
  public func largestMicroBatch(shard: Int) -> Int {
    (partition.count(ofShard: shard) + stepsPerEpoch - 1) / stepsPerEpoch
  }

  /// The shard's order in an epoch, a permutation of its positions, keyed by (seed, epoch, shard) alone.
  ///
  /// Of rows that are streamed it is that of `WindowOrder`, which gives it window by window.
  public func order(epoch: Int, shard: Int, seed: UInt64) -> [Int32] {
    if partition.windowBlocks != nil {
      let order = WindowOrder(partition, epoch: epoch, shard: shard, seed: seed)
      return (0..<order.windowCount).flatMap(order.positions)
    }
    return RandomSource(seed: seed).stream(.shuffle, epoch, shard).permutation(partition.count(ofShard: shard))
  }
}
