import Foundation
import HDF5Storage
import Testing

/// Rows read past the library are those that the library reads. The file is made by make_stream_fixtures.py.
@Suite struct RowStreamTests {
  private func path(of name: String) -> RowStream.Path {
    name.hasPrefix("/bytes") ? .bytes : name.hasPrefix("/chunks") ? .chunks : .library
  }

  private func bytes(_ rows: Range<Int>, _ of: any SampleRows, _ read: (UnsafeMutableRawBufferPointer) throws -> Void)
    throws -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0xaa, count: rows.count * of.rowElementCount * (try of.elementType.byteCount))
    try bytes.withUnsafeMutableBytes { try read($0) }
    return bytes
  }

  @Test func everyWayOfStoring() throws {
    let file = try HDF5File.open(fixture("streams.h5"))
    let names = try file.datasetPaths()
    #expect(names.count == 20)
    for name in names {
      let rows = try file.samples(name), stream = try RowStream(file.samples(name))
      #expect(stream.path == path(of: name), "\(name)")
      let count = rows.rowCount
      for range in [0..<count, 0..<1, count - 1..<count, 3..<29, 9..<11, 8..<10, 20..<28, 5..<5] {
        let expected = try bytes(range, rows) { try rows.read(rows: range, into: $0) }
        #expect(try bytes(range, rows) { try stream.read(rows: range, into: $0) } == expected, "\(name) \(range)")
      }
      stream.forget()
      #expect(
        try bytes(2..<9, rows) { try stream.read(rows: 2..<9, into: $0) }
          == bytes(2..<9, rows) { try rows.read(rows: 2..<9, into: $0) })
    }
  }

  @Test("Behind a user block addresses count otherwise, and behind a link it is another file")
  func otherPlaces() throws {
    let file = try HDF5File.open(fixture("user-block.h5"))
    for (name, path) in [("/library/contiguous", RowStream.Path.library), ("/library/chunks", .chunks)] {
      let rows = try file.samples(name), stream = try RowStream(rows)
      #expect(stream.path == path)
      #expect(
        try bytes(5..<40, rows) { try stream.read(rows: 5..<40, into: $0) }
          == bytes(5..<40, rows) { try rows.read(rows: 5..<40, into: $0) })
    }
  }

  @Test("Damage in a chunk is an error with its place")
  func damagedChunk() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/a.h5"
      let file = try HDF5File.create(path)
      try file.write(
        "/x", shape: [40, 50], elements: (0..<2000).map { Int32($0 * $0 % 977) }, chunkShape: [10, 50], gzipLevel: 6)
      try file.close()
      var bytes = try Data(contentsOf: URL(filePath: path))
      // The last chunk is the last thing in the file but for what closes it.
      let magic = try #require(bytes.range(of: Data([0x78, 0x9c]), options: .backwards))
      for index in magic.lowerBound + 200..<magic.lowerBound + 240 { bytes[index] ^= 0x5a }
      try bytes.write(to: URL(filePath: path))
      let stream = try RowStream(HDF5File.open(path).samples("/x"))
      var row = [UInt8](repeating: 0, count: 200)
      let text = message {
        for index in 0..<40 { try row.withUnsafeMutableBytes { try stream.read(rows: index..<index + 1, into: $0) } }
      }
      #expect(text.hasPrefix("cannot read /x in \(path): its chunk of row "))
      #expect(text.hasSuffix("does not unpack to what it should; the file is damaged: copy or download it again"))
    }
  }
}
