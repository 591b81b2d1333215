import Foundation
import HDF5Storage
import Testing

/// Files that are valid and do not hold what they seem to.
@Suite(.serialized) struct DoubtfulTests {
  init() { setenv("HDF5_EXTFILE_PREFIX", Self.directory, 1) }

  private static let directory = URL(filePath: fixture("")).deletingLastPathComponent()
    .appending(path: "doubtful").path

  private func open(_ name: String) throws -> HDF5File { try HDF5File.open(Self.directory + "/" + name) }

  @Test func sourcesThatAreThere() throws {
    let values: [Float] = try open("virtual_whole.h5").samples("/train/x").readAll()
    #expect(values.count == 24 && values[1] == 1)
  }

  @Test(arguments: [
    ("virtual_gone.h5", "/train/x in PATH: it takes rows from gone.h5, which is not there"),
    ("virtual_name.h5", "it takes rows from z in DIRECTORY/part.h5, which has no such data set"),
    ("virtual_short.h5", "of x in DIRECTORY/part.h5, whose shape is [4, 3]"),
    ("virtual_partial.h5", "rows 4 to 7 of the virtual data set have no source"),
    ("virtual_columns.h5", "have no source"), ("virtual_circle.h5", "lead in a circle"),
    ("virtual_unwritten.h5", "takes rows from empty in DIRECTORY/part.h5, of which all 4 rows (48 bytes) were never"),
    ("external_gone.h5", "its values are in DIRECTORY/gone.bin, which is not there"),
    ("external_short.h5", "raw.bin, which has 96 bytes, expected 960 from byte 0 on"),
    ("newer.h5", "newer HDF5 format than this program's library"),
  ])
  func sourcesThatAreNotThere(name: String, text: String) throws {
    let error = message { _ = try open(name).samples("/train/x").readAll(as: Float.self) }
    let expected = text.replacing("PATH", with: Self.directory + "/" + name)
      .replacing("DIRECTORY", with: Self.directory)
    #expect(error.contains(expected), "\(error)")
  }

  @Test func aPipeIsNotWaitedFor() throws {
    try withTemporaryDirectory { directory in
      #expect(mkfifo(directory + "/pipe.h5", 0o600) == 0)
      #expect(message { _ = try HDF5File.open(directory + "/pipe.h5") }.contains("no regular file"))
      for name in ["virtual_gone.h5", "links.h5", "external_gone.h5"] {
        try FileManager.default.copyItem(atPath: Self.directory + "/" + name, toPath: directory + "/" + name)
      }
      #expect(mkfifo(directory + "/gone.h5", 0o600) == 0 && mkfifo(directory + "/gone.bin", 0o600) == 0)
      try FileManager.default.copyItem(atPath: Self.directory + "/part.h5", toPath: directory + "/part.h5")
      let virtual = message { _ = try HDF5File.open(directory + "/virtual_gone.h5").samples("/train/x") }
      #expect(virtual.contains("gone.h5, which is no regular file"), "\(virtual)")
      let link = message { _ = try HDF5File.open(directory + "/links.h5").samples("/outside") }
      #expect(link.contains("gone.h5, which is no regular file"), "\(link)")
      setenv("HDF5_EXTFILE_PREFIX", directory, 1)
      let raw = message { _ = try HDF5File.open(directory + "/external_gone.h5").samples("/train/x") }
      #expect(raw.contains("gone.bin, which is no regular file"), "\(raw)")
    }
  }

  @Test(arguments: [
    ("/soft", "it is a soft link to /nowhere, which is not in the file"),
    ("/circle", "leads in a circle"), ("/outside", "an external link to /x in gone.h5, a file that is not there"),
    ("/inside", "an external link to /z in part.h5, which is not in that file"),
    ("/none", "there is no such data set; the file has /circle, /good, /inside, /outside, /soft"),
  ])
  func links(path: String, text: String) throws {
    let error = message { _ = try open("links.h5").samples(path) }
    #expect(error.contains(text), "\(error)")
  }

  @Test func linksThatLeadSomewhere() throws {
    #expect(try open("links.h5").samples("/good").shape == [4, 3])
    let entries = try open("links.h5").entries()
    #expect(entries.map(\.path) == ["/circle", "/good", "/inside", "/outside", "/soft"])
    #expect(entries[1].kind == .dataset)
  }

