public import NumericCore

/// Where the samples of a batch go: with n samples, `features` [n, feature size], `targets` [n, target size],
/// `sampleIDs` [n], rows of the split.
public struct BatchRows {
  public var features: BufferView<Float>
  public var targets: BufferView<Float>
  public var sampleIDs: BufferView<Int>

  public init(features: BufferView<Float>, targets: BufferView<Float>, sampleIDs: BufferView<Int>) {
    (self.features, self.targets, self.sampleIDs) = (features, targets, sampleIDs)
  }

  /// Those of some samples.
  func view(_ samples: Range<Int>) -> BatchRows {
    func part(_ view: BufferView<Float>) -> BufferView<Float> {
      let size = view.count / max(1, sampleIDs.count)
      return view.view(samples.lowerBound * size..<samples.upperBound * size)
    }
    return BatchRows(features: part(features), targets: part(targets), sampleIDs: sampleIDs.view(samples))
  }
}

/// What gives batches the samples of shards, in an order of its own.
public protocol SampleFeed: AnyObject {
  /// Fills a batch with the samples at `places` of a shard's order, scaled.
  ///
  /// - Throws: where rows have to be read and cannot be.
  func fill(_ batch: BatchRows, shard: Int, places: Range<Int>) throws
}

/// A feed of a training split, in the order of each epoch. The samples of an epoch are taken one after the other.
public protocol EpochFeed: SampleFeed {
  /// To be called before each step: the samples that are taken next are those of its first place on.
  func begin(epoch: Int, step: Int) throws
  /// The positions of a shard at `places` of its order in the epoch.
  func positions(shard: Int, places: Range<Int>) -> [Int32]
  /// Seconds spent waiting for rows since the last call.
  func takeWaitSeconds() -> Double
}

extension ShardStore {
  /// The rows of the split at some positions of a shard.
  public func rows(shard: Int, positions: [Int32]) -> [Int] {
    positions.map { row(shard: shard, position: Int($0)) }
  }

  /// The samples in the order of training.
  ///
  /// - Parameter epochs: how many there will be; nothing is read ahead for more.
  public func epochFeed(_ plan: EpochPlan, seed: UInt64, epochs: Int) -> any EpochFeed {
    precondition(plan.partition == partition, "a plan of other shards")
    guard let streamed else { return StoredFeed(self, plan: plan, seed: seed) }
    return WindowFeed(self, streamed, plan: plan, seed: seed, epochs: epochs)
  }

  /// The samples once, in the order of the rows: block by block, as `ShardPartition.blocks` gives them.
  public func orderedFeed() -> any SampleFeed {
    guard let streamed else { return PositionFeed(self) { [Int32](0..<Int32(count($0))) } }
    return BlockFeed(self, streamed)
  }

  /// The samples in any order.
  ///
  /// - Parameter order: of each shard held, its positions in the order that is wanted.
  public func feed(order: (_ shard: Int) -> [Int32]) -> any SampleFeed { PositionFeed(self, order) }
}

/// Samples in an order that was laid down before.
final class PositionFeed: SampleFeed {
  private let store: ShardStore
  private let order: [FlatBuffer<Int32>]

  init(_ store: ShardStore, _ order: (Int) -> [Int32]) {
    self.store = store
    self.order = store.shards.map { FlatBuffer(order($0)) }
  }

  func fill(_ batch: BatchRows, shard: Int, places: Range<Int>) throws {
    let order = order[shard - store.shards.lowerBound].view.view(places)
    try store.fill(batch, shard: shard, positions: UnsafeBufferPointer(order))
  }
}

/// Training samples from memory.
final class StoredFeed: EpochFeed {
  private let store: ShardStore
  private let plan: EpochPlan
  private let seed: UInt64
  /// This epoch's order of each shard.
  private let order: [FlatBuffer<Int32>]
  private var epoch: Int?

  init(_ store: ShardStore, plan: EpochPlan, seed: UInt64) {
    (self.store, self.plan, self.seed) = (store, plan, seed)
    order = store.shards.map { FlatBuffer(count: store.count($0)) }
  }

  func begin(epoch: Int, step: Int) {
    guard self.epoch != epoch else { return }
    // A function of (seed, epoch, shard), so a resumed run finds its place by itself.
    for (order, shard) in zip(order, store.shards) {
      _ = order.view.update(fromContentsOf: plan.order(epoch: epoch, shard: shard, seed: seed))
    }
    self.epoch = epoch
  }

  func fill(_ batch: BatchRows, shard: Int, places: Range<Int>) throws {
    try store.fill(batch, shard: shard, positions: UnsafeBufferPointer(ordered(shard, places)))
  }

  func positions(shard: Int, places: Range<Int>) -> [Int32] { Array(ordered(shard, places)) }

  func takeWaitSeconds() -> Double { 0 }

  private func ordered(_ shard: Int, _ places: Range<Int>) -> BufferView<Int32> {
    order[shard - store.shards.lowerBound].view.view(places)
  }
}
