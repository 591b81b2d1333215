import DataPipeline
import DataTools
import Foundation
import HDF5Storage
import Testing

@Suite struct NPYTests {
  /// A property, for a local value may be let go, and its directory deleted, before a test ends.
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private static let types = [
    "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "u2": "uint16", "u4": "uint32",
    "u8": "uint64", "f4": "float32", "f8": "float64",
  ]

  private func converted(_ name: String) throws -> (type: String, shape: [Int], values: [Double]) {
    let output = try scratch.file("out.h5")
    let summary = try NPYFormat().convert([fixture(name), fixture("labels.npy")], output: output)
    #expect(try values(output, "/train/y") == [0, 1, 2, 1])
    return (summary.arrays[0].type, summary.arrays[0].shape, try values(output, "/train/x"))
  }

  @Test(arguments: types, ["little", "big"])
  func everyTypeInEitherByteOrder(type: (key: String, value: String), order: String) throws {
    let isByte = type.key.hasSuffix("1")
    if isByte && order == "big" { return }
    let array = try converted("\(type.key)-\(order).npy")
    #expect(array.type == type.value)
    #expect(array.shape == [4, 3, 2])
    #expect(array.values == fixtureValues.map { Double(isByte ? $0 % 100 : $0) })
  }

  @Test(arguments: ["fortran.npy", "fortran-big.npy", "version2.npy", "version3.npy", "half.npy", "half-big.npy"])
  func columnMajorHalfAndLaterVersions(name: String) throws {
    #expect(try converted(name).values == fixtureValues.map(Double.init))
  }

  @Test func boolsAndGzip() throws {
    let bools = try converted("bool.npy")
    #expect(bools.type == "uint8")
    #expect(bools.values == fixtureValues.map { Double($0 % 2) })
    #expect(try converted("u1-little.npy.gz").values == fixtureValues.map { Double($0 % 100) })
  }

  @Test func testSplit() throws {
    let output = try scratch.file("out.h5")
    let summary = try NPYFormat().convert(
      ["f4-little.npy", "labels.npy", "f4-big.npy", "labels.npy"].map(fixture), output: output)
    #expect(summary.arrays.map(\.name) == ["/train/x", "/train/y", "/test/x", "/test/y"])
    #expect(try values(output, "/test/x") == fixtureValues.map(Double.init))
  }

  @Test("Texts become classes by name, of either byte order, in a list or a column")
  func classNames() throws {
    func converted(_ labels: String) throws -> (names: String?, y: [Double]) {
      let output = try scratch.file("out.h5")
      try NPYFormat().convert(["f4-little.npy", labels].map(fixture), output: output)
      return (try HDF5File.open(output).stringAttribute("classes", of: "/train/y"), try values(output, "/train/y"))
    }
    let big = try converted("text-big.npy"), bytes = try converted("bytes.npy")
    #expect(big.names == "ameise\nkäfer\nzebra" && big.y == [2, 0, 2, 1])
    #expect(bytes.names == "a\nb\nc" && bytes.y == [1, 0, 1, 2])
  }

  @Test("Splits are drawn by class, and rows keep their labels")
  func drawnSplits() throws {
    let output = try scratch.file("out.h5")
    try recipe(NPZFormat.self, ["--test", "0.25", "--validation", "0.25", "--seed", "1"])
      .convert([fixture("bunch.npz")], output: output)
    var rows: [Int] = []
    for (split, count) in [("train", 6), ("val", 3), ("test", 3)] {
      let x = try values(output, "/\(split)/x"), y = try values(output, "/\(split)/y")
      #expect(y.count == count && Set(y) == [0, 1, 2])
      let own = stride(from: 0, to: x.count, by: 2).map { Int(x[$0]) / 2 }
      #expect(own.map { Double($0 % 3) } == y && own == own.sorted())
      #expect(try HDF5File.open(output).texts(ofDataset: "/\(split)/id") == own.map { "s\($0)" })
      let weights = try values(output, "/\(split)/weight")
      #expect(zip(weights, own).allSatisfy { abs($0 - Double($1) / 11) < 1e-6 } && weights.count == count)
      #expect(try HDF5File.open(output).stringAttribute("names", of: "/\(split)/x") == "width\nheight")
      #expect(try HDF5File.open(output).stringAttribute("classes", of: "/\(split)/y") == "ant\nbee\ncow")
      rows += own
    }
    #expect(rows.sorted() == Array(0..<12))
    expectFailure(.usage, "--test: the sources have this split already") {
      _ = try recipe(NPZFormat.self, ["--test", "0.5"]).convert([fixture("keras.npz")], output: output)
    }
    expectFailure(.data, "labels from 0 to 2, but target_names names the classes 0 to 1") {
      _ = try NPZFormat().convert([fixture("short-names.npz")], output: output)
    }
  }

