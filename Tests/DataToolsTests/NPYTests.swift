import DataTools
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

  @Test(arguments: ["fortran.npy", "fortran-big.npy", "version2.npy", "version3.npy", "half.npy"])
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

  @Test func wrongSources() throws {
    func convert(_ sources: String...) -> (() throws -> Void) {
      {
        let paths = sources.map { $0.hasPrefix("/") ? $0 : fixture($0) }
        _ = try NPYFormat().convert(paths, output: scratch.path + "/out.h5")
      }
    }
    expectFailure(.usage, "3 sources", from: convert("f4-little.npy", "labels.npy", "f4-little.npy"))
    expectFailure(.data, "'<c8'", from: convert("complex.npy", "labels.npy"))
    expectFailure(.data, "'<U1'", "numpy.unique", from: convert("f4-little.npy", "text.npy"))
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
