/// The rows of numbers that samples have in a file, in whatever form the file keeps them: a data set, columns of a
/// table, a sparse matrix, a group for each sample, or texts that name classes.
public protocol SampleRows: AnyObject {
  /// The file, which stays open as long as its rows are in use.
  var file: HDF5File { get }
  /// How messages call the rows: a path inside the file, with the names of columns where there are some.
  var path: String { get }
  /// The data set or group whose attributes are about the rows; nil where there is no single one.
  var object: String? { get }
  /// The extents with the samples first; empty for a single number.
  var shape: [Int] { get }
  /// How the file keeps the rows, by which they are opened again without another survey of the file.
  var form: SampleForm { get }
  /// The type of the values in memory.
  var elementType: ElementType { get throws(HDF5Error) }
  /// The extents of a chunk, samples first; nil if the values are stored in one piece, or in several data sets.
  var chunkShape: [Int]? { get }
  /// The names of the filters that chunks pass through.
  var filters: [String] { get }
  /// How the file keeps the rows, in a few words; nil for a data set, whose chunks and filters say it.
  var storageText: String? { get }
  /// Whether some numbers of the file stand for missing values, which read as NaN.
  var marksMissing: Bool { get }
  /// The names of the columns of a row; nil where the form does not give them.
  var columnNames: [String]? { get }
  /// The names of the classes that the values number; nil where the form does not give them.
  var classNames: [String]? { get }

  /// Reads rows in order and converts them to `type`. Values outside its range are clamped, fractions cut off.
  ///
  /// - Parameter destination: overwritten; exactly `rows.count · rowElementCount` elements.
  /// - Precondition: the rows are among those that there are.
  func read(rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer) throws(HDF5Error)
  /// What a number of the file stands for.
  func value(_ number: Double) -> Double
  /// What was declared and never written, in words; nil where all of it was.
  func unwrittenPart() throws(HDF5Error) -> String?
  /// - Throws: if nothing was ever written.
  func requireWritten() throws(HDF5Error)
}

extension SampleRows {
  /// The number of rows; a single number counts as one row.
  public var rowCount: Int { shape.first ?? 1 }
  /// Elements of a row.
  public var rowElementCount: Int { shape.dropFirst().reduce(1, *) }
  /// Elements of all rows.
  public var elementCount: Int { shape.reduce(1, *) }
  public var object: String? { nil }
  public var storageText: String? { nil }
  public var columnNames: [String]? { nil }
  public var classNames: [String]? { nil }

  /// Reads rows in their own type and the machine's byte order.
  public func read(rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
    try read(rows: rows, as: try elementType, into: destination)
  }

  /// All rows, converted to `T`: for those known to be few.
  public func readAll<T: HDF5Element>(as: T.Type = T.self) throws(HDF5Error) -> [T] {
    try read(rows: 0..<rowCount, as: T.self)
  }

  /// Some rows, converted to `T`.
  public func read<T: HDF5Element>(rows: Range<Int>, as: T.Type) throws(HDF5Error) -> [T] {
    var failure: HDF5Error?
    let elements = [T](unsafeUninitializedCapacity: rows.count * rowElementCount) { buffer, count in
      do throws(HDF5Error) {
        let bytes = UnsafeMutableRawBufferPointer(
          start: buffer.baseAddress, count: rows.count * rowElementCount * MemoryLayout<T>.stride)
        try read(rows: rows, as: T.elementType, into: bytes)
        count = rows.count * rowElementCount
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return elements
  }
}

extension HDF5Dataset: SampleRows {
  public var form: SampleForm { .array(order) }
  public var object: String? { path }
}
