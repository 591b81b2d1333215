import Basics
import HDF5Storage

/// Whether the chunks of a large data set can be streamed well: read in blocks of rows, in any order of the blocks.
enum ChunkReview {
  /// Smaller data sets are read in no time, however they are stored.
  static let leastByteCount = 16 << 20

  /// What is wrong with the chunks, and what mends it; nil where nothing is.
  ///
  /// - Parameter rowByteCount: of the values in memory.
  static func doubt(about rows: any SampleRows, rowByteCount: Int) -> String? {
    guard let chunk = rows.chunkShape, let chunkRows = chunk.first, chunk.count == rows.shape.count, rowByteCount > 0,
      rows.rowCount * rowByteCount >= leastByteCount
    else { return nil }
    let parts = zip(rows.shape, chunk).dropFirst().reduce(1) { $0 * (($1.0 - 1) / max(1, $1.1) + 1) }
    let chunkBytes = chunkRows * rowByteCount / parts
    // As `data convert` writes them.
    let usual = max(1, min(rows.rowCount, (256 << 10) / rowByteCount))
    let better = ([usual] + rows.shape.dropFirst()).map(String.init).joined(separator: "x")
    let reason: String
    if parts > 1 {
      reason = "of parts of rows, of which a row needs \(grouped(parts))"
    } else if chunkRows * rowByteCount > 4 << 20, !rows.filters.isEmpty {
      reason = "of \(plural(chunkRows, "row")) (\(byteText(Double(chunkBytes)))), each unpacked for any of them"
    } else if chunkBytes < 16 << 10, chunkRows < rows.rowCount {
      reason = "of \(plural(chunkRows, "row")) (\(byteText(Double(chunkBytes)))), each looked up by itself"
    } else {
      return nil
    }
    return
      "\(rows.path) is stored in chunks \(reason), and is slow to stream where memory does not hold it: rewrite it "
      + "with h5repack -l \(rows.path):CHUNK=\(better) OLD.h5 NEW.h5"
  }
}
