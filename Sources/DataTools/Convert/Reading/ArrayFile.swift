import Basics
import HDF5Storage

/// One row-major array in a file, its shape known from the header, its rows read from front to back in native byte
/// order.
///
/// IDX and npy files both come down to this; see `openIDX` and `NPYArray`.
final class ArrayFile {
  let path: String
  /// Rows first.
  let shape: [Int]
  let elementType: ElementType
  private let swapsBytes: Bool
  /// Whether the file has half of the bytes of each element, as float16.
  private let isHalf: Bool
  private let file: any ByteSource
  /// The whole array in row-major order, where the file holds it column-major: that order has no rows to stream.
  private var reordered: [UInt8]?
  private var nextRow = 0

  var rowCount: Int { shape[0] }
  var rowByteCount: Int { shape.dropFirst().reduce(elementType.byteCount, *) }

  /// Takes over `file`, which stands at the first element.
  ///
  /// - Precondition: `byteCount(of:_:)` of the array is not nil.
  /// - Throws: `Failure` if `file` cannot hold as much, or a column-major array is cut short.
  init(
    file: any ByteSource, shape: [Int], elementType: ElementType, isBigEndian: Bool, isColumnMajor: Bool,
    isHalf: Bool = false
  ) throws {
    path = file.path
    self.isHalf = isHalf
    let fileSize = elementType.byteCount / (isHalf ? 2 : 1)
    let byteCount = shape.reduce(fileSize, *)
    guard byteCount <= file.byteLimit else {
      throw Failure.data(
        "\(path): its header announces \(byteCount) bytes of data, more than it can hold; fetch or copy it again")
    }
    self.file = file
    self.shape = shape
    self.elementType = elementType
    swapsBytes = isBigEndian && elementType.byteCount > 1
    if isColumnMajor && shape.count > 1 {
      let bytes = try file.read(count: byteCount)
      guard bytes.count == byteCount else { throw truncated(found: bytes.count, of: byteCount) }
      reordered = rowMajor(bytes, shape: shape, elementSize: fileSize)
    }
  }

  /// Reads the next rows, as many as fill `buffer`, whose size is a multiple of `rowByteCount`.
  ///
  /// - Throws: `Failure` if the file ends first.
  func readRows(into buffer: UnsafeMutableRawBufferPointer) throws {
    guard isHalf else { return try readStored(rowByteCount, elementType.byteCount, into: buffer) }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count / 2, alignment: 64)
    defer { bytes.deallocate() }
    try readStored(rowByteCount / 2, 2, into: bytes)
    let numbers = bytes.assumingMemoryBound(to: UInt16.self)
    let values = buffer.assumingMemoryBound(to: Float.self)
    for (index, number) in numbers.enumerated() { values[index] = Float(halfBits: number) }
  }

  /// Reads the next rows as the file has them, in native byte order.
  private func readStored(
    _ rowByteCount: Int, _ elementSize: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let start = nextRow * rowByteCount
    if let reordered {
      reordered.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start...].prefix(buffer.count)))
      }
    } else {
      let count = try file.read(into: buffer)
      guard count == buffer.count else { throw truncated(found: start + count, of: rowCount * rowByteCount) }
    }
    nextRow += rowByteCount == 0 ? 0 : buffer.count / rowByteCount
    if swapsBytes { reverseElements(of: buffer, elementSize: elementSize) }
  }

  /// Checks that the file ends with the last row.
  ///
  /// - Throws: `Failure` if bytes follow.
  func finish() throws {
    let excess = try file.skipToEnd()
    guard excess == 0 else {
      throw Failure.data(
        "\(path): \(excess) bytes follow the \(rowCount) rows that its header announces; the file is damaged")
    }
  }

  private func truncated(found: Int, of expected: Int) -> Failure {
    .data(
      "\(path): truncated: its header announces \(expected) bytes of data, the file has \(found); "
        + "fetch or copy it again"
    )
  }
}

extension ArrayFile {
  /// The number of bytes of an array, or nil if no such array can exist in memory.
  static func byteCount(of shape: [Int], _ elementType: ElementType) -> Int? {
    var count = elementType.byteCount
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, size >= 0 else { return nil }
      count = product
    }
    return count
  }
}

extension OutputFile {
  /// Streams one split's features and labels into the file.
  func copy(_ features: ArrayFile, _ labels: ArrayFile, split: String) throws {
    try features.checkFeatures(labels: labels.path, rows: labels.rowCount)
    try copy(features, to: "/\(split)/x")
    try copy(labels, to: "/\(split)/y")
  }

  /// Streams a source array into the file.
  func copy(_ source: ArrayFile, to name: String) throws {
    try copy(source, to: [(name, Array(0..<source.rowCount))])
  }

