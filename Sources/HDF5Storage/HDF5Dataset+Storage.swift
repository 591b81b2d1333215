internal import Basics
internal import CHDF5
internal import Glibc

extension HDF5Dataset {
  /// The extents of the data set `id`; `[0]` if it is declared to hold nothing.
  static func shape(_ id: hid_t, _ subject: String) throws(HDF5Error) -> [Int] {
    let space = try check("read the shape of", subject, H5Dget_space(id))
    defer { release(space) }
    if H5Sget_simple_extent_type(space) == H5S_NULL { return [0] }
    let rank = try check("read the shape of", subject, H5Sget_simple_extent_ndims(space))
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try check("read the shape of", subject, H5Sget_simple_extent_dims(space, &extents, nil))
    return try believed(extents.map { Int(clamping: $0) }, subject)
  }

  /// A shape whose elements a machine can hold; no later product of extents and bytes overflows.
  static func believed(_ shape: [Int], _ subject: String) throws(HDF5Error) -> [Int] {
    var bytes = MemoryLayout<Double>.size * 2
    for extent in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(1, extent))
      guard !overflow else {
        throw HDF5Error(
          operation: "read", subject: subject,
          reason: "its shape \(shape) is of more elements than any machine can hold; is the file damaged?")
      }
      bytes = product
    }
    return shape
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

  /// The bytes of an element as it is in the file before any filter.
  var storedElementByteCount: Int {
    let type = H5Dget_type(id)
    defer { release(type) }
    return H5Tget_size(type)
  }

  /// The bytes of all elements as they are in the file before any filter.
  var storedByteCount: Int { elementCount.multipliedReportingOverflow(by: storedElementByteCount).partialValue }

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
    return (extents.map { Int(clamping: $0) }, filters)
  }

  /// What is to be done about a filter of the data set that the library cannot find; nil where it finds all.
  func missingFilter() throws(HDF5Error) -> String? {
    let list = try check("read the filters of", subject, H5Dget_create_plist(id))
    defer { release(list) }
    for index in 0..<UInt32(try check("read the filters of", subject, H5Pget_nfilters(list))) {
      var flags: UInt32 = 0, configuration: UInt32 = 0
      var valueCount = 0
      let filter = try check(
        "read the filters of", subject,
        H5Pget_filter2(list, index, &flags, &valueCount, nil, 0, nil, &configuration))
      guard H5Zfilter_avail(filter) <= 0 else { continue }
      let known = Self.filters[Int(filter)]
      let name = known?.name ?? filters[Int(index)]
      let package = known?.package.map { "install its plugin (Debian: apt install \($0)), or " } ?? ""
      let plugins =
        known?.isInPython == true
        ? "set HDF5_PLUGIN_PATH to the plugins of Python's hdf5plugin "
          + "(python3 -c 'import hdf5plugin; print(hdf5plugin.PLUGINS_PATH)'), or " : ""
      return "its chunks are compressed by the filter \(name.shownName) (\(filter)), which is not installed; "
        + "\(package)\(plugins)rewrite the file where the filter is there: h5repack -f GZIP=4 OLD.h5 NEW.h5"
    }
    return nil
  }

  /// Filters that the HDF Group has registered and files have, the Debian package with the plugin, and whether Python's
  /// package hdf5plugin brings it.
  private static let filters: [Int: (name: String, package: String?, isInPython: Bool)] = [
    4: ("szip", nil, false), 307: ("bzip2", "hdf5-filter-plugin", true),
    32_000: ("lzf", "hdf5-plugin-lzf liblzf1", false),
    32_001: ("blosc", "hdf5-filter-plugin-blosc-serial", true), 32_004: ("lz4", "hdf5-filter-plugin", true),
    32_008: ("bitshuffle", nil, true), 32_013: ("zfp", "hdf5-filter-plugin-zfp-serial", true),
    32_015: ("zstd", nil, true), 32_017: ("sz", nil, true), 32_018: ("fcidecomp", nil, true),
    32_024: ("sz3", nil, true), 32_026: ("blosc2", nil, true), 32_028: ("sperr", nil, true),
  ]

  /// Debian's plugin for LZF does not say that it needs the library of that name, which has to be there first.
  private static let loadsLZF: Void = { _ = dlopen("liblzf.so.1", RTLD_NOW | RTLD_GLOBAL) }()

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
      if let known = filters[Int(filter)] {
        if known.name == "lzf" { loadsLZF }
        return known.name
      }
      let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return text.isEmpty ? "filter \(filter)" : text
    }
  }

  /// Opens a data set with a chunk cache that holds one row of chunks, so that rows read in order inflate each chunk
  /// once.
  ///
  /// - Parameter limit: the most bytes of the cache; nil for the usual one.
  /// - Throws: also if a row of chunks is larger than `limit`: every read would inflate all of it again.
  static func open(
    _ path: String, in file: HDF5File, order: AxisOrder = .asStored, packing: Packing? = nil, limit: Int? = nil
  ) throws(HDF5Error) -> HDF5Dataset {
    let subject = file.subject(path)
    let id = try check("open", subject, H5Dopen2(file.id, path, chdf5_default()))
    let dataset = try HDF5Dataset(file: file, path: path, takingOver: id, order: order, packing: packing)
    guard let chunkShape = dataset.storedChunkShape else { return dataset }
    let axis = order.sampleAxis(of: chunkShape.count)
    let chunksPerRow = zip(dataset.storedShape, chunkShape).enumerated().filter { $0.offset != axis }.reduce(1.0) {
      $0 * Double(($1.element.0 - 1) / max(1, $1.element.1) + 1)
    }
    let needed = chunksPerRow * chunkShape.reduce(Double(dataset.storedElementByteCount)) { $0 * Double($1) }
    guard needed <= Double(limit ?? largestCacheByteCount) else {
      guard let limit, !dataset.filters.isEmpty else { return dataset }
      throw HDF5Error(
        operation: "read", subject: subject,
        reason: "its chunks are \(chunkShape), of which a row takes \(byteText(needed)) when unpacked, and "
          + "\(byteText(Double(limit))) may be taken; rewrite it in smaller chunks (h5repack -l CHUNK=…), or allow "
          + "four times as much with \(MemoryBudget.variable)=SIZE")
    }
    guard Int(needed) > defaultCacheByteCount else { return dataset }

    let list = try check("open", subject, H5Pcreate(chdf5_dataset_access()))
    defer { release(list) }
    // The library advises a prime number of slots, at least ten times the chunks; 1 evicts fully read chunks first.
    try check("open", subject, H5Pset_chunk_cache(list, 12_421, Int(needed), 1))
    return try HDF5Dataset(
      file: file, path: path, takingOver: try check("open", subject, H5Dopen2(file.id, path, list)), order: order,
      packing: packing)
  }

  /// - Throws: if the data set unpacks to far more than is stored, as what was made to fill memory and time does.
  func checkExpansion() throws(HDF5Error) {
    let whole = Double(elementCount) * Double(try storedType.byteCount)
    let stored = H5Dget_storage_size(id)
    guard !filters.isEmpty, stored > 0, whole > 5e8, whole > 200 * Double(stored), MemoryBudget.chosen == nil
    else { return }
    throw HDF5Error(
      operation: "read", subject: subject,
      reason: "its \(byteText(Double(stored))) unpack to \(byteText(whole)), which is \(Int(whole / Double(stored))) "
        + "times as much; if that is meant, allow it with \(MemoryBudget.variable)=SIZE")
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
      let known = try entries().map(\.path).shownList(none: "no data set at all")
      throw HDF5Error(
        operation: "open", subject: subject(datasetPath),
        reason: "there is no such data set; the file has \(known)")
    }
    return try HDF5Dataset.open(datasetPath, in: self)
  }
}
