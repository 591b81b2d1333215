internal import CHDF5

/// A data set of an open file: an array of numbers, of which rows (indices of the first axis) are read and written.
public final class HDF5Dataset: @unchecked Sendable {
  /// The file, which stays open as long as its data sets are in use.
  public let file: HDF5File
  /// The path inside the file.
  public let path: String
  /// The extents of the axes; empty for a single number.
  public let shape: [Int]
  /// The extents of a chunk; nil if the elements are stored in one piece.
  public let chunkShape: [Int]?
  /// The names of the filters that chunks pass through, such as `shuffle` and `gzip`, in the order of writing.
  public let filters: [String]
  private let id: hid_t

  /// How errors name the data set.
  var subject: String { file.subject(path) }

  /// Takes over the identifier `id`, also if it throws.
  init(file: HDF5File, path: String, takingOver id: hid_t) throws(HDF5Error) {
    let subject = file.subject(path)
    do throws(HDF5Error) {
      let layout = try Self.storage(id, subject)
      shape = try Self.shape(id, subject)
      chunkShape = layout.chunkShape
      filters = layout.filters
    } catch {
      release(id)
      throw error
    }
    self.file = file
    self.path = path
    self.id = id
  }

  deinit {
    guard !file.isAbandoned, H5Iis_valid(id) > 0 else { return }
    if file.isWritable {
      // The last chunks go out here; a failure abandons the file, whose `close()` throws it.
      guard (try? flush()) != nil else { return }
    }
    release(id)
  }

  /// Writes the chunks that are buffered.
  private func flush() throws(HDF5Error) {
    try file.abandoningOnFailure { () throws(HDF5Error) in
      _ = try check("write", subject, H5Dflush(id))
    }
  }

  /// The number of rows; a single number counts as one row.
  public var rowCount: Int { shape.first ?? 1 }
  /// Elements of a row.
  public var rowElementCount: Int { shape.dropFirst().reduce(1, *) }
  /// Elements of the whole data set.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The type of the elements in memory.
  ///
  /// - Throws: if the elements are no numbers.
  public var elementType: ElementType {
    get throws(HDF5Error) {
      let type = try check("read the type of", subject, H5Dget_type(id))
      defer { release(type) }
      return try ElementType(ofType: type, subject)
    }
  }

  /// Whether the elements stand in the file itself, in one piece, unfiltered, all of them.
  public var isStoredInOnePiece: Bool {
    get throws(HDF5Error) {
      guard try Self.isStoredInOnePiece(id, subject) else { return false }
      let stored = try check("read the layout of", subject, Int(clamping: H5Dget_storage_size(id)))
      let expected = elementCount * (try elementType.byteCount)
      let limit = try file.byteCount
      return stored == expected && stored <= limit
    }
  }

  /// Reads rows in the data set's own type and the machine's byte order.
  ///
  /// - Parameter destination: overwritten; exactly `rows.count · rowElementCount` elements.
  /// - Precondition: the rows are among those of the data set.
  public func read(rows: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
    try read(rows: rows, as: try elementType, into: destination)
  }

  /// Reads rows and converts them to `type`. Values outside its range are clamped, fractions cut off.
  public func read(
    rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    checkBounds(rows, type, byteCount: destination.count)
    guard let base = destination.baseAddress, !destination.isEmpty else { return }
    let (memorySpace, fileSpace) = try spaces(rows)
    defer {
      release(memorySpace)
      release(fileSpace)
    }
    try check("read", subject, H5Dread(id, type.memoryType, memorySpace, fileSpace, chdf5_default(), base))
  }

  /// The whole data set, converted to `T`: for data sets known to be small.
  public func readAll<T: HDF5Element>(as: T.Type = T.self) throws(HDF5Error) -> [T] {
    var failure: HDF5Error?
    let elements = [T](unsafeUninitializedCapacity: elementCount) { buffer, count in
      do throws(HDF5Error) {
        let bytes = UnsafeMutableRawBufferPointer(
          start: buffer.baseAddress, count: elementCount * MemoryLayout<T>.stride)
        try read(rows: 0..<rowCount, as: T.elementType, into: bytes)
        count = elementCount
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return elements
  }

  /// Writes rows that are in the data set's own type and the machine's byte order.
  ///
  /// - Precondition: the rows are among those of the data set, and `source` holds exactly their elements.
  public func write(rows: Range<Int>, from source: UnsafeRawBufferPointer) throws(HDF5Error) {
    let type = try elementType
    checkBounds(rows, type, byteCount: source.count)
    guard let base = source.baseAddress, !source.isEmpty else { return }
    let (memorySpace, fileSpace) = try spaces(rows)
    defer {
      release(memorySpace)
      release(fileSpace)
    }
    try check("write", subject, H5Dwrite(id, type.memoryType, memorySpace, fileSpace, chdf5_default(), base))
  }

  private func checkBounds(_ rows: Range<Int>, _ type: ElementType, byteCount: Int) {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows \(rows) of \(rowCount) of \(subject)")
    let expected = rows.count * rowElementCount * type.byteCount
    precondition(byteCount == expected, "\(byteCount) bytes for rows of \(expected) bytes of \(subject)")
  }

  /// The data spaces of `rows` in memory and in the file; the caller releases both.
  private func spaces(_ rows: Range<Int>) throws(HDF5Error) -> (memory: hid_t, file: hid_t) {
    let file = try check("select rows of", subject, H5Dget_space(id))
    do throws(HDF5Error) {
      guard !shape.isEmpty else { return (try check("select rows of", subject, H5Scopy(file)), file) }
      var start = shape.map { _ in hsize_t(0) }
      var count = shape.map { hsize_t($0) }
      start[0] = hsize_t(rows.lowerBound)
      count[0] = hsize_t(rows.count)
      try check("select rows of", subject, H5Sselect_hyperslab(file, H5S_SELECT_SET, start, nil, count, nil))
      return (try check("select rows of", subject, H5Screate_simple(Int32(count.count), count, nil)), file)
    } catch {
      release(file)
      throw error
    }
  }
}
