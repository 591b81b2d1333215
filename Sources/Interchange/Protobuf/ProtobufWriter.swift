/// A message in the wire format of protocol buffers: a list of numbered fields.
///
/// The format is described in https://protobuf.dev/programming-guides/encoding. A field that is written twice is a list
/// of two; one that is not written has its default.
public struct ProtobufWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// A field of the types int32, int64 and bool, and of enumerations.
  public mutating func write(_ field: Int, _ value: Int) {
    tag(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A field of the type string.
  public mutating func write(_ field: Int, _ text: String) { write(field, Array(text.utf8)) }

  /// A field of the type bytes.
  public mutating func write(_ field: Int, _ content: some Collection<UInt8>) {
    tag(field, .bytes)
    varint(UInt64(content.count))
    bytes += content
  }

  /// A field of the type float.
  public mutating func write(_ field: Int, _ value: Float) {
    tag(field, .fixed32)
    fixed(value.bitPattern)
  }

  /// A field of the type double.
  public mutating func write(_ field: Int, _ value: Double) {
    tag(field, .fixed64)
    fixed(value.bitPattern)
  }

  /// A field that is a message itself.
  public mutating func write(_ field: Int, _ body: (inout ProtobufWriter) throws -> Void) rethrows {
    var message = ProtobufWriter()
    try body(&message)
    write(field, message.bytes)
  }

  /// A repeated field of integers, packed.
  public mutating func write(_ field: Int, packed values: some Collection<Int>) {
    var list = ProtobufWriter()
    for value in values { list.varint(UInt64(bitPattern: Int64(value))) }
    write(field, list.bytes)
  }

  /// A repeated field of the type double, packed.
  public mutating func write(_ field: Int, packed values: some Collection<Double>) {
    var list = ProtobufWriter()
    for value in values { list.fixed(value.bitPattern) }
    write(field, list.bytes)
  }

  private mutating func tag(_ field: Int, _ type: ProtobufWireType) { varint(UInt64(field) << 3 | type.rawValue) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func fixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}

/// How the value of a field is stored.
enum ProtobufWireType: UInt64 {
  case varint = 0
  case fixed64 = 1
  /// A length, then as many bytes.
  case bytes = 2
  case fixed32 = 5
}
