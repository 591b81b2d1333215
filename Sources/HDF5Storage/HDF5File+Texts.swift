internal import Basics
internal import CHDF5

// Lists of texts: names of columns and classes, as h5py, pandas, anndata and netCDF write them.
extension HDF5File {
  /// Stores a list of names as one text attribute, a line each; line breaks inside a name become spaces.
  public func setLines(_ name: String, _ lines: [String], of object: String) throws(HDF5Error) {
    try setAttribute(name, to: lines.map(\.onOneLine).joined(separator: "\n"), of: object)
  }

  /// Writes a list of texts as a data set [N], each UTF-8 of variable length, and the groups above it that are missing.
  public func write(texts: [String], to datasetPath: String) throws(HDF5Error) {
    let subject = subject(datasetPath)
    let type = try makeStringType(subject)
    defer { release(type) }
    let dataset = try makeTextDataset(datasetPath, type, rowCount: texts.count)
    defer { release(dataset) }
    guard !texts.isEmpty else { return }
    // All texts behind each other, each closed by a zero, and where each begins.
    var bytes: [CChar] = []
    var starts: [Int] = []
    for text in texts {
      starts.append(bytes.count)
      bytes += text.utf8CString
    }
    let status = bytes.withUnsafeBufferPointer { bytes -> herr_t in
      let pointers = starts.map { start in bytes.baseAddress.map { $0 + start } }
      return H5Dwrite(dataset, type, chdf5_all(), chdf5_all(), chdf5_default(), pointers)
    }
    try check("write", subject, status)
  }

  /// Creates an empty data set [N] of a type of texts, and the groups above it that are missing; to be released.
  func makeTextDataset(_ datasetPath: String, _ type: hid_t, rowCount: Int) throws(HDF5Error) -> hid_t {
    let subject = subject(datasetPath)
    let extent = hsize_t(rowCount)
    let space = try check("create", subject, withUnsafePointer(to: extent) { H5Screate_simple(1, $0, nil) })
    defer { release(space) }
    let links = try makeLinkList(subject)
    defer { release(links) }
    let creation = try check("create", subject, H5Pcreate(chdf5_dataset_create()))
    defer { release(creation) }
    try check("create", subject, H5Pset_obj_track_times(creation, false))
    return try check("create", subject, H5Dcreate2(id, datasetPath, type, space, links, creation, chdf5_default()))
  }

  /// The texts of an attribute, one or many.
  ///
  /// - Returns: nil if there is no attribute of that name, or it is none of texts.
  public func textsAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> [String]? {
    try read(name, object) { (attribute, subject) throws(HDF5Error) -> [String]? in
      let type = try check("read", subject, H5Aget_type(attribute))
      defer { release(type) }
      guard H5Tget_class(type) == H5T_STRING else { return nil }
      return try texts(count: try count(attribute, subject), type, subject) { H5Aread(attribute, type, $0) }
    } ?? nil
  }

  /// The texts of a data set.
  ///
  /// - Returns: nil if there is no data set of that path, or it is none of texts.
  public func texts(ofDataset path: String) throws(HDF5Error) -> [String]? {
    guard try exists(path) else { return nil }
    let subject = subject(path)
    let dataset = H5Dopen2(id, path, chdf5_default())
    // What exists and does not open as a data set is a group.
    guard dataset >= 0 else { return nil }
    defer { release(dataset) }
    let type = try check("read", subject, H5Dget_type(dataset))
    defer { release(type) }
    guard H5Tget_class(type) == H5T_STRING else { return nil }
    let space = try check("read", subject, H5Dget_space(dataset))
    defer { release(space) }
    let count = Int(try check("read", subject, H5Sget_simple_extent_npoints(space)))
    return try texts(count: count, type, subject) {
      H5Dread(dataset, type, chdf5_all(), chdf5_all(), chdf5_default(), $0)
    }
  }

  /// The path of the data set that labels an axis of another, as netCDF's coordinates and h5py's dimension scales do.
  ///
  /// - Returns: nil if the axis has none.
  public func scale(ofAxis axis: Int, of object: String) throws(HDF5Error) -> String? {
    try read("DIMENSION_LIST", object) { (attribute, subject) throws(HDF5Error) -> String? in
      let type = try check("read", subject, H5Aget_type(attribute))
      defer { release(type) }
      let axes = try count(attribute, subject)
      // An array of no more than 32 axes, each with a list of references.
      guard H5Tget_class(type) == H5T_VLEN, axis < axes, axes <= 32 else { return nil }
      let element = try check("read", subject, H5Tget_super(type))
      defer { release(element) }
      guard H5Tget_class(element) == H5T_REFERENCE, H5Tget_size(element) == MemoryLayout<hobj_ref_t>.size else {
        return nil
      }
      var lists = [hvl_t](repeating: hvl_t(), count: axes)
      try check("read", subject, H5Aread(attribute, type, &lists))
      let space = try check("read", subject, H5Aget_space(attribute))
      defer {
        H5Dvlen_reclaim(type, space, chdf5_default(), &lists)
        release(space)
      }
      guard lists[axis].len > 0, let reference = lists[axis].p else { return nil }
      let scale = H5Rdereference2(attribute, chdf5_default(), H5R_OBJECT, reference)
      guard scale >= 0 else { return nil }
      defer { release(scale) }
      var name = [CChar](repeating: 0, count: 1024)
      guard H5Iget_name(scale, &name, name.count) > 0 else { return nil }
      return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    } ?? nil
  }

  /// More than any list of names needs; what a damaged file asks for beyond it is not allocated.
  private static var textByteLimit: Int { 64 << 20 }

  /// - Parameter type: of the file; the library does not convert between character sets.
  private func texts(
    count: Int, _ type: hid_t, _ subject: String, _ read: (UnsafeMutableRawPointer) -> herr_t
  ) throws(HDF5Error) -> [String] {
    guard count > 0 else { return [] }
    let isVariable = try check("read", subject, H5Tis_variable_str(type)) > 0
    let size = isVariable ? MemoryLayout<UnsafeMutablePointer<CChar>?>.size : H5Tget_size(type)
    guard size > 0, count <= Self.textByteLimit / size else {
      throw HDF5Error(
        operation: "read", subject: subject, reason: "\(count) texts are more than the 64 MiB that names may have")
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count * size, alignment: 16)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    guard let base = memory.baseAddress else { return [] }
    try check("read", subject, read(base))
    guard !isVariable else {
      return memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self).map { text in
        defer { H5free_memory(text) }
        return text.map { String(cString: $0) } ?? ""
      }
    }
    let isPadded = H5Tget_strpad(type) == H5T_STR_SPACEPAD
    return (0..<count).map { index in
      var bytes = memory[index * size..<(index + 1) * size].prefix { $0 != 0 }
      if isPadded { while bytes.last == 0x20 { bytes.removeLast() } }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}
