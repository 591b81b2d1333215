import Basics

/// Which rows belong to which logical shard.
///
/// The N rows are dealt in blocks of b = clamp(⌊N / 16V⌋, 1, 64) rows, round robin to the V shards: a file sorted by
/// class still gives every shard every class, and reads stay contiguous runs. Depends on N and V alone.
///
/// Rows that are streamed are dealt in the larger blocks of a `StreamPlan`, of which so many are in memory at a time.
public struct ShardPartition: Sendable, Equatable {
  /// N, the number of rows.
  public let sampleCount: Int
  /// V, the number of shards.
  public let shardCount: Int
  /// b, the rows of a block; the last block may be shorter.
  public let blockSize: Int
  /// The blocks of a shard that are shuffled together, a window; nil where all are.
  public let windowBlocks: Int?

  /// Where there are fewer samples than shards, as a split that is only evaluated may have, the last shards are empty.
  ///
  /// - Parameter blockSize: nil for the size that training takes, as above.
  /// - Precondition: at least one sample and one shard.
  public init(sampleCount: Int, shardCount: Int, blockSize: Int? = nil, windowBlocks: Int? = nil) {
    precondition(1 <= shardCount && 1 <= sampleCount, "\(sampleCount) samples for \(shardCount) shards")
    precondition(blockSize ?? 1 >= 1 && windowBlocks ?? 1 >= 1, "blocks and windows hold something")
    self.sampleCount = sampleCount
    self.shardCount = shardCount
    self.blockSize = blockSize ?? min(max(sampleCount / (16 * shardCount), 1), 64)
    self.windowBlocks = windowBlocks
  }

  /// Checks, before a run is set up, that every shard gets a sample to train on.
  ///
  /// - Throws: a usage error, since another number of shards is the remedy.
  public static func validate(sampleCount: Int, shardCount: Int) throws {
    guard sampleCount >= 1 else { throw Failure.data("there is no sample to train on") }
    guard shardCount >= 1 else {
      throw Failure.usage("shards is \(shardCount), expected at least 1; give --shards")
    }
    guard shardCount <= sampleCount else {
      throw Failure.usage(
        "\(shardCount) shards are more than the \(sampleCount) training samples; "
          + "give --shards \(sampleCount) or less, and as few ranks")
    }
  }

  /// n_v, the number of rows of a shard.
  public func count(ofShard shard: Int) -> Int {
    precondition(0 <= shard && shard < shardCount, "shard \(shard) of \(shardCount)")
    let wholeBlocks = sampleCount / blockSize
    let own = (wholeBlocks + shardCount - 1 - shard) / shardCount
    return own * blockSize + (wholeBlocks % shardCount == shard ? sampleCount % blockSize : 0)
  }

  /// The row, among all N, of a position in a shard.
  public func row(shard: Int, position: Int) -> Int {
    (position / blockSize * shardCount + shard) * blockSize + position % blockSize
  }

  /// A shard's rows as contiguous ranges in the order of its positions, ascending.
  public func runs(ofShard shard: Int) -> [Range<Int>] {
    stride(from: shard * blockSize, to: sampleCount, by: shardCount * blockSize).map { start in
      start..<min(start + blockSize, sampleCount)
    }
  }

  /// The most rows of a shard that are shuffled together.
  public var windowRows: Int {
    let most = (blockCount - 1) / shardCount + 1
    return min(windowBlocks ?? most, most) * blockSize
  }

  // MARK: Blocks

  /// The rows of one block, all of one shard.
  public struct Block: Sendable, Equatable {
    public let shard: Int
    /// In the shard.
    public let positions: Range<Int>
    /// Among all N.
    public let rows: Range<Int>
  }

  /// The number of blocks of all shards.
  public var blockCount: Int { (sampleCount - 1) / blockSize + 1 }

  /// The number of blocks of a shard.
  public func blockCount(ofShard shard: Int) -> Int { (count(ofShard: shard) + blockSize - 1) / blockSize }

  /// A block by its number among those of all shards, in the order of the rows.
  public func block(_ index: Int) -> Block {
    let rows = index * blockSize..<min((index + 1) * blockSize, sampleCount)
    let first = index / shardCount * blockSize
    return Block(shard: index % shardCount, positions: first..<first + rows.count, rows: rows)
  }

  /// The blocks of some shards in the order of the rows.
  public func blocks(ofShards shards: Range<Int>) -> some Sequence<Block> {
    (0..<blockCount).lazy.filter { shards.contains($0 % shardCount) }.map(block)
  }
}
