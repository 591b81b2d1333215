internal import CHDF5
internal import Glibc

// Attributes are small values that describe the file (object "/"), a group or a data set.
extension HDF5File {
  /// Stores a text as UTF-8 of variable length, of any size; replaces what the name had.
  public func setAttribute(_ name: String, to value: String, of object: String = "/") throws(HDF5Error) {
    let subject = attributeSubject(name, object)
    let type = try makeStringType(subject)
    defer { release(type) }
    let space = try check("write", subject, H5Screate(H5S_SCALAR))
    defer { release(space) }
    try write(name, object, type: type, space: space) { (attribute) throws(HDF5Error) in
      try value.withText { (text) throws(HDF5Error) in
        var pointer: UnsafePointer<CChar>? = text
        _ = try check("write", subject, H5Awrite(attribute, type, &pointer))
      }
    }
  }

  /// Stores an integer; replaces what the name had.
  public func setAttribute(_ name: String, to value: Int, of object: String = "/") throws(HDF5Error) {
    try write(name, object, [value], isScalar: true)
  }

  /// Stores a number; replaces what the name had.
  public func setAttribute(_ name: String, to value: Double, of object: String = "/") throws(HDF5Error) {
    try write(name, object, [value], isScalar: true)
  }

  /// Stores integers, up to 8,000 (the format's 64 KiB an attribute; larger lists are data sets).
  public func setAttribute(_ name: String, to value: [Int], of object: String = "/") throws(HDF5Error) {
    try write(name, object, value, isScalar: false)
  }

  /// Stores numbers, up to 8,000 (the format's 64 KiB an attribute; larger lists are data sets).
  public func setAttribute(_ name: String, to value: [Double], of object: String = "/") throws(HDF5Error) {
    try write(name, object, value, isScalar: false)
  }

  /// The text of an attribute, of variable or fixed length; nil if there is no attribute of that name.
  public func stringAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> String? {
    try read(name, object) { (attribute, subject) throws(HDF5Error) in
      let type = try check("read", subject, H5Aget_type(attribute))
      defer { release(type) }
      guard H5Tget_class(type) == H5T_STRING, try count(attribute, subject) == 1 else {
        throw HDF5Error(operation: "read", subject: subject, reason: "it is not a text")
      }
      guard try check("read", subject, H5Tis_variable_str(type)) > 0 else {
        let padding = H5Tget_strpad(type)
        var bytes = [UInt8](repeating: 0, count: try believed(H5Tget_size(type), subject))
        try check("read", subject, H5Aread(attribute, type, &bytes))
        bytes = Array(bytes.prefix { $0 != 0 })
        if padding == H5T_STR_SPACEPAD { while bytes.last == 0x20 { bytes.removeLast() } }
        return String(bytes: bytes)
      }
      var text: UnsafeMutablePointer<CChar>?
      // The character set in memory must be that of the file: the library does not convert it.
      try check("read", subject, H5Aread(attribute, type, &text))
      defer { H5free_memory(text) }
      guard let text else { return "" }
      return String(bytes: UnsafeBufferPointer(start: text, count: strlen(text)).map(UInt8.init(bitPattern:)))
    }
  }

  /// An integer attribute; nil if there is no attribute of that name.
  public func intAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> Int? {
    try single(name, object, try numbers(name, object, Int.self))
  }

  /// A number attribute, integers included; nil if there is no attribute of that name.
  public func doubleAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> Double? {
    try single(name, object, try numbers(name, object, Double.self))
  }

  /// The integers of an attribute; nil if there is no attribute of that name.
  public func intsAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> [Int]? {
    try numbers(name, object, Int.self)
  }

  /// The numbers of an attribute, integers included; nil if there is no attribute of that name.
  public func doublesAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> [Double]? {
    try numbers(name, object, Double.self)
  }

  /// Whether an object has an attribute of that name.
  public func hasAttribute(_ name: String, of object: String = "/") throws(HDF5Error) -> Bool {
    try read(name, object) { (_, _) throws(HDF5Error) in true } ?? false
  }

  /// The type of an attribute's numbers; nil if there is no attribute of that name.
  func attributeType(_ name: String, of object: String) throws(HDF5Error) -> ElementType? {
    try read(name, object) { (attribute, subject) throws(HDF5Error) in
      let type = try check("read", subject, H5Aget_type(attribute))
      defer { release(type) }
      return try ElementType(ofType: type, subject)
    }
  }

  /// The names of an object's attributes, sorted.
  public func attributeNames(of object: String = "/") throws(HDF5Error) -> [String] {
    let subject = subject(object)
    let objectID = try check("list the attributes of", subject, H5Oopen(id, object, chdf5_default()))
    defer { release(objectID) }
    var names: [String] = []
    try withUnsafeMutablePointer(to: &names) { names throws(HDF5Error) in
      _ = try check(
        "list the attributes of", subject,
        H5Aiterate2(
          objectID, H5_INDEX_NAME, H5_ITER_INC, nil,
          { _, name, _, context in
            if let name { context?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name)) }
            return 0
          }, names))
    }
    return names.sorted()
  }
}

