internal import Basics
internal import CHDF5

/// The rows of a sparse matrix in compressed rows (CSR), written out: the group's `data` hold what is not zero, row by
/// row, `indices` its columns, and `indptr` where each row begins.
///
/// As scipy, anndata (h5ad) and h5sparse write them, and 10x Genomics with cells as rows.
final class SparseRows: SampleRows {
  let file: HDF5File
  let path: String
  let shape: [Int]
  private let values: HDF5Dataset
  private let indices: HDF5Dataset
  private let starts: HDF5Dataset

  static func isSparse(_ path: String, in file: HDF5File) throws(HDF5Error) -> Bool {
    let names = try file.names(in: path)
    return ["data", "indices", "indptr"].allSatisfy(names.contains)
  }

  /// - Throws: where the parts do not fit together, or the matrix is in compressed columns.
  init(_ path: String, in file: HDF5File) throws(HDF5Error) {
    self.file = file
    self.path = path
    values = try file.samples(path + "/data")
    indices = try file.samples(path + "/indices")
    starts = try file.samples(path + "/indptr")
    shape = try Self.shape(path, rows: starts.rowCount - 1, in: file)
    for part in [values, indices, starts] where part.shape.count != 1 {
      throw failure("\(part.path.shownName) has the shape \(part.shape), expected a list")
    }
    guard try indices.elementType.isInteger, try starts.elementType.isInteger else {
      throw failure("its indices and indptr are no whole numbers")
    }
    guard indices.rowCount == values.rowCount else {
      throw failure(
        "it has \(grouped(values.rowCount)) data and \(grouped(indices.rowCount)) indices, expected as many")
    }
    let ends = try [0, shape[0]].map { (row) throws(HDF5Error) in try starts.read(rows: row..<row + 1, as: Int.self)[0]
    }
    guard ends == [0, values.rowCount] else {
      throw failure("indptr goes from \(ends[0]) to \(ends[1]), expected 0 to \(values.rowCount), the number of data")
    }
  }

  private func failure(_ reason: String) -> HDF5Error {
    HDF5Error(operation: "read", subject: file.subject(path), reason: "the sparse matrix is damaged: " + reason)
  }

  /// Rows and columns, as an attribute or a data set `shape` says them.
  private static func shape(_ path: String, rows: Int, in file: HDF5File) throws(HDF5Error) -> [Int] {
    func failure(_ reason: String) -> HDF5Error {
      HDF5Error(operation: "read", subject: file.subject(path), reason: reason)
    }
    var format: String?
    for name in ["encoding-type", "h5sparse_format", "format"] where format == nil {
      format = try file.textsAttribute(name, of: path)?.first?.lowercased()
    }
    guard format?.hasPrefix("csc") != true else {
      throw failure(
        "it is a sparse matrix in compressed columns, expected compressed rows: write X.tocsr() "
          + "(anndata: adata.X = adata.X.tocsr())")
    }
    var extents: [Int]?
    for name in ["shape", "h5sparse_shape"] where extents == nil {
      extents = try file.intsAttribute(name, of: path)
    }
    if extents == nil, try file.kind(of: path + "/shape") == .dataset {
      let list = try file.samples(path + "/shape")
      if list.shape == [2] { extents = try list.readAll(as: Int.self) }
    }
    guard var extents, extents.count == 2, extents.allSatisfy({ $0 >= 0 }) else {
      throw failure("it is a sparse matrix without its shape; expected the attribute 'shape' of two whole numbers")
    }
    // 10x Genomics writes features × cells in compressed columns, which is cells × features in compressed rows.
    if try file.kind(of: path + "/barcodes") == .dataset { extents.reverse() }
    guard extents[0] == rows else {
      let isTransposed = extents[1] == rows ? "; it may be in compressed columns: write X.tocsr()" : ""
      throw failure(
        "it is a sparse matrix of \(extents[0]) rows, but indptr has the beginnings of \(rows)\(isTransposed)")
    }
    return try HDF5Dataset.believed(extents, file.subject(path))
  }

  var form: SampleForm { .sparse }
  var object: String? { path }
  var elementType: ElementType { get throws(HDF5Error) { try values.elementType } }
  var chunkShape: [Int]? { nil }
  var filters: [String] { values.filters }
  var marksMissing: Bool { values.marksMissing }
  func value(_ number: Double) -> Double { values.value(number) }
  func unwrittenPart() throws(HDF5Error) -> String? { try values.rowCount == 0 ? nil : values.unwrittenPart() }
  func requireWritten() throws(HDF5Error) { if values.rowCount > 0 { try values.requireWritten() } }

  var storageText: String? {
    let percent = (1000 * Double(values.rowCount) / Double(max(1, elementCount))).rounded() / 10
    return "sparse rows, \(percent) % of the values"
  }

  func read(
    rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    destination.initializeMemory(as: UInt8.self, repeating: 0)
    guard !rows.isEmpty, shape[1] > 0 else { return }
    let starts = try starts.read(rows: rows.lowerBound..<rows.upperBound + 1, as: Int.self)
    for (row, (start, end)) in zip(rows, zip(starts, starts.dropFirst()))
    where !(0 <= start && start <= end && end <= values.rowCount) {
      throw failure("row \(row) is said to go from \(start) to \(end) of \(values.rowCount) data")
    }
    var row = 0
    // As many values at a time as take some megabytes.
    let most = 1 << 19
    var next = starts[0]
    // The row in which a column was last set, to find what is there twice.
    var lastRow = [Int](repeating: -1, count: shape[1])
    var places = [Int](repeating: 0, count: min(most, starts[rows.count] - starts[0]))
    while next < starts[rows.count] {
      let part = next..<min(next + most, starts[rows.count])
      let columns = try indices.read(rows: part, as: Int.self)
      let numbers = UnsafeMutableRawBufferPointer.allocate(byteCount: part.count * type.byteCount, alignment: 16)
      defer { numbers.deallocate() }
      try values.read(rows: part, as: type, into: numbers)
      for (offset, column) in columns.enumerated() {
        while part.lowerBound + offset >= starts[row + 1] { row += 1 }
        guard 0 <= column, column < shape[1] else {
          throw failure("row \(rows.lowerBound + row) has a value in column \(column) of \(shape[1])")
        }
        guard lastRow[column] != row else {
          throw HDF5Error(
            operation: "read", subject: file.subject(path),
            reason: "row \(rows.lowerBound + row) has column \(column) twice; add them up: X.sum_duplicates()")
        }
        lastRow[column] = row
        places[offset] = row * shape[1] + column
      }
      Elements.scatter(
        UnsafeRawBufferPointer(numbers), to: places[..<part.count], of: destination, size: type.byteCount)
      next = part.upperBound
    }
  }
}