  @Test("Features alone, and new rows as a model's own")
  func withoutLabels() throws {
    let output = try scratch.file("out.h5"), new = try scratch.file("new.h5")
    #expect(
      try NPYFormat().convert([fixture("f4-little.npy")], output: output).notes
        == ["no labels: x alone, as for an autoencoder (data.target=features)"])
    #expect(
      try recipe(NPZFormat.self, ["--unlabelled"]).convert([fixture("x-y.npz")], output: output).arrays.count == 1)
    try NPYFormat().convert(["f4-little.npy", "bytes.npy"].map(fixture), output: output)
    var format = NPYFormat()
    try format.follow(DataPreparation(ofData: output))
    let alone = try format.convert([fixture("f4-big.npy")], output: new)
    #expect(alone.arrays.map(\.name) == ["/test/x"])
    #expect(try values(new, "/test/x") == fixtureValues.map(Double.init))
    // Only "a" to "c" are known; "d" is not.
    expectFailure(.data, "the label 'd' of row 3 is none of the classes of", "a, b, c") {
      _ = try format.convert(["f4-big.npy", "text.npy"].map(fixture), output: new)
    }
    try NPZFormat().convert([fixture("x-y.npz")], output: output)
    var archive = NPZFormat()
    try archive.follow(DataPreparation(ofData: output))
    #expect(try archive.convert([fixture("x-alone.npz")], output: new).arrays.map(\.name) == ["/test/x"])
  }

  @Test func wrongSources() throws {
    func convert(_ sources: String...) -> (() throws -> Void) {
      {
        let paths = sources.map { $0.hasPrefix("/") ? $0 : fixture($0) }
        _ = try NPYFormat().convert(paths, output: scratch.path + "/out.h5")
      }
    }
    expectFailure(.usage, "3 sources", from: convert("f4-little.npy", "labels.npy", "f4-little.npy"))
    expectFailure(.data, "'<c8'", from: convert("complex.npy", "labels.npy"))
    expectFailure(.data, "text.npy: texts, expected numbers", "text-csv", from: convert("text.npy", "labels.npy"))
    expectFailure(.data, "records", "structured_to_unstructured", from: convert("records.npy", "labels.npy"))
    expectFailure(.data, "not an npy file: a zip archive", "data convert npz", from: convert("x-y.npz", "labels.npy"))
    let matlab = Array("MATLAB 5.0 MAT-file, Platform: GLNXA64".utf8)
    expectFailure(.data, "-v7.3", from: convert(try scratch.file("old.mat", matlab), "labels.npy"))
    try FileManager.default.removeItem(atPath: scratch.path + "/old.mat")
    expectFailure(.data, "4 rows", "3", "equal number", from: convert("f4-little.npy", "three-labels.npy"))
    expectFailure(.data, "labels.npy", "exchanged", from: convert("labels.npy", "f4-little.npy"))
    expectFailure(.data, "scalar.npy", "shape []", from: convert("scalar.npy", "labels.npy"))
    expectFailure(.data, "not an npy file", from: convert("train-labels-idx1-ubyte.gz", "labels.npy"))
    let whole = try bytes(of: fixture("f4-little.npy"))
    let column = try bytes(of: fixture("fortran.npy"))
    expectFailure(
      .data, "truncated", "96 bytes", "93", from: convert(try scratch.file("cut.npy", whole.dropLast(3)), "labels.npy"))
    expectFailure(
      .data, "truncated", "96 bytes", "93",
      from: convert(try scratch.file("cut2.npy", column.dropLast(3)), "labels.npy"))
    expectFailure(
      .data, "truncated inside its npy header",
      from: convert(try scratch.file("cut3.npy", whole.prefix(50).map(\.self)), "labels.npy"))
    expectFailure(
      .data, "version 9",
      from: convert(try scratch.file("v9.npy", whole.prefix(6) + [9] + whole.dropFirst(7)), "labels.npy"))
    #expect(try scratch.contents == ["cut.npy", "cut2.npy", "cut3.npy", "v9.npy"])
  }

  @Test("A size that no such file can have takes no memory", arguments: ["f4-little.npy", "fortran.npy"])
  func impossibleSizes(name: String) throws {
    let honest = Array("(4, 3, 2), }  ".utf8), claimed = Array("(4, 99999999)}".utf8)
    var bytes = try bytes(of: fixture(name))
    bytes.replaceSubrange(try #require(bytes.firstRange(of: honest)), with: claimed)
    expectFailure(.data, "huge.npy: its header announces 1599999984 bytes of data, more than it can hold") {
      _ = try NPYFormat().convert(
        [scratch.file("huge.npy", bytes), fixture("labels.npy")], output: scratch.path + "/out.h5")
    }
  }
}