  @Test func whatWasNeverWritten() throws {
    let none = try open("unwritten.h5").samples("/train/x")
    #expect(try none.unwrittenPart() == "all 8 rows (96 bytes) were never written")
    #expect(message { try none.requireWritten() }.contains("all 8 rows (96 bytes) were never written"))
    let part = try open("partly.h5").samples("/train/x")
    #expect(try part.unwrittenPart() == "2 of 4 chunks were never written, the first from row 4 on")
    try part.requireWritten()
    #expect(try open("partly.h5").samples("/train/y").unwrittenPart() == nil)
  }

  @Test func packedValues() throws {
    let file = try open("packed.h5")
    let x = try file.samples("/train/x")
    #expect(try x.elementType == .float32)
    let values: [Float] = try x.readAll()
    #expect(values.prefix(4) == [10.5, 11, 11.5, 12] && values[4].isNaN && values[5] == 13)
    let y = try file.samples("/train/y")
    #expect(try y.elementType == .int32)
    #expect(try y.readAll(as: Double.self).prefix(2) == [0, 1])
    var labels = [Int32](repeating: 0, count: 3)
    let error = message { try labels.withUnsafeMutableBytes { try y.read(rows: 0..<3, into: $0) } }
    #expect(error.contains("row 2 has no value"), "\(error)")
    let unsigned = try file.samples("/unsigned")
    #expect(try unsigned.elementType == .uint8)
    let numbers: [Double] = try unsigned.readAll()
    #expect(numbers.prefix(2) == [1, 255] && numbers[2].isNaN)
    #expect(try file.samples("/double").elementType == .float64)
    #expect(message { _ = try file.samples("/zero") }.contains("attribute 'scale_factor' of /zero"))
    let filled: [Double] = try open("netcdf.h5").samples("/x").readAll()
    #expect(filled[0] == 1 && filled[1].isNaN)
  }

  @Test func arraysOfMATLAB() throws {
    func rows(_ name: String) throws -> (shape: [Int], values: [Double]) {
      let samples = try open(name).samples(features: "/X", labels: "/y")
      #expect(samples.labels?.rowCount == samples.features.rowCount)
      return (samples.features.shape, try samples.features.readAll())
    }
    var matrix: [Double] = []
    for i in 0..<4 { for j in 0..<3 { matrix.append(Double(10 * i + j)) } }
    #expect(try rows("matlab_matrix.mat") == ([4, 3], matrix))
    #expect(try rows("matlab_columns.mat") == ([4, 3], matrix))
    #expect(try rows("matlab_square.mat") == ([3, 3], Array(matrix.prefix(9))))
    var images: [Double] = []
    for n in 0..<5 { for h in 0..<2 { for w in 0..<3 { images.append(Double(100 * h + 10 * w + n)) } } }
    #expect(try rows("matlab_images.mat") == ([5, 2, 3, 1], images))
    #expect(message { _ = try rows("matlab_neither.mat") }.contains("MATLAB wrote it as an array of [4, 3]"))
    // In pieces as well.
    let square = try open("matlab_square.mat").samples(features: "/X", labels: "/y").features
    var piece = [Double](repeating: 0, count: 6)
    try piece.withUnsafeMutableBytes { try square.read(rows: 1..<3, into: $0) }
    #expect(piece == [10, 11, 12, 20, 21, 22])
  }

  @Test(arguments: [
    ("/sparse", "it is a sparse matrix"), ("/folder", "it is a group, expected a data set; it holds /folder/inner"),
    ("/table", "compound records of features, label, expected integers of up to 64 bits"),
    ("/overflow", "more elements than any machine can hold"),
    ("/lzf", "compressed by the filter lzf (32000), which is not installed; install its plugin (Debian: apt install "),
  ])
  func whatIsNoArray(path: String, text: String) throws {
    let error = message { _ = try open("kinds.h5").samples(path).readAll(as: Float.self) }
    #expect(error.contains(text), "\(error)")
  }

  @Test func extendedPrecision() throws {
    let long: [Double] = try open("kinds.h5").samples("/long").readAll()
    #expect(long == (0..<24).map(Double.init))
  }

  @Test func deepGroupsTakeNoTime() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/deep.h5"
      let file = try HDF5File.create(path)
      let group = String(repeating: "/a", count: 400)
      try file.write(group + "/x", shape: [1], elements: [Float(1)])
      try file.close()
      let deep = try HDF5File.open(path)
      #expect(try deep.entries() == [])
      #expect(try deep.samples(group + "/x").readAll(as: Float.self) == [1])
      #expect(message { _ = try deep.samples(group + "/y") }.count < 600)
    }
  }
}
