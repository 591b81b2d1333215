import Basics

/// Which rows belong to which logical shard.
///
/// The N rows are dealt in blocks of b = clamp(⌊N / 16V⌋, 1, 64) rows, round robin to the V shards: a file sorted by
/// class still gives every shard every class, and reads stay contiguous runs. Depends on N and V alone.
public struct ShardPartition: Sendable, Equatable {
  /// N, the number of rows.
  public let sampleCount: Int
  /// V, the number of shards.
  public let shardCount: Int
  /// b, the rows of a block; the last block may be shorter.
  public let blockSize: Int

  /// Where there are fewer samples than shards, as a split that is only evaluated may have, the last shards are empty.
  ///
  /// - Parameter blockSize: nil for the size that training takes, as above.
  /// - Precondition: at least one sample and one shard.
  public init(sampleCount: Int, shardCount: Int, blockSize: Int? = nil) {
    precondition(1 <= shardCount && 1 <= sampleCount, "\(sampleCount) samples for \(shardCount) shards")
    self.sampleCount = sampleCount
    self.shardCount = shardCount
    self.blockSize = blockSize ?? min(max(sampleCount / (16 * shardCount), 1), 64)
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
}
