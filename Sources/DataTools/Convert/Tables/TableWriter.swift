import Basics
import HDF5Storage

/// Writes the rows of one split as they come: features, targets, and what stands beside them.
final class TableWriter {
  /// What stands beside the rows: ids or groups.
  enum Key {
    case integers
    /// Of at most so many bytes.
    case texts(Int)
  }

  private let x: RowBuffer
  private let y: RowBuffer?
  private let weight: RowBuffer?
  private let keys: [KeyRows]
  private let type: ElementType
  private let rowCount: Int
  let name: String

  /// - Parameters:
  ///   - shape: of the features of a row.
  ///   - targetShape: of the targets of a row; nil where there are none.
  ///   - keys: the data sets of ids and groups by their names.
  init(
    _ name: String, rows rowCount: Int, shape: [Int], type: ElementType, targetShape: [Int]?, targetType: ElementType,
    keys: [(name: String, key: Key)], hasWeight: Bool, to file: OutputFile
  ) throws {
    (self.name, self.type, self.rowCount) = (name, type, rowCount)
    x = RowBuffer(try file.create("/\(name)/x", shape: [rowCount] + shape, elementType: type))
    y = try targetShape.map {
      RowBuffer(try file.create("/\(name)/y", shape: [rowCount] + $0, elementType: targetType))
    }
    weight =
      hasWeight ? RowBuffer(try file.create("/\(name)/weight", shape: [rowCount], elementType: .float32)) : nil
    self.keys = try keys.map { key in
      let path = "/\(name)/\(key.name)"
      switch key.key {
      case .integers: return .integers(RowBuffer(try file.create(path, shape: [rowCount], elementType: .int64)))
      case .texts(let size):
        return .texts(RowBuffer(try file.file.createTexts(path, rowCount: rowCount, byteCount: size)))
      }
    }
  }

  private enum KeyRows {
    case integers(RowBuffer)
    case texts(RowBuffer)
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - features: as many as the shape has.
  ///   - targets: the bytes of the targets, where there are any.
  ///   - keys: the cells of ids and groups in their order.
  func append(
    _ features: UnsafeBufferPointer<Double>, targets: UnsafeRawPointer?, keys cells: [UnsafeBufferPointer<UInt8>],
    weight value: Double
  ) throws {
    let row = try x.next()
    switch type {
    case .float64: store(features, as: Double.self, row) { $0 }
    case .uint8: store(features, as: UInt8.self, row) { UInt8($0) }
    case .uint16: store(features, as: UInt16.self, row) { UInt16($0) }
    case .int32: store(features, as: Int32.self, row) { Int32($0) }
    default: store(features, as: Float.self, row) { Float($0) }
    }
    if let y, let targets { try y.next().copyMemory(from: targets, byteCount: y.rowSize) }
    if let weight { try weight.next().storeBytes(of: Float(value), as: Float.self) }
    for (rows, cell) in zip(keys, cells) {
      switch rows {
      case .integers(let rows): try rows.next().storeBytes(of: KeySurvey.integer(cell) ?? 0, as: Int64.self)
      case .texts(let rows):
        let place = try rows.next(), count = min(cell.count, rows.rowSize)
        place.initializeMemory(as: UInt8.self, repeating: 0, count: rows.rowSize)
        if let base = cell.baseAddress { place.copyMemory(from: base, byteCount: count) }
      }
    }
  }

  @inline(__always)
  private func store<T>(
    _ features: UnsafeBufferPointer<Double>, as: T.Type, _ row: UnsafeMutableRawPointer, _ convert: (Double) -> T
  ) {
    let row = row.assumingMemoryBound(to: T.self)
    for (index, value) in features.enumerated() { row[index] = convert(value) }
  }

  /// Writes what has been kept back.
  ///
  /// - Throws: where there were fewer rows than announced.
  func finish() throws {
    for rows in [x, y, weight].compactMap(\.self) { try rows.finish() }
    for key in keys {
      switch key {
      case .integers(let rows), .texts(let rows): try rows.finish()
      }
    }
  }
}

/// Rows on their way to a data set, some MiB at a time.
private final class RowBuffer {
  let rowSize: Int
  private let rowCount: Int
  private let write: (Range<Int>, UnsafeRawBufferPointer) throws(HDF5Error) -> Void
  private let memory: UnsafeMutableRawBufferPointer
  private let capacity: Int
  private var first = 0
  private var count = 0

  private static let byteCount = 4 << 20

  convenience init(_ dataset: HDF5Dataset) {
    let size = dataset.shape.dropFirst().reduce((try? dataset.elementType.byteCount) ?? 1, *)
    self.init(size, dataset.rowCount) { (rows, bytes) throws(HDF5Error) in try dataset.write(rows: rows, from: bytes) }
  }

  convenience init(_ texts: HDF5TextRows) {
    self.init(texts.byteCount, texts.rowCount) { (rows, bytes) throws(HDF5Error) in
      try texts.write(rows: rows, from: bytes)
    }
  }

  private init(
    _ rowSize: Int, _ rowCount: Int, _ write: @escaping (Range<Int>, UnsafeRawBufferPointer) throws(HDF5Error) -> Void
  ) {
    (self.rowSize, self.rowCount, self.write) = (rowSize, rowCount, write)
    capacity = max(1, min(rowCount, Self.byteCount / max(1, rowSize)))
    memory = .allocate(byteCount: max(1, capacity * rowSize), alignment: 64)
  }

  deinit { memory.deallocate() }

  /// Where the next row goes.
  func next() throws -> UnsafeMutableRawPointer {
    if count == capacity { try flush() }
    guard first + count < rowCount, let base = memory.baseAddress else { throw changed }
    count += 1
    return base + (count - 1) * rowSize
  }

  func finish() throws {
    try flush()
    guard first == rowCount else { throw changed }
  }

  private func flush() throws {
    try write(first..<first + count, UnsafeRawBufferPointer(rebasing: memory[..<(count * rowSize)]))
    first += count
    count = 0
  }

  private var changed: Failure {
    .data("the table changed while it was read: it had \(rowCount) rows for a split before; convert it again")
  }
}
