internal import CHDF5

extension HDF5File {
  /// The members of the enumeration that a data set's elements are of, by value, such as `[0: "cat", 1: "dog"]`; nil
  /// where they are no enumeration, and for booleans, as h5py stores them.
  public func enumerationNames(ofDataset datasetPath: String) throws(HDF5Error) -> [Int: String]? {
    let subject = subject(datasetPath)
    let dataset = try check("open", subject, H5Dopen2(id, datasetPath, chdf5_default()))
    defer { release(dataset) }
    let stored = try check("read the type of", subject, H5Dget_type(dataset))
    defer { release(stored) }
    return try Self.enumerationNames(ofType: stored, subject)
  }

  /// The members of the library's type `stored`, as `enumerationNames(ofDataset:)` gives them.
  static func enumerationNames(ofType stored: hid_t, _ subject: String) throws(HDF5Error) -> [Int: String]? {
    guard H5Tget_class(stored) == H5T_ENUM else { return nil }
    let type = try check("read the type of", subject, H5Tget_native_type(stored, H5T_DIR_ASCEND))
    defer { release(type) }
    let size = H5Tget_size(type), isSigned = H5Tget_sign(type) == H5T_SGN_2
    var names: [Int: String] = [:]
    for member in 0..<UInt32(try check("read the type of", subject, H5Tget_nmembers(type))) {
      guard size <= 8, let text = H5Tget_member_name(type, member) else { return nil }
      defer { H5free_memory(text) }
      var bits: UInt64 = 0
      try check("read the type of", subject, H5Tget_member_value(type, member, &bits))
      let unused = 64 - 8 * size
      let value = isSigned ? Int(Int64(bitPattern: bits << unused) >> unused) : Int(truncatingIfNeeded: bits)
      names[value] = String(cString: text)
    }
    return Set(names.values) == ["FALSE", "TRUE"] ? nil : names
  }
}
