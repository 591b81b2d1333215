internal import Basics
internal import CHDF5
internal import Glibc

/// What the elements of a data set are.
enum TypeClass: Equatable {
  case numbers, bits, texts, records, references, other

  init(_ type: hid_t) {
    self =
      switch H5Tget_class(type) {
      case H5T_INTEGER, H5T_FLOAT, H5T_ENUM: .numbers
      case H5T_BITFIELD: .bits
      case H5T_STRING: .texts
      case H5T_COMPOUND: .records
      case H5T_REFERENCE: .references
      default: .other
      }
  }
}

/// A field of the records of a data set.
struct RecordField: Equatable {
  let name: String
  /// The extents of what a record has under that name; empty for a single value.
  let shape: [Int]
  let typeClass: TypeClass
  /// Nil where the values are no numbers.
  let elementType: ElementType?
  /// The names of an enumeration's members by value; nil for what is none, and for booleans.
  let members: [Int: String]?

  var elementCount: Int { shape.reduce(1, *) }
}

extension HDF5Dataset {
  var typeClass: TypeClass {
    get throws(HDF5Error) {
      let type = try check("read the type of", subject, H5Dget_type(id))
      defer { release(type) }
      return TypeClass(type)
    }
  }

  /// The fields of the records, in the file's order; empty where the elements are no records.
  func fields() throws(HDF5Error) -> [RecordField] {
    let type = try check("read the type of", subject, H5Dget_type(id))
    defer { release(type) }
    guard TypeClass(type) == .records else { return [] }
    var fields: [RecordField] = []
    for index in 0..<UInt32(try check("read the type of", subject, H5Tget_nmembers(type))) {
      guard let text = H5Tget_member_name(type, index) else { continue }
      let name = String(cString: text)
      H5free_memory(text)
      let member = try check("read the type of", subject, H5Tget_member_type(type, index))
      defer { release(member) }
      fields.append(try field(name, member))
    }
    return fields
  }

  private func field(_ name: String, _ type: hid_t) throws(HDF5Error) -> RecordField {
    guard H5Tget_class(type) == H5T_ARRAY else {
      return RecordField(
        name: name, shape: [], typeClass: TypeClass(type), elementType: try? ElementType(ofType: type, subject),
        members: try HDF5File.enumerationNames(ofType: type, subject))
    }
    var extents = [hsize_t](
      repeating: 0, count: Int(try check("read the type of", subject, H5Tget_array_ndims(type))))
    try check("read the type of", subject, H5Tget_array_dims2(type, &extents))
    // Of whole records, which are read at once.
    let shape = try Self.believed(extents.map { Int(clamping: $0) }, subject)
    guard shape.reduce(1, *) <= 1 << 24 else {
      throw HDF5Error(
        operation: "read", subject: subject,
        reason: "its field '\(name.shownName)' is of the shape \(shape); is it damaged?")
    }
    let element = try check("read the type of", subject, H5Tget_super(type))
    defer { release(element) }
    return RecordField(
      name: name, shape: shape, typeClass: TypeClass(element),
      elementType: try? ElementType(ofType: element, subject),
      members: try HDF5File.enumerationNames(ofType: element, subject))
  }

  /// Reads some fields of records, all of numbers, converted to `type`: their elements one after the other, row by row.
  ///
  /// - Parameter destination: overwritten; exactly those elements.
  func read(
    _ fields: [RecordField], rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    guard let base = destination.baseAddress, !rows.isEmpty else { return }
    let width = fields.reduce(0) { $0 + $1.elementCount }
    precondition(destination.count == rows.count * width * type.byteCount, "\(destination.count) bytes of \(subject)")
    try withRecord(width * type.byteCount) { (record) throws(HDF5Error) in
      var offset = 0
      for field in fields {
        try insert(field, record, offset, type.memoryType)
        offset += field.elementCount * type.byteCount
      }
      try read(rows, record, into: base)
    }
  }

