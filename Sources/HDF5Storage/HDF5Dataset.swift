internal import CHDF5

/// A data set of an open file: an array of numbers, of which rows (indices of the first axis) are read and written.
public final class HDF5Dataset: @unchecked Sendable {
  /// The file, which stays open as long as its data sets are in use.
  public let file: HDF5File
  /// The path inside the file.
  public let path: String
  /// The extents of the axes; empty for a single number.
  public var shape: [Int] { order.shape(ofStored: storedShape) }
  /// The extents of a chunk; nil if the elements are stored in one piece.
  public var chunkShape: [Int]? { storedChunkShape.map(order.shape) }
  /// The extents in the file's order of the axes.
  let storedShape: [Int]
  let storedChunkShape: [Int]?
  /// In which order the file has the axes. Rows are written in the file's order alone.
  public let order: AxisOrder
  /// How the numbers of the file stand for values; nil where they are the values.
  let packing: Packing?
  /// The names of the filters that chunks pass through, such as `shuffle` and `gzip`, in the order of writing.
  public let filters: [String]
  let id: hid_t

  /// How errors name the data set.
  var subject: String { file.subject(path) }

  /// Takes over the identifier `id`, also if it throws.
  init(
    file: HDF5File, path: String, takingOver id: hid_t, order: AxisOrder = .asStored, packing: Packing? = nil
  ) throws(HDF5Error) {
    let subject = file.subject(path)
    do throws(HDF5Error) {
      let layout = try Self.storage(id, subject)
      storedShape = try Self.shape(id, subject)
      storedChunkShape = layout.chunkShape
      filters = layout.filters
    } catch {
      release(id)
      throw error
    }
    self.file = file
    self.path = path
    self.id = id
    self.order = order
    self.packing = packing
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

  /// The type of the elements in memory.
  ///
  /// - Throws: if the elements are no numbers.
  public var elementType: ElementType {
    get throws(HDF5Error) {
      if let packing { return packing.values }
      return try storedType
    }
  }

  /// The type of the numbers in the file.
  var storedType: ElementType {
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

  /// Whether some numbers stand for missing values, which read as NaN.
  public var marksMissing: Bool { packing?.missing.isEmpty == false }

  /// What a number of the file stands for.
  public func value(_ number: Double) -> Double { packing?.value(number) ?? number }

  /// Reads rows and converts them to `type`. Values outside its range are clamped, fractions cut off.
  public func read(
    rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    checkBounds(rows, type, byteCount: destination.count)
    guard !destination.isEmpty else { return }
    guard let packing else { return try readArranged(rows, as: type, into: destination) }
    guard !type.isInteger || type == packing.values else {
      throw HDF5Error(operation: "read", subject: subject, reason: "its values are \(packing.values.name)")
    }
    let stored = try storedType
    let numbers = UnsafeMutableRawBufferPointer.allocate(
      byteCount: rows.count * rowElementCount * stored.byteCount, alignment: 64)
    defer { numbers.deallocate() }
    try readArranged(rows, as: stored, into: numbers)
    if let index = packing.decode(UnsafeRawBufferPointer(numbers), as: type, into: destination) {
      throw HDF5Error(
        operation: "read", subject: subject,
        reason: "row \(rows.lowerBound + index / rowElementCount) has no value: it holds the number that the attribute "
          + "_FillValue or missing_value names; remove such rows or fill them")
    }
  }

  /// Reads rows of the file's numbers, converted to `type`, in the order of `shape`.
  private func readArranged(
    _ rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    guard order != .asStored else { return try readStored(rows, as: type, into: destination) }
    let numbers = UnsafeMutableRawBufferPointer.allocate(byteCount: destination.count, alignment: 64)
    defer { numbers.deallocate() }
    try readStored(rows, as: type, into: numbers)
    var extents = storedShape
    extents[order.sampleAxis(of: extents.count)] = rows.count
    order.arrange(UnsafeRawBufferPointer(numbers), extents, size: type.byteCount, into: destination)
  }

  private func readStored(
    _ rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    guard let base = destination.baseAddress else { return }
    guard try typeClass == .bits else { return try read(rows, type.memoryType, into: base) }
    // The library does not convert bits to numbers: they are read as they are, and then taken for numbers.
    let stored = try storedType
    let count = rows.count * rowElementCount
    let bits = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count * max(stored.byteCount, type.byteCount), alignment: 16)
    defer { bits.deallocate() }
    guard let start = bits.baseAddress else { return }
    try read(rows, stored.memoryBitsType, into: start)
    try check(
      "read", subject,
      H5Tconvert(stored.memoryType, type.memoryType, count, start, nil, chdf5_default()))
    base.copyMemory(from: start, byteCount: count * type.byteCount)
  }

  /// Reads rows as the library's type `type`, such as texts or a choice of the fields of records.
  func read(_ rows: Range<Int>, _ type: hid_t, into base: UnsafeMutableRawPointer) throws(HDF5Error) {
    let (memorySpace, fileSpace) = try spaces(rows)
    defer {
      release(memorySpace)
      release(fileSpace)
    }
    do throws(HDF5Error) {
      try check("read", subject, H5Dread(id, type, memorySpace, fileSpace, chdf5_default(), base))
    } catch {
      guard let filter = try? missingFilter() else { throw error }
      throw HDF5Error(operation: "read", subject: subject, reason: filter)
    }
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
      guard !storedShape.isEmpty else { return (try check("select rows of", subject, H5Scopy(file)), file) }
      var start = storedShape.map { _ in hsize_t(0) }
      var count = storedShape.map { hsize_t($0) }
      let axis = order.sampleAxis(of: storedShape.count)
      start[axis] = hsize_t(rows.lowerBound)
      count[axis] = hsize_t(rows.count)
      try check("select rows of", subject, H5Sselect_hyperslab(file, H5S_SELECT_SET, start, nil, count, nil))
      return (try check("select rows of", subject, H5Screate_simple(Int32(count.count), count, nil)), file)
    } catch {
      release(file)
      throw error
    }
  }
}
