/// Rows in another order than that of the file, such as labels that stand in a file of their own, sorted otherwise.
final class ReorderedRows: SampleRows {
  private let rows: any SampleRows
  /// The row of the file that each row is.
  private let order: [Int]
  /// All rows as they were last read, since neighbours may stand anywhere.
  private var loaded: (type: ElementType, bytes: [UInt8])?

  init(_ rows: any SampleRows, order: [Int]) {
    (self.rows, self.order) = (rows, order)
  }

  var file: HDF5File { rows.file }
  var path: String { rows.path }
  var object: String? { rows.object }
  var shape: [Int] { [order.count] + rows.shape.dropFirst() }
  var form: SampleForm { .reordered(rows.form, rows: order) }
  var elementType: ElementType { get throws(HDF5Error) { try rows.elementType } }
  var chunkShape: [Int]? { rows.chunkShape }
  var filters: [String] { rows.filters }
  var marksMissing: Bool { rows.marksMissing }
  var columnNames: [String]? { rows.columnNames }
  var classNames: [String]? { rows.classNames }
  func value(_ number: Double) -> Double { rows.value(number) }
  func unwrittenPart() throws(HDF5Error) -> String? { try rows.unwrittenPart() }
  func requireWritten() throws(HDF5Error) { try rows.requireWritten() }

  func read(
    rows range: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    let size = rowElementCount * type.byteCount
    guard loaded != nil || range.count > rows.rowCount / 64 else {
      // Of a few, each by itself.
      for (place, row) in order[range].enumerated() {
        try rows.read(
          rows: row..<row + 1, as: type,
          into: UnsafeMutableRawBufferPointer(rebasing: destination[place * size..<(place + 1) * size]))
      }
      return
    }
    if loaded?.type != type {
      var bytes = [UInt8](repeating: 0, count: rows.rowCount * size)
      try bytes.withUnsafeMutableBufferPointer { (bytes) throws(HDF5Error) in
        try rows.read(rows: 0..<rows.rowCount, as: type, into: UnsafeMutableRawBufferPointer(bytes))
      }
      loaded = (type, bytes)
    }
    loaded?.bytes.withUnsafeBytes { source in
      for (place, row) in order[range].enumerated() {
        UnsafeMutableRawBufferPointer(rebasing: destination[place * size..<(place + 1) * size])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * size..<(row + 1) * size]))
      }
    }
  }
}

extension SampleRows {
  /// These rows in another order.
  public func reordered(_ order: [Int]) -> any SampleRows { ReorderedRows(self, order: order) }
}
