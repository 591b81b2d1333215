import DataTools
import HDF5Storage
import Testing

@Suite struct NPZTests {
  /// A property, for a local value may be let go, and its directory deleted, before a test ends.
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private let x = fixtureValues.map(Double.init), y: [Double] = [0, 1, 2, 1]

  private func convert(_ path: String, _ options: [String] = []) throws -> WrittenData {
    try recipe(NPZFormat.self, options).convert([path], output: scratch.path + "/out.h5")
  }

  @Test("Stored, deflated, column-major and with 64-bit sizes", arguments: ["x-y", "deflated", "fortran", "zip64"])
  func kinds(name: String) throws {
    let written = try convert(fixture("\(name).npz"))
    #expect(written.arrays.map(\.name) == ["/train/x", "/train/y"])
    #expect(written.arrays.map(\.shape) == [[4, 3, 2], [4]])
    #expect(written.arrays.map(\.type) == [name == "deflated" ? "uint16" : "float32", "int64"])
    #expect(try values(written.path, "/train/x") == x && values(written.path, "/train/y") == y)
  }

  @Test("Content of many blocks")
  func large() throws {
    let written = try convert(fixture("large.npz"))
    // x[i, j] = (i² + 7 j) mod 251.
    #expect(written.arrays.map(\.shape) == [[900, 700], [900]])
    let expected = (0..<900).flatMap { i in (0..<700).map { j in Double((i * i + 7 * j) % 251) } }
    #expect(try values(written.path, "/train/x") == expected)
  }

  @Test("Splits by their names, and arrays without names in their order")
  func splits() throws {
    let keras = try convert(fixture("keras.npz"))
    #expect(keras.arrays.map(\.name) == ["/train/x", "/train/y", "/test/x", "/test/y"])
    #expect(try values(keras.path, "/test/x") == x.map { $0 + 1 } && values(keras.path, "/test/y") == y.reversed())
    let images = try convert(fixture("images.npz"))
    #expect(
      images.arrays.map(\.name) == ["/train/x", "/train/y", "/val/x", "/val/y", "/test/x", "/test/y"])
    #expect(try values(images.path, "/val/x") == x.map { $0 + 2 })
    #expect(try convert(fixture("positional.npz")).arrays.map(\.shape) == [[4, 3, 2], [4]])
  }

  @Test func namedArrays() throws {
    let train = try convert(fixture("keras.npz"), ["--features", "x_test", "--labels", "y_test"])
    #expect(train.arrays.map(\.name) == ["/train/x", "/train/y"])
    #expect(try values(train.path, "/train/y") == y.reversed())
    let both = try convert(
      fixture("keras.npz"),
      ["--features", "x_test", "--labels", "y_test", "--test-features", "x_train", "--test-labels", "y_train"])
    #expect(try values(both.path, "/test/x") == x)
  }

  @Test func mistakes() throws {
    func convert(_ path: String, _ options: String...) -> (() throws -> Void) {
      { _ = try self.convert(path, options) }
    }
    expectFailure(
      .data, "no array 'z'; the file has x, y", from: convert(fixture("x-y.npz"), "--features", "z", "--labels", "y"))
    expectFailure(
      .data, "no arrays under known names", "the file has a, b", "--features NAME", from: convert(fixture("a-b.npz")))
    expectFailure(
      .data, "a-b.npz: a: elements of NumPy type '|O'",
      from: convert(fixture("a-b.npz"), "--features", "a", "--labels", "b"))
    expectFailure(.usage, "give --features with --labels", from: convert(fixture("x-y.npz"), "--features", "x"))
    expectFailure(.data, "not a zip archive", "data convert npy", from: convert(fixture("f4-little.npy")))
    expectFailure(.data, "no such file", from: convert(scratch.path + "/none.npz"))
    expectFailure(.data, "is a directory", from: convert(scratch.path))
    expectFailure(.usage, "2 sources, expected one") {
      _ = try NPZFormat().convert([fixture("x-y.npz"), fixture("x-y.npz")], output: scratch.path + "/out.h5")
    }
    #expect(try scratch.contents == [])
  }

  @Test(
    "A file that is cut short anywhere is one line of error, and leaves nothing",
    arguments: ["x-y", "deflated", "zip64"])
  func everyTruncation(name: String) throws {
    let whole = try bytes(of: fixture("\(name).npz"))
    for count in whole.indices {
      let path = try scratch.file("cut.npz", Array(whole.prefix(count)))
      expectFailure(.data, "cut.npz", from: { _ = try convert(path) })
    }
    #expect(try scratch.contents == ["cut.npz"])
  }

  @Test(
    "A damaged byte is one line of error, or changes no number", arguments: ["x-y", "deflated", "zip64"])
  func everyDamagedByte(name: String) throws {
    let whole = try bytes(of: fixture("\(name).npz"))
    var refused = 0
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0xff
      let path = try scratch.file("bad.npz", bytes)
      do {
        let written = try convert(path)
        // Times, versions and attributes of members, and what repeats the directory.
        #expect(try values(written.path, "/train/x") == x && values(written.path, "/train/y") == y, "byte \(index)")
      } catch {
        refused += 1
        expectFailure(.data, "bad.npz", from: { throw error })
      }
    }
    #expect(refused > whole.count / 2)
  }

  @Test("A size that no such archive can have takes no memory")
  func impossibleSizes() throws {
    var bytes = try bytes(of: fixture("deflated.npz"))
    // The content's size in the first entry of the directory, 24 bytes behind its mark.
    let mark = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4b, 1, 2]) })
    bytes.replaceSubrange(mark + 24..<mark + 28, with: [0xfe, 0xff, 0xff, 0xff])
    expectFailure(.data, "damaged") { _ = try convert(scratch.file("huge.npz", bytes)) }
  }
}