extension HDF5File {
  private func attributeSubject(_ name: String, _ object: String) -> String {
    "attribute '\(name)' of \(subject(object))"
  }

  /// The type of texts of variable length in UTF-8.
  func makeStringType(_ subject: String) throws(HDF5Error) -> hid_t {
    let type = try check("write", subject, H5Tcopy(chdf5_c_string()))
    do throws(HDF5Error) {
      try check("write", subject, H5Tset_size(type, chdf5_variable_size()))
      try check("write", subject, H5Tset_cset(type, H5T_CSET_UTF8))
    } catch {
      release(type)
      throw error
    }
    return type
  }

  private func write<T: HDF5Element>(
    _ name: String, _ object: String, _ values: [T], isScalar: Bool
  ) throws(HDF5Error) {
    let subject = attributeSubject(name, object)
    let count = hsize_t(values.count)
    let space = try check(
      "write", subject, isScalar ? H5Screate(H5S_SCALAR) : withUnsafePointer(to: count) { H5Screate_simple(1, $0, nil) }
    )
    defer { release(space) }
    try write(name, object, type: T.elementType.memoryType, space: space) { (attribute) throws(HDF5Error) in
      guard !values.isEmpty else { return }
      try check("write", subject, H5Awrite(attribute, T.elementType.memoryType, values))
    }
  }

  /// Creates the attribute anew and lets `body` write its value.
  private func write(
    _ name: String, _ object: String, type: hid_t, space: hid_t, _ body: (hid_t) throws(HDF5Error) -> Void
  ) throws(HDF5Error) {
    let subject = attributeSubject(name, object)
    let objectID = try check("write", subject, H5Oopen(id, object, chdf5_default()))
    defer { release(objectID) }
    if try check("write", subject, H5Aexists(objectID, name)) > 0 {
      try check("replace", subject, H5Adelete(objectID, name))
    }
    let attribute = try check(
      "write", subject, H5Acreate2(objectID, name, type, space, chdf5_default(), chdf5_default()))
    defer { release(attribute) }
    try body(attribute)
  }

  /// Opens the attribute, if it is there, and lets `body` read its value.
  func read<Value>(
    _ name: String, _ object: String, _ body: (_ attribute: hid_t, _ subject: String) throws(HDF5Error) -> Value
  ) throws(HDF5Error) -> Value? {
    let subject = attributeSubject(name, object)
    let objectID = try check("read", subject, H5Oopen(id, object, chdf5_default()))
    defer { release(objectID) }
    guard try check("read", subject, H5Aexists(objectID, name)) > 0 else { return nil }
    let attribute = try check("read", subject, H5Aopen(objectID, name, chdf5_default()))
    defer { release(attribute) }
    return try body(attribute, subject)
  }

  func count(_ attribute: hid_t, _ subject: String) throws(HDF5Error) -> Int {
    let space = try check("read", subject, H5Aget_space(attribute))
    defer { release(space) }
    return try believed(Int(try check("read", subject, H5Sget_simple_extent_npoints(space))), subject)
  }

  /// A size that the file says, if a file of its size can have it.
  private func believed(_ size: Int, _ subject: String) throws(HDF5Error) -> Int {
    guard try size <= byteCount else {
      throw HDF5Error(
        operation: "read", subject: subject, reason: "its size is said to be \(size): the file is damaged")
    }
    return size
  }

  private func numbers<T: HDF5Element>(_ name: String, _ object: String, _: T.Type) throws(HDF5Error) -> [T]? {
    try read(name, object) { (attribute, subject) throws(HDF5Error) in
      let type = try check("read", subject, H5Aget_type(attribute))
      defer { release(type) }
      let stored = try ElementType(ofType: type, subject)
      guard stored.isInteger || !T.elementType.isInteger else {
        throw HDF5Error(operation: "read", subject: subject, reason: "it is a \(stored.name), expected an integer")
      }
      let count = try count(attribute, subject)
      guard count > 0 else { return [] }
      var status: herr_t = 0
      let values = [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        chdf5_prepare()
        status = H5Aread(attribute, T.elementType.memoryType, buffer.baseAddress)
        initialized = status < 0 ? 0 : count
      }
      try check("read", subject, status)
      return values
    }
  }

  private func single<T>(_ name: String, _ object: String, _ values: [T]?) throws(HDF5Error) -> T? {
    guard let values else { return nil }
    guard let value = values.first, values.count == 1 else {
      throw HDF5Error(
        operation: "read", subject: attributeSubject(name, object),
        reason: "it has \(values.count) values, expected one")
    }
    return value
  }
}

extension String {
  /// A text of a file: UTF-8 or, where it is none, Latin-1, in which no two texts look the same.
  fileprivate init(bytes: [UInt8]) {
    self = String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map(Unicode.Scalar.init)))
  }

  /// Calls `body` with the bytes and a closing zero, for the duration of the call.
  fileprivate func withText(_ body: (UnsafePointer<CChar>) throws(HDF5Error) -> Void) throws(HDF5Error) {
    let bytes = utf8CString
    var failure: HDF5Error?
    bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      do throws(HDF5Error) { try body(base) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
