import Basics
import Foundation
import HDF5Storage

/// A data set file in the making: it bears a temporary name until `commit()`, and vanishes if that is never reached.
final class OutputFile {
  let path: String
  let file: HDF5File
  private let temporaryPath: String
  private let gzip: Int
  private var arrays: [WrittenArray] = []
  private var isCommitted = false

  /// - Parameter gzip: compression level 1 to 9, or 0 for arrays stored contiguous.
  /// - Throws: `Failure` if the level makes no sense, or the file cannot be created beside where it is to stand.
  init(path: String, gzip: Int) throws {
    guard (0...9).contains(gzip) else { throw Failure.usage("--gzip \(gzip): expected a level from 0 (none) to 9 (smallest)") }
    var isDirectory: ObjCBool = false
    guard !(FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue) else {
      throw Failure.usage("--output \(path): is a directory, expected the name of the file to write")
    }
    self.path = path
    self.gzip = gzip
    temporaryPath = "\(path).\(ProcessInfo.processInfo.processIdentifier).tmp"
    file = try HDF5File.create(temporaryPath)
  }

  deinit {
    // The file may be gone already, or never have come to be; either way nothing is left to report to anyone.
    if !isCommitted { unlink(temporaryPath) }
  }

  /// Creates an array whose rows are then written with `HDF5Dataset.write(rows:from:)`.
  func create(_ name: String, shape: [Int], elementType: ElementType) throws -> HDF5Dataset {
    arrays.append(WrittenArray(name: name, shape: shape, type: elementType.name))
    return try file.createDataset(
      name, shape: shape, elementType: elementType, gzipLevel: gzip > 0 ? gzip : nil, shuffle: gzip > 0)
  }

  /// Writes a whole array.
  func write<T: HDF5Element>(_ name: String, shape: [Int], _ elements: [T]) throws {
    let dataset = try create(name, shape: shape, elementType: T.elementType)
    try elements.withUnsafeBufferPointer { elements throws(HDF5Error) in
      try dataset.write(rows: 0..<shape[0], from: UnsafeRawBufferPointer(elements))
    }
  }

  /// Streams a source array into the file, about 4 MiB of rows at a time.
  func copy(_ source: ArrayFile, to name: String) throws {
    let dataset = try create(name, shape: source.shape, elementType: source.elementType)
    let blockRows = max(1, (4 << 20) / max(1, source.rowByteCount))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockRows * source.rowByteCount, alignment: 64)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: source.rowCount, by: blockRows) {
      let rows = start..<min(start + blockRows, source.rowCount)
      let block = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(rows.count * source.rowByteCount)])
      try source.readRows(into: block)
      try dataset.write(rows: rows, from: UnsafeRawBufferPointer(block))
    }
    try source.finish()
  }

  /// Closes the file and gives it its name, replacing the file that had it.
  ///
  /// - Throws: `Failure` if the last bytes cannot be written; the output's old content is then still there.
  func commit() throws -> ConversionSummary {
    try file.close()
    guard rename(temporaryPath, path) == 0 else {
      throw Failure.data("\(path): cannot be replaced: \(String(cString: strerror(errno)))")
    }
    isCommitted = true
    return ConversionSummary(path: path, arrays: arrays)
  }
}
