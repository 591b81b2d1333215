import NumericCore

/// One shard's order in an epoch where its rows are streamed: its blocks are shuffled, and taken in windows of so many;
/// the rows of a window are shuffled among themselves.
///
/// Both permutations are keyed by (seed, epoch, shard), the second by the window too, so that a run finds its place
/// again wherever it stopped, and what is shuffled needs no more memory than a window.
struct WindowOrder: Sendable {
  private let partition: ShardPartition
  private let shard: Int
  private let random: RandomSource
  private let windowBlocks: Int
  /// The shard's blocks, counted in the shard, in the epoch's order.
  private let blocks: [Int32]
  /// The place in the epoch at which each window begins, and the number of rows at the end.
  private let starts: [Int]

  /// - Precondition: the partition has windows.
  init(_ partition: ShardPartition, epoch: Int, shard: Int, seed: UInt64) {
    guard let windowBlocks = partition.windowBlocks else { preconditionFailure("a partition without windows") }
    (self.partition, self.shard, self.windowBlocks) = (partition, shard, windowBlocks)
    random = RandomSource(seed: seed).stream(.shuffle, epoch, shard)
    let count = partition.count(ofShard: shard), blockCount = partition.blockCount(ofShard: shard)
    blocks = random.permutation(blockCount)
    // The last block of the shard may be shorter.
    let lack = blockCount * partition.blockSize - count
    let shortAt = blocks.firstIndex(of: Int32(blockCount - 1)) ?? 0
    starts =
      stride(from: 0, to: blockCount, by: windowBlocks).map { first in
        first * partition.blockSize - (first > shortAt ? lack : 0)
      } + [count]
  }

  var windowCount: Int { starts.count - 1 }

  /// The places in the epoch that a window has.
  func places(_ window: Int) -> Range<Int> { starts[window]..<starts[window + 1] }

  /// The window that has a place.
  func window(at place: Int) -> Int {
    var low = 0, high = windowCount
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }

  /// The blocks of a window in the order of the rows, as they lie in memory.
  func blocks(_ window: Int) -> [ShardPartition.Block] {
    ownBlocks(window).map { partition.block(Int($0) * partition.shardCount + shard) }
  }

  /// Which row of the window's memory comes at each of its places.
  func slots(_ window: Int) -> [Int32] { random.stream(.shuffle, window + 1).permutation(places(window).count) }

  /// The shard's positions in the order of a window.
  func positions(_ window: Int) -> [Int32] {
    let own = ownBlocks(window), size = Int32(partition.blockSize)
    // A short block is the last one in memory.
    return slots(window).map { own[Int($0 / size)] * size + $0 % size }
  }

  private func ownBlocks(_ window: Int) -> [Int32] {
    blocks[window * windowBlocks..<min((window + 1) * windowBlocks, blocks.count)].sorted()
  }
}
