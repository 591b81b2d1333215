import Basics
import Foundation
import HDF5Storage
import Testing

@Suite struct ReadingTests {
  @Test(arguments: ["little", "big"])
  func integersOfEitherByteOrder(order: String) throws {
    let file = try HDF5File.open(fixture("types.h5"))
    func check<T: HDF5Element & FixedWidthInteger>(_ name: String, _: T.Type) throws {
      let dataset = try file.dataset("/\(order)/\(name)")
      #expect(try dataset.elementType == T.elementType)
      #expect(dataset.shape == [4])
      #expect(dataset.chunkShape == nil)
      var rows = [T](repeating: 0, count: 4)
      try rows.withUnsafeMutableBytes { try dataset.read(rows: 0..<4, into: $0) }
      #expect(rows == [.min, 1, 2, .max])
      #expect(try dataset.readAll(as: Int64.self).first == (T.min == 0 ? 0 : Int64(T.min)))
    }
    try check("i1", Int8.self)
    try check("i2", Int16.self)
    try check("i4", Int32.self)
    try check("i8", Int64.self)
    try check("u1", UInt8.self)
    try check("u2", UInt16.self)
    try check("u4", UInt32.self)
    try check("u8", UInt64.self)
  }

  @Test(arguments: ["little", "big"])
  func floatingPointOfEitherByteOrder(order: String) throws {
    let file = try HDF5File.open(fixture("types.h5"))
    #expect(try file.dataset("/\(order)/f2").elementType == .float32)
    #expect(try file.dataset("/\(order)/f4").elementType == .float32)
    #expect(try file.dataset("/\(order)/f8").elementType == .float64)
    for name in ["f2", "f4", "f8"] {
      #expect(try file.dataset("/\(order)/\(name)").readAll(as: Double.self) == [-1.5, 0, 0.25, 1024])
    }
    var half = [Float](repeating: 0, count: 2)
    try half.withUnsafeMutableBytes { try file.dataset("/\(order)/f2").read(rows: 2..<4, into: $0) }
    #expect(half == [0.25, 1024])
  }

  @Test func unusualShapesAndTypes() throws {
    let file = try HDF5File.open(fixture("types.h5"))
    #expect(try file.dataset("/bool").readAll(as: Int.self) == [1, 0, 1])
    #expect(try file.dataset("/scalar").shape == [])
    #expect(try file.dataset("/scalar").readAll(as: Float.self) == [2.5])
    #expect(try file.dataset("/empty").shape == [0, 3])
    #expect(try file.dataset("/empty").readAll(as: Float.self) == [])
    #expect(message { _ = try file.dataset("/text").elementType }.contains("/text in"))
    #expect(message { _ = try file.dataset("/text").elementType }.contains("its elements are strings"))
    #expect(message { _ = try file.dataset("/compound").elementType }.contains("compound records"))
  }

  @Test(arguments: ["/contiguous", "/chunked", "/deep/er/packed", "/again", "/soft"])
  func rowsOfEveryLayout(path: String) throws {
    let dataset = try HDF5File.open(fixture("layouts.h5")).dataset(path)
    #expect(dataset.shape == [13, 5, 4])
    for rows in [0..<13, 0..<1, 12..<13, 3..<8, 5..<5] {
      var values = [Int32](repeating: -1, count: rows.count * 20)
      try values.withUnsafeMutableBytes { try dataset.read(rows: rows, into: $0) }
      #expect(values == (rows.lowerBound * 20..<rows.upperBound * 20).map { Int32($0) })
    }
  }

  @Test func storageIsDescribed() throws {
    let file = try HDF5File.open(fixture("layouts.h5"))
    let packed = try file.dataset("/deep/er/packed")
    #expect(packed.chunkShape == [3, 2, 4])
    #expect(packed.filters == ["shuffle", "gzip"])
    #expect(try file.dataset("/chunked").filters == [])
    #expect(try file.dataset("/lzf").filters == ["lzf"])
    #expect(message { _ = try file.dataset("/lzf").readAll(as: Int32.self) }.contains("lzf"))
  }

  @Test func listsDatasetsOnceAndEndsOnCycles() throws {
    let file = try HDF5File.open(fixture("layouts.h5"))
    let paths = try file.datasetPaths()
    #expect(paths == ["/again", "/chunked", "/deep/er/packed", "/lzf"])
    #expect(try file.exists("/deep/er"))
    #expect(try file.exists("/"))
    #expect(try file.exists("/soft"))
    #expect(try !file.exists("/dangling"))
    #expect(try !file.exists("/deep/none/x"))
    let text = message { _ = try file.dataset("/nope") }
    #expect(text.contains("/nope in") && text.contains("/chunked") && text.contains("/deep/er/packed"))
  }

  @Test func attributesFromElsewhere() throws {
    let file = try HDF5File.open(fixture("attributes.h5"))
    #expect(try file.stringAttribute("variable") == "größer than ASCII")
    #expect(try file.stringAttribute("fixed") == "fixed")
    #expect(try file.stringAttribute("padded") == "pad")
    #expect(try file.intAttribute("int") == -7)
    #expect(try file.doubleAttribute("int") == -7)
    #expect(try file.doubleAttribute("double") == 0.5)
    #expect(try file.intsAttribute("ints") == [1, 2, 3])
    #expect(try file.doublesAttribute("doubles") == [0.5, -2])
    #expect(try file.stringAttribute("note", of: "/group") == "on a group")
    #expect(try file.stringAttribute("note", of: "/data") == "on a data set")
    #expect(try file.stringAttribute("absent") == nil)
    #expect(try file.attributeNames() == ["double", "doubles", "fixed", "int", "ints", "padded", "variable"])
    #expect(message { _ = try file.intAttribute("double") }.contains("'double' of / in"))
    #expect(message { _ = try file.intAttribute("ints") }.contains("3 values"))
    #expect(message { _ = try file.stringAttribute("int") }.contains("not a text"))
  }

  @Test(arguments: [
    ("missing.h5", "there is no such file"), ("text.h5", "not an HDF5 file"), ("zero.h5", "is empty"),
    ("truncated.h5", "is truncated"), (".", "is a directory"),
  ])
  func unusableFiles(name: String, reason: String) {
    let error = #expect(throws: HDF5Error.self) { try HDF5File.open(fixture(name)) }
    #expect(error?.reason.contains(reason) == true)
    #expect(error?.subject.hasSuffix("hdf5/\(name)") == true)
    #expect(error?.exitCode == .data)
    #expect(error?.description.contains("\n") == false)
  }
}
