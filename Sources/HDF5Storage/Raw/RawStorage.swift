internal import Basics
internal import CHDF5

/// Where the rows of a data set stand in a file, for reading them without the library: it serves one thread of a
/// process at a time, and inflates chunks while all others wait.
struct RawStorage {
  enum Layout {
    /// All rows one behind the other, the first at byte `offset` of the file.
    case contiguous(offset: Int)
    /// Chunks of so many whole rows.
    case chunks(rows: Int, isShuffled: Bool, isCompressed: Bool)
  }

  /// The file that they stand in, which is another than that of the data set's path behind an external link.
  let file: String
  let layout: Layout
  let elementByteCount: Int
  let rowByteCount: Int
}

extension HDF5Dataset {
  /// Where the rows stand; nil where reading them takes more than copying, unshuffling and inflating bytes: another
  /// byte order or type, packed values, reversed axes, other filters, other files, chunks of parts of rows.
  func rawStorage() throws(HDF5Error) -> RawStorage? {
    guard packing == nil, order == .asStored, !storedShape.isEmpty, elementCount > 0 else { return nil }
    let type = try storedType
    guard try isStored(as: type), try !hasUserBlock() else { return nil }
    let list = try check("read the layout of", subject, H5Dget_create_plist(id))
    defer { release(list) }
    guard try check("read the layout of", subject, H5Pget_external_count(list)) == 0,
      let layout = try layout(list, type)
    else { return nil }
    return RawStorage(
      file: try fileName(), layout: layout, elementByteCount: type.byteCount,
      rowByteCount: rowElementCount * type.byteCount)
  }

  private func layout(_ list: hid_t, _ type: ElementType) throws(HDF5Error) -> RawStorage.Layout? {
    switch try check("read the layout of", subject, H5Pget_layout(list).rawValue) {
    case H5D_CONTIGUOUS.rawValue:
      // Without an address nothing was written yet.
      guard let offset = Int(exactly: H5Dget_offset(id)), try isStoredInOnePiece else { return nil }
      return .contiguous(offset: offset)
    case H5D_CHUNKED.rawValue:
      var options: UInt32 = 0
      try check("read the layout of", subject, H5Pget_chunk_opts(list, &options))
      guard options == 0, let chunk = storedChunkShape, chunk.dropFirst().elementsEqual(storedShape.dropFirst()),
        let filters = try filterNumbers(list)
      else { return nil }
      // Each is undone in turn, the last one first.
      let isUsual = filters == [] || filters == [shuffle] || filters == [deflate] || filters == [shuffle, deflate]
      let bytes = chunk.reduce(Double(type.byteCount)) { $0 * Double($1) }
      guard isUsual, bytes < Double(UInt32.max) else { return nil }
      return .chunks(
        rows: chunk[0], isShuffled: filters.contains(shuffle), isCompressed: filters.contains(deflate))
    default: return nil
    }
  }

  private var shuffle: Int32 { H5Z_FILTER_SHUFFLE }
  private var deflate: Int32 { H5Z_FILTER_DEFLATE }

  private func filterNumbers(_ list: hid_t) throws(HDF5Error) -> [Int32]? {
    var numbers: [Int32] = []
    for index in 0..<UInt32(try check("read the filters of", subject, H5Pget_nfilters(list))) {
      var flags: UInt32 = 0, configuration: UInt32 = 0
      var valueCount = 0
      numbers.append(
        try check(
          "read the filters of", subject,
          H5Pget_filter2(list, index, &flags, &valueCount, nil, 0, nil, &configuration)))
    }
    return numbers
  }

  /// Whether the file has the numbers as memory has them.
  private func isStored(as type: ElementType) throws(HDF5Error) -> Bool {
    let stored = try check("read the type of", subject, H5Dget_type(id))
    defer { release(stored) }
    return try check("read the type of", subject, H5Tequal(stored, type.memoryType)) > 0
  }

  /// Whether the file begins with bytes that the library's addresses do not count.
  private func hasUserBlock() throws(HDF5Error) -> Bool {
    let file = try check("read the layout of", subject, H5Iget_file_id(id))
    defer { release(file) }
    let list = try check("read the layout of", subject, H5Fget_create_plist(file))
    defer { release(list) }
    var size: hsize_t = 0
    try check("read the layout of", subject, H5Pget_userblock(list, &size))
    return size > 0
  }

  private func fileName() throws(HDF5Error) -> String {
    let length = try check("read the layout of", subject, H5Fget_name(id, nil, 0))
    var bytes = [CChar](repeating: 0, count: length + 1)
    try check("read the layout of", subject, H5Fget_name(id, &bytes, bytes.count))
    return String(cString: bytes)
  }

  /// Where the chunk that begins with `row` stands in the file and which filters it has not passed; nil where it was
  /// never written.
  func chunk(fromRow row: Int) throws(HDF5Error) -> (address: Int, byteCount: Int, skippedFilters: UInt32)? {
    var offset = storedShape.map { _ in hsize_t(0) }
    offset[0] = hsize_t(row)
    var mask: UInt32 = 0
    var address: haddr_t = 0
    var size: hsize_t = 0
    try check("read the layout of", subject, H5Dget_chunk_info_by_coord(id, &offset, &mask, &address, &size))
    guard size > 0, let address = Int(exactly: address) else { return nil }
    return (address, Int(clamping: size), mask)
  }
}
