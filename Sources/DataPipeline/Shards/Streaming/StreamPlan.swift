import Basics
import HDF5Storage

/// How training samples are streamed that are not to be held in memory: dealt to the shards in blocks, and shuffled in
/// windows of so many blocks, of which each shard has one in use and one that is being read.
///
/// It follows from the samples, the shards, the chunks of the file and the bound alone, never from the ranks, so that
/// the order of the samples does too. A checkpoint keeps it.
public struct StreamPlan: Sendable, Equatable {
  /// The bytes that the data may take on a node, whatever the number of its ranks.
  public let bound: Int
  /// The rows of a block.
  public let blockSize: Int
  /// The blocks of a window.
  public let windowBlocks: Int

  public init(bound: Int, blockSize: Int, windowBlocks: Int) {
    (self.bound, self.blockSize, self.windowBlocks) = (bound, blockSize, windowBlocks)
  }

  /// Windows take three quarters of the bound. A block is about 256 KiB, at most a sixteenth of a shard and of a
  /// window; where the file has compressed chunks it is whole ones, up to a quarter of a window.
  ///
  /// - Parameter rows: that take part.
  /// - Throws: if the bound does not hold the smallest windows.
  public init(_ source: SplitSource, _ rows: RowSelection, shardCount: Int, bound: Int) throws {
    let rowBytes = source.sampleByteCount
    guard Double(bound) >= Self.leastBound(source, shardCount: shardCount) else {
      throw Failure.usage(
        "data.memory: \(byteText(Double(bound))) do not hold two windows of \(Self.leastWindow) rows for each of "
          + "\(plural(shardCount, "shard")); expected at least "
          + "\(byteText(Self.leastBound(source, shardCount: shardCount).rounded(.up)))")
    }
    let window = Int(Double(bound) * Self.windowShare / Double(2 * shardCount * rowBytes))
    let most = max(1, min(rows.count / (16 * shardCount), window / 4))
    let usual = max(1, Self.blockByteCount / rowBytes)
    let size: Int
    if let chunk = try source.chunkRows() {
      // Blocks of selected rows do not begin where chunks do: longer ones share fewer chunks.
      let wanted = min(max(usual, rows.isWhole ? chunk : 4 * chunk), most)
      size = chunk <= most ? wanted / chunk * chunk : most
    } else {
      size = min(usual, most, max(1, window / 16))
    }
    self.init(bound: bound, blockSize: size, windowBlocks: max(1, window / size))
  }

  /// The least bound that streams a split.
  public static func leastBound(_ source: SplitSource, shardCount: Int) -> Double {
    2 * Double(shardCount) * Double(leastWindow * source.sampleByteCount) / windowShare
  }

  /// The rows of a window.
  public var windowRows: Int { blockSize * windowBlocks }

  /// The bytes of all windows of all shards.
  public func windowBytes(_ source: SplitSource, sampleCount: Int, shardCount: Int) -> Double {
    let partition = ShardPartition(
      sampleCount: sampleCount, shardCount: shardCount, blockSize: blockSize, windowBlocks: windowBlocks)
    return 2 * Double(shardCount) * Double(partition.windowRows) * Double(source.sampleByteCount)
  }

  /// How many rows are read at a time where they are read in order, by a rank that holds `ownShards`: an eighth of the
  /// bound over all ranks and both buffers.
  public static func bufferRows(_ source: SplitSource, shardCount: Int, ownShards: Int, bound: Int) -> Int {
    let shardBytes = min(bound / (16 * shardCount), 8 << 20)
    return max(1, shardBytes * ownShards / source.sampleByteCount)
  }

  private static let windowShare = 0.75
  private static let leastWindow = 16
  private static let blockByteCount = 256 << 10
}

extension SplitSource {
  /// The bytes of one sample in memory, at least one.
  public var sampleByteCount: Int { max(1, rowByteCount(.features) + rowByteCount(.targets)) }

  /// - Throws: if parts of the data sets were never written: of what memory need not hold there may be any amount, and
  ///   zeros would be trained on for days.
  package func requireWhole() throws {
    for part in parts {
      for array in [part.features, part.targets, part.weights].compactMap(\.self) {
        guard let unwritten = array.unwritten else { continue }
        throw Failure.data(
          "\(array.file): of \(array.path.shownName), \(unwritten), and would read as the fill value; data that are "
            + "streamed have to be whole: write the rest, or allow more memory with data.memory")
      }
    }
  }

  /// The rows of a chunk of the features, where those are unpacked as a whole; nil where rows can be had one by one.
  public func chunkRows() throws -> Int? {
    let rows = try parts[0].features.open()
    return rows.filters.isEmpty ? nil : rows.chunkShape?.first
  }

  /// Why streaming these rows in such blocks takes longer than it need; nil where it does not.
  public func streamingDoubt(_ plan: StreamPlan) throws -> String? {
    guard let chunk = try chunkRows(), chunk > plan.blockSize else { return nil }
    return
      "\(parts[0].file): \(parts[0].features.path) is in compressed chunks of \(plural(chunk, "row")), more than a "
      + "block of \(grouped(plan.blockSize)): each is unpacked about \((chunk - 1) / plan.blockSize + 1) times an "
      + "epoch; rewrite it in chunks of so many rows or less with h5repack -l, or allow more with data.memory"
  }
}

extension RowSelection {
  /// Whether all rows are in use.
  var isWhole: Bool { if case .all = self { true } else { false } }
}
