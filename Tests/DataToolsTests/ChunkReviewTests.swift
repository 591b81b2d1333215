import DataTools
import HDF5Storage
import Testing

/// Chunks that are slow to stream are found in large data sets, and no others.
@Suite struct ChunkReviewTests {
  private func finding(rows: Int, chunk: [Int]?, gzip: Int? = nil) throws -> String? {
    let scratch = try Scratch()
    let path = try scratch.file("data.h5"), file = try HDF5File.create(path)
    let row = (0..<784).map { UInt8($0 % 251) }
    try file.write(
      "/train/x", shape: [rows, 28, 28], elements: (0..<rows).flatMap { row.dropLast() + [UInt8($0 % 256)] },
      chunkShape: chunk, gzipLevel: gzip)
    try file.write("/train/y", shape: [rows], elements: (0..<rows).map { UInt8($0 % 2) })
    try file.close()
    return try DataInspection.inspect(path: path).findings.first { $0.kind == .slowChunks }?.message
  }

  @Test func chunks() throws {
    let rows = 22_000
    #expect(try finding(rows: rows, chunk: nil) == nil)
    #expect(try finding(rows: rows, chunk: nil, gzip: 1) == nil)
    let end =
      ", and is slow to stream where memory does not hold it: rewrite it with h5repack -l /train/x:CHUNK=334x28x28 "
      + "OLD.h5 NEW.h5"
    let cases: [([Int], String)] = [
      ([700, 28, 7], "/train/x is stored in chunks of parts of rows, of which a row needs 4"),
      ([rows, 28, 28], "/train/x is stored in chunks of 22,000 rows (17.2 MB), each unpacked for any of them"),
      ([10, 28, 28], "/train/x is stored in chunks of 10 rows (7.8 kB), each looked up by itself"),
    ]
    for (chunk, text) in cases { #expect(try finding(rows: rows, chunk: chunk, gzip: 1) == text + end) }
    // Without a filter, rows of a large chunk are had one by one; small data are read at once.
    #expect(try finding(rows: rows, chunk: [rows, 28, 28]) == nil)
    #expect(try finding(rows: 2_000, chunk: [10, 28, 28], gzip: 1) == nil)
  }
}
