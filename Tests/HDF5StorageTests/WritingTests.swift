import Foundation
import Glibc
import HDF5Storage
import Testing

@Suite struct WritingTests {
  @Test func everyElementTypeComesBack() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/types.h5"
      func elements<T: HDF5Element & Numeric>(_: T.Type) -> [T] { (0..<24).map { T(exactly: $0) ?? 0 } }
      func write<T: HDF5Element & Numeric>(_ file: HDF5File, _: T.Type) throws {
        try file.write("/plain/\(T.elementType.name)", shape: [6, 4], elements: elements(T.self))
        try file.write(
          "/packed/\(T.elementType.name)", shape: [6, 4], elements: elements(T.self), chunkShape: [4, 4], gzipLevel: 6,
          shuffle: true)
      }
      func read<T: HDF5Element & Numeric>(_ file: HDF5File, _: T.Type) throws {
        for group in ["plain", "packed"] {
          let dataset = try file.dataset("/\(group)/\(T.elementType.name)")
          #expect(try dataset.elementType == T.elementType)
          #expect(dataset.filters == (group == "packed" ? ["shuffle", "gzip"] : []))
          #expect(try dataset.readAll(as: T.self) == elements(T.self))
        }
      }
      func each(_ body: (any (HDF5Element & Numeric).Type) throws -> Void) rethrows {
        for type in [
          Int8.self, Int16.self, Int32.self, Int64.self, UInt8.self, UInt16.self, UInt32.self, UInt64.self, Float.self,
          Double.self,
        ] as [any (HDF5Element & Numeric).Type] { try body(type) }
      }
      let written = try HDF5File.create(path)
      try each { try write(written, $0) }
      try written.close()
      let file = try HDF5File.open(path)
      try each { try read(file, $0) }
      #expect(try file.datasetPaths().count == 2 * ElementType.allCases.count)
    }
  }

  @Test func rowsWrittenPieceByPiece() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/pieces.h5"
      let file = try HDF5File.create(path)
      let dataset = try file.createDataset("/a/b/x", shape: [7, 3], elementType: .int16, gzipLevel: 1)
      for rows in [4..<7, 0..<3] {
        let values = (rows.lowerBound * 3..<rows.upperBound * 3).map { Int16($0) }
        try values.withUnsafeBytes { try dataset.write(rows: rows, from: $0) }
      }
      try file.close()
      let values = try HDF5File.open(path).dataset("/a/b/x").readAll(as: Int.self)
      #expect(values == Array(0..<9) + [0, 0, 0] + Array(12..<21))
    }
  }

  @Test func attributesComeBackAndAreReplaced() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/attributes.h5"
      let long = String(repeating: "ä{\"key\": 1}", count: 20_000)
      let file = try HDF5File.create(path)
      try file.createGroup("/progress/deep")
      try file.createGroup("/progress")
      try file.setAttribute("text", to: "old")
      try file.setAttribute("text", to: long)
      try file.setAttribute("empty", to: "")
      try file.setAttribute("count", to: Int.min, of: "/progress/deep")
      try file.setAttribute("rate", to: 0.1)
      try file.setAttribute("list", to: [3, 1, 2])
      try file.setAttribute("none", to: [Int]())
      try file.setAttribute("rates", to: [0.1, .infinity])
      try file.close()
      let again = try HDF5File.open(path)
      #expect(try again.stringAttribute("text") == long)
      #expect(try again.stringAttribute("empty") == "")
      #expect(try again.intAttribute("count", of: "/progress/deep") == .min)
      #expect(try again.doubleAttribute("rate") == 0.1)
      #expect(try again.intsAttribute("list") == [3, 1, 2])
      #expect(try again.intsAttribute("none") == [])
      #expect(try again.doublesAttribute("rates") == [0.1, .infinity])
    }
  }

  @Test func equalWritingGivesEqualBytes() throws {
    try withTemporaryDirectory { directory in
      func write(_ name: String) throws -> Data {
        let file = try HDF5File.create(directory + "/" + name)
        try file.setAttribute("configuration", to: "{ seed: 42 }")
        try file.setAttribute("step", to: 7)
        try file.write("/model/weight", shape: [50, 3], elements: (0..<150).map { Float($0) })
        try file.write("/packed", shape: [500], elements: [Int64](0..<500), gzipLevel: 4, shuffle: true)
        try file.close()
        return try Data(contentsOf: URL(filePath: directory + "/" + name))
      }
      let first = try write("first.h5")
      // Modification times have a resolution of one second.
      Thread.sleep(forTimeInterval: 1.1)
      #expect(try write("second.h5") == first)
    }
  }

  @Test func errorsNameTheFile() throws {
    let unwritable = message { _ = try HDF5File.create("/nonexistent/x.h5") }
    #expect(unwritable == "cannot create /nonexistent/x.h5: unable to create file: No such file or directory")
    let file = try HDF5File.open(fixture("layouts.h5"))
    #expect(message { try file.setAttribute("a", to: 1) }.contains("attribute 'a' of / in"))
    #expect(message { try file.createGroup("/new") }.contains("/new in"))
  }

  /// The disk fills up between the writing, which stays in buffers, and the closing.
  @Test(arguments: [nil, 1])
  func fullDiskSurfacesWhenClosing(gzipLevel: Int?) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/x.h5"
      let file = try HDF5File.create(path)
      var dataset: HDF5Dataset? = try file.createDataset("/x", shape: [1000], elementType: .uint8, gzipLevel: gzipLevel)
      try [UInt8](repeating: 1, count: 1000).withUnsafeBytes { try dataset?.write(rows: 0..<1000, from: $0) }
      try fillDisk(under: path)
      dataset = nil
      let text = message { try file.close() }
      #expect(text.hasPrefix("cannot write ") && text.contains(path), "\(text)")
      // What failed once fails again, without a second try of the library.
      #expect(message { try file.close() } == text)
    }
  }

  /// Puts `/dev/full`, which accepts everything except bytes, in the place of this process's descriptor of a file.
  private func fillDisk(under path: String) throws {
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
    let real = URL(filePath: path).resolvingSymlinksInPath().path
    let descriptor = try #require(
      descriptors.first { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == real })
    // The library knows open files by their inode: hold on to it, lest another test's file gets the same.
    #expect(dup(descriptor) >= 0)
    let full = Glibc.open("/dev/full", O_RDWR)
    #expect(full >= 0 && dup2(full, descriptor) == descriptor)
    close(full)
  }

  @Test func usableFromManyThreadsWithoutPrinting() async throws {
    let file = try HDF5File.open(fixture("layouts.h5"))
    try await withThrowingTaskGroup(of: [Int].self) { group in
      for _ in 0..<8 {
        group.addTask {
          #expect(throws: HDF5Error.self) { try file.dataset("/nope") }
          return try file.dataset("/deep/er/packed").readAll(as: Int.self)
        }
      }
      for try await values in group { #expect(values == Array(0..<260)) }
    }
  }
}
