internal import Basics
internal import CHDF5

extension HDF5Dataset {
  /// The extents of the data set `id`; `[0]` if it is declared to hold nothing.
  static func shape(_ id: hid_t, _ subject: String) throws(HDF5Error) -> [Int] {
    let space = try check("read the shape of", subject, H5Dget_space(id))
    defer { release(space) }
    if H5Sget_simple_extent_type(space) == H5S_NULL { return [0] }
    let rank = try check("read the shape of", subject, H5Sget_simple_extent_ndims(space))
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try check("read the shape of", subject, H5Sget_simple_extent_dims(space, &extents, nil))
    return extents.map { Int($0) }
  }

  /// Whether the data set `id` is stored in the file itself, in one piece, unfiltered.
  static func isStoredInOnePiece(_ id: hid_t, _ subject: String) throws(HDF5Error) -> Bool {
    let list = try check("read the layout of", subject, H5Dget_create_plist(id))
    defer { release(list) }
    let layout = try check("read the layout of", subject, H5Pget_layout(list).rawValue)
    guard layout == H5D_CONTIGUOUS.rawValue || layout == H5D_COMPACT.rawValue else { return false }
    let filterCount = try check("read the layout of", subject, H5Pget_nfilters(list))
    let fileCount = try check("read the layout of", subject, H5Pget_external_count(list))
    return filterCount == 0 && fileCount == 0
  }

  /// How the data set `id` is laid out in the file.
  static func storage(_ id: hid_t, _ subject: String) throws(HDF5Error) -> (chunkShape: [Int]?, filters: [String]) {
    let list = try check("read the layout of", subject, H5Dget_create_plist(id))
    defer { release(list) }
    guard H5Pget_layout(list) == H5D_CHUNKED else { return (nil, []) }
    let rank = try check("read the layout of", subject, H5Pget_chunk(list, 0, nil))
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try check("read the layout of", subject, H5Pget_chunk(list, rank, &extents))
    let filterCount = try check("read the filters of", subject, H5Pget_nfilters(list))
    var filters: [String] = []
    for index in 0..<UInt32(filterCount) {
      filters.append(try filterName(list, index, subject))
    }
    return (extents.map { Int($0) }, filters)
  }

  private static func filterName(_ list: hid_t, _ index: UInt32, _ subject: String) throws(HDF5Error) -> String {
    var flags: UInt32 = 0
    var valueCount = 0
    var name = [CChar](repeating: 0, count: 64)
    var configuration: UInt32 = 0
    let filter = try check(
      "read the filters of", subject,
      H5Pget_filter2(list, index, &flags, &valueCount, nil, name.count, &name, &configuration))
    switch filter {
    case H5Z_FILTER_DEFLATE: return "gzip"
    case H5Z_FILTER_SHUFFLE: return "shuffle"
    case H5Z_FILTER_FLETCHER32: return "fletcher32"
    default:
      let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return text.isEmpty ? "filter \(filter)" : text
    }
  }

  /// Opens a data set with a chunk cache that holds one row of chunks, so that rows read in order inflate each chunk
  /// once.
  static func open(_ path: String, in file: HDF5File) throws(HDF5Error) -> HDF5Dataset {
    let subject = file.subject(path)
    let id = try check("open", subject, H5Dopen2(file.id, path, chdf5_default()))
    let dataset = try HDF5Dataset(file: file, path: path, takingOver: id)
    guard let chunkShape = dataset.chunkShape, let type = try? dataset.elementType else { return dataset }
    let chunksPerRow = zip(dataset.shape, chunkShape).dropFirst().reduce(1) { $0 * (($1.0 + $1.1 - 1) / max(1, $1.1)) }
    let needed = chunksPerRow * chunkShape.reduce(type.byteCount, *)
    guard needed > defaultCacheByteCount, needed <= largestCacheByteCount else { return dataset }

    let list = try check("open", subject, H5Pcreate(chdf5_dataset_access()))
    defer { release(list) }
    // The library advises a prime number of slots, at least ten times the chunks; 1 evicts fully read chunks first.
    try check("open", subject, H5Pset_chunk_cache(list, 12_421, needed, 1))
    return try HDF5Dataset(
      file: file, path: path, takingOver: try check("open", subject, H5Dopen2(file.id, path, list)))
  }

  /// The library's own cache size.
  private static var defaultCacheByteCount: Int { 1 << 20 }
  private static var largestCacheByteCount: Int { 1 << 28 }
}

extension HDF5File {
  /// Opens a data set.
  ///
  /// - Throws: if there is no data set of that path; the reason lists those that are there.
  public func dataset(_ datasetPath: String) throws(HDF5Error) -> HDF5Dataset {
    guard try exists(datasetPath) else {
      let known = try datasetPaths().shownList(none: "no data set at all")
      throw HDF5Error(
        operation: "open", subject: subject(datasetPath),
        reason: "there is no such data set; the file has \(known)")
    }
    return try HDF5Dataset.open(datasetPath, in: self)
  }
}
