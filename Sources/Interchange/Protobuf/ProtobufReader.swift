/// Reads the fields of a message in the wire format of protocol buffers, in the order in which they stand.
///
/// Every length is held against the bytes that are there: a damaged message is an error and never more than that.
public struct ProtobufReader {
  /// A field's number and its value, of which the schema knows the type.
  public struct Field {
    public let number: Int
    public let value: Value
  }

  public enum Value: Equatable {
    case varint(UInt64)
    case fixed64(UInt64)
    /// A text, a message, bytes, or a packed list.
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  /// A message that ends inside a field, or has one of an unknown kind.
  public struct Damage: Error, Equatable {
    /// Where, in bytes from the message's start.
    public let offset: Int
  }

  private let message: ArraySlice<UInt8>
  private var rest: ArraySlice<UInt8>

  public init(_ message: ArraySlice<UInt8>) { (self.message, rest) = (message, message) }

  /// The next field; nil at the end.
  public mutating func next() throws(Damage) -> Field? {
    guard !rest.isEmpty else { return nil }
    let tag = try varint()
    guard let type = ProtobufWireType(rawValue: tag & 7), tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw damage }
    let value: Value
    switch type {
    case .varint: value = .varint(try varint())
    case .fixed64: value = .fixed64(try fixed())
    case .fixed32: value = .fixed32(try fixed())
    case .bytes:
      let count = try varint()
      guard count <= UInt64(rest.count) else { throw damage }
      value = .bytes(rest.prefix(Int(count)))
      rest = rest.dropFirst(Int(count))
    }
    return Field(number: Int(tag >> 3), value: value)
  }

  private var damage: Damage { Damage(offset: rest.startIndex - message.startIndex) }

  private mutating func varint() throws(Damage) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw damage }
      // The tenth byte has one bit left.
      guard shift < 63 || byte <= 1 else { throw damage }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw damage
  }

  private mutating func fixed<Value: FixedWidthInteger>() throws(Damage) -> Value {
    let size = MemoryLayout<Value>.size
    guard rest.count >= size else { throw damage }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size).reversed().reduce(0) { $0 << 8 | Value($1) }
  }
}

extension ProtobufReader.Value {
  /// Of the types int32, int64, bool and of enumerations.
  public var integer: Int? { if case .varint(let bits) = self { Int(Int64(bitPattern: bits)) } else { nil } }
  public var text: String? {
    if case .bytes(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil }
  }
  public var content: ArraySlice<UInt8>? { if case .bytes(let bytes) = self { bytes } else { nil } }
  public var message: ProtobufReader? { content.map { ProtobufReader($0) } }
  public var float: Float? { if case .fixed32(let bits) = self { Float(bitPattern: bits) } else { nil } }
  public var double: Double? { if case .fixed64(let bits) = self { Double(bitPattern: bits) } else { nil } }
}