  /// Streams rows of a source array into data sets, about 4 MiB of rows at a time.
  ///
  /// - Parameter targets: the paths, and the rows that each has, in ascending order.
  func copy(_ source: ArrayFile, to targets: [(path: String, rows: [Int])]) throws {
    let rowSize = source.rowByteCount
    let datasets = try targets.map { path, rows in
      try create(path, shape: [rows.count] + source.shape.dropFirst(), elementType: source.elementType)
    }
    var written = targets.map { _ in 0 }
    let blockRows = max(1, (4 << 20) / max(1, rowSize))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockRows * rowSize, alignment: 64)
    let part = UnsafeMutableRawBufferPointer.allocate(
      byteCount: targets.count > 1 ? blockRows * rowSize : 0, alignment: 64)
    defer {
      buffer.deallocate()
      part.deallocate()
    }
    for start in stride(from: 0, to: source.rowCount, by: blockRows) {
      let rows = start..<min(start + blockRows, source.rowCount)
      let block = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(rows.count * rowSize)])
      try source.readRows(into: block)
      for (number, target) in targets.enumerated() {
        let first = written[number]
        let own = target.rows[first...].prefix { $0 < rows.upperBound }
        guard !own.isEmpty else { continue }
        written[number] += own.count
        var bytes = UnsafeRawBufferPointer(block)
        if own.count < rows.count {
          for (place, row) in own.enumerated() {
            UnsafeMutableRawBufferPointer(rebasing: part[(place * rowSize)..<((place + 1) * rowSize)])
              .copyMemory(from: .init(rebasing: block[((row - start) * rowSize)..<((row - start + 1) * rowSize)]))
          }
          bytes = UnsafeRawBufferPointer(rebasing: part[..<(own.count * rowSize)])
        }
        try datasets[number].write(rows: first..<written[number], from: bytes)
      }
    }
    try source.finish()
  }
}

extension ArrayFile {
  /// - Parameter labels: what the labels are called; nil where there are none.
  /// - Throws: where these cannot be features, or have not as many rows as their labels.
  func checkFeatures(labels: String?, rows: Int) throws {
    guard labels == nil || rowCount == rows else {
      throw Failure.data("\(path) has \(rowCount) rows and \(labels ?? "") \(rows); they must be of equal number")
    }
    guard rowCount > 0 else { throw Failure.data("\(path): no rows") }
    guard shape.count > 1 else {
      throw Failure.data(
        "\(path): shape \(shape), expected rows of features; "
          + (labels == nil ? "give an array of two axes or more" : "are features and labels exchanged?"))
    }
  }

  /// The whole numbers of all rows, which are then to be written from here; nil where rows are not one whole number
  /// each.
  func readIntegers() throws -> [Int]? {
    guard elementType.isInteger, rowByteCount == elementType.byteCount else { return nil }
    let size = elementType.byteCount
    var numbers: [Int] = []
    let blockRows = 1 << 16
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockRows * size, alignment: 64)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: rowCount, by: blockRows) {
      let block = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(min(blockRows, rowCount - start) * size)])
      try readRows(into: block)
      for place in stride(from: 0, to: block.count, by: size) { numbers.append(integer(block, at: place)) }
    }
    try finish()
    return numbers
  }

  private func integer(_ bytes: UnsafeMutableRawBufferPointer, at place: Int) -> Int {
    switch elementType {
    case .int8: Int(bytes.load(fromByteOffset: place, as: Int8.self))
    case .int16: Int(bytes.load(fromByteOffset: place, as: Int16.self))
    case .int32: Int(bytes.load(fromByteOffset: place, as: Int32.self))
    case .int64: Int(bytes.load(fromByteOffset: place, as: Int64.self))
    case .uint8: Int(bytes.load(fromByteOffset: place, as: UInt8.self))
    case .uint16: Int(bytes.load(fromByteOffset: place, as: UInt16.self))
    case .uint32: Int(bytes.load(fromByteOffset: place, as: UInt32.self))
    // What no Int holds keeps its bits, and gets them back where it is written.
    case .uint64: Int(bitPattern: UInt(bytes.load(fromByteOffset: place, as: UInt64.self)))
    case .float32, .float64: preconditionFailure("\(elementType) is no whole number")
    }
  }
}

/// Reverses the bytes of each element, which turns big-endian numbers into little-endian ones and back.
private func reverseElements(of buffer: UnsafeMutableRawBufferPointer, elementSize: Int) {
  for start in stride(from: 0, to: buffer.count, by: elementSize) {
    for offset in 0..<(elementSize / 2) { buffer.swapAt(start + offset, start + elementSize - 1 - offset) }
  }
}

/// The elements of a column-major array in row-major order.
private func rowMajor(_ bytes: [UInt8], shape: [Int], elementSize: Int) -> [UInt8] {
  var strides = [Int](repeating: elementSize, count: shape.count)
  for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count)
  var index = [Int](repeating: 0, count: shape.count)
  var source = 0
  while result.count < bytes.count {
    for offset in 0..<elementSize { result.append(bytes[source + offset]) }
    // Step the index like an odometer, last axis fastest.
    for axis in shape.indices.reversed() {
      index[axis] += 1
      source += strides[axis]
      if index[axis] < shape[axis] { break }
      source -= shape[axis] * strides[axis]
      index[axis] = 0
    }
  }
  return result
}