  /// Reads a field of bits, converted to `type`.
  func read(
    bits field: RecordField, rows: Range<Int>, as type: ElementType, into destination: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    guard let base = destination.baseAddress, let stored = field.elementType, !rows.isEmpty else { return }
    let count = rows.count * field.elementCount
    let bits = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count * max(stored.byteCount, type.byteCount), alignment: 16)
    defer { bits.deallocate() }
    guard let start = bits.baseAddress else { return }
    try withRecord(field.elementCount * stored.byteCount) { (record) throws(HDF5Error) in
      try insert(field, record, 0, stored.memoryBitsType)
      try read(rows, record, into: start)
    }
    try check("read", subject, H5Tconvert(stored.memoryType, type.memoryType, count, start, nil, chdf5_default()))
    base.copyMemory(from: start, byteCount: count * type.byteCount)
  }

  /// Calls `body` with a type of records of so many bytes that has no field yet.
  func withRecord(_ byteCount: Int, _ body: (hid_t) throws(HDF5Error) -> Void) throws(HDF5Error) {
    let record = try check("read", subject, H5Tcreate(H5T_COMPOUND, byteCount))
    defer { release(record) }
    try body(record)
  }

  private func insert(
    _ field: RecordField, _ record: hid_t, _ offset: Int, _ element: hid_t
  ) throws(HDF5Error) {
    guard !field.shape.isEmpty else {
      return _ = try check("read", subject, H5Tinsert(record, field.name, offset, element))
    }
    let extents = field.shape.map { hsize_t($0) }
    let array = try check("read", subject, H5Tarray_create2(element, UInt32(extents.count), extents))
    defer { release(array) }
    try check("read", subject, H5Tinsert(record, field.name, offset, array))
  }

  /// Reads texts, of the elements or of a field of theirs.
  ///
  /// - Returns: their bytes, as they stand.
  func texts(rows: Range<Int>, field: RecordField? = nil) throws(HDF5Error) -> [[UInt8]] {
    guard !rows.isEmpty else { return [] }
    var type = try check("read the type of", subject, H5Dget_type(id))
    defer { release(type) }
    if let field {
      let index = H5Tget_member_index(type, field.name)
      guard index >= 0 else {
        throw HDF5Error(operation: "read", subject: subject, reason: "it has no field '\(field.name.shownName)'")
      }
      try replace(&type, by: H5Tget_member_type(type, UInt32(index)))
      if H5Tget_class(type) == H5T_ARRAY { try replace(&type, by: H5Tget_super(type)) }
    }
    let isVariable = try check("read", subject, H5Tis_variable_str(type)) > 0
    let size = isVariable ? MemoryLayout<UnsafeMutablePointer<CChar>?>.size : H5Tget_size(type)
    guard size > 0, size <= 1 << 20 else {
      throw HDF5Error(operation: "read", subject: subject, reason: "its texts take \(size) bytes each; is it damaged?")
    }
    let width = field?.elementCount ?? 1
    let most = max(1, (16 << 20) / (size * width))
    guard rows.count <= most else {
      var texts: [[UInt8]] = []
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: most) {
        texts += try self.texts(rows: start..<min(start + most, rows.upperBound), field: field)
      }
      return texts
    }
    let count = rows.count * width
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count * size, alignment: 16)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    guard let base = memory.baseAddress else { return [] }
    if let field {
      try withRecord(size * field.elementCount) { (record) throws(HDF5Error) in
        try insert(field, record, 0, type)
        try read(rows, record, into: base)
      }
    } else {
      try read(rows, type, into: base)
    }
    guard !isVariable else {
      return memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self).map { text in
        guard let text else { return [] }
        defer { H5free_memory(text) }
        return UnsafeBufferPointer(start: text, count: strlen(text)).map(UInt8.init(bitPattern:))
      }
    }
    let isPadded = H5Tget_strpad(type) == H5T_STR_SPACEPAD
    return (0..<count).map { index in
      var bytes = Array(memory[index * size..<(index + 1) * size].prefix { $0 != 0 })
      if isPadded { while bytes.last == 0x20 { bytes.removeLast() } }
      return bytes
    }
  }

  /// - Parameter new: an identifier, taken over in place of the old one.
  private func replace(_ type: inout hid_t, by new: hid_t) throws(HDF5Error) {
    let new = try check("read the type of", subject, new)
    release(type)
    type = new
  }
}
