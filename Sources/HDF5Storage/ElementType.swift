internal import Basics
internal import CHDF5

/// The types of data set elements, in memory always of the machine's byte order.
public enum ElementType: Sendable, Hashable, CaseIterable {
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case float32, float64

  /// Bytes of one element in memory.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  public var isInteger: Bool { self != .float32 && self != .float64 }

  /// The name that NumPy uses, such as `uint8`.
  public var name: String { "\(self)" }

  /// The library's type in memory: a constant, never to be closed.
  var memoryType: hid_t {
    switch self {
    case .int8: chdf5_int8()
    case .int16: chdf5_int16()
    case .int32: chdf5_int32()
    case .int64: chdf5_int64()
    case .uint8: chdf5_uint8()
    case .uint16: chdf5_uint16()
    case .uint32: chdf5_uint32()
    case .uint64: chdf5_uint64()
    case .float32: chdf5_float32()
    case .float64: chdf5_float64()
    }
  }

  /// The library's type in memory for as many bits, which are no number to it.
  var memoryBitsType: hid_t {
    switch byteCount {
    case 1: chdf5_bits8()
    case 2: chdf5_bits16()
    case 4: chdf5_bits32()
    default: chdf5_bits64()
    }
  }

  /// The smallest type that holds all values of the given ones or, where they are as wide as that allows, a number that
  /// is near each.
  static func common(_ types: some Sequence<ElementType>) -> ElementType {
    let types = Set(types)
    guard types.count > 1 else { return types.first ?? .float64 }
    let isSigned = types.contains { !$0.isUnsigned }
    let floats = types.filter { !$0.isInteger }
    // Half of a float's bits or more are digits.
    let digits = types.filter(\.isInteger).map { $0.byteCount * 8 - ($0.isUnsigned ? 0 : 1) }.max() ?? 0
    guard floats.isEmpty else { return floats == [.float32] && digits <= 24 ? .float32 : .float64 }
    let order: [ElementType] = isSigned ? [.int8, .int16, .int32, .int64] : [.uint8, .uint16, .uint32, .uint64]
    return order.first { $0.byteCount * 8 - (isSigned ? 1 : 0) >= digits } ?? .float64
  }

  /// The type that holds every value of the file's type `id` exactly, if there is one.
  ///
  /// Bits read as integers. Half precision reads as `float32`; an enumeration, as which h5py stores booleans, reads as
  /// its integers.
  init(ofType id: hid_t, _ subject: String) throws(HDF5Error) {
    let size = H5Tget_size(id)
    let kind = H5Tget_class(id)
    switch (kind, size) {
    case (H5T_INTEGER, 1), (H5T_INTEGER, 2), (H5T_INTEGER, 4), (H5T_INTEGER, 8),
      (H5T_BITFIELD, 1), (H5T_BITFIELD, 2), (H5T_BITFIELD, 4), (H5T_BITFIELD, 8):
      let isSigned = kind == H5T_INTEGER && H5Tget_sign(id) == H5T_SGN_2
      switch size {
      case 1: self = isSigned ? .int8 : .uint8
      case 2: self = isSigned ? .int16 : .uint16
      case 4: self = isSigned ? .int32 : .uint32
      default: self = isSigned ? .int64 : .uint64
      }
    case (H5T_FLOAT, 1...4): self = .float32
    // Longer ones, such as the long double of x86, lose digits.
    case (H5T_FLOAT, 5...16): self = .float64
    case (H5T_ENUM, _):
      let base = try check("read the type of", subject, H5Tget_super(id))
      defer { release(base) }
      try self.init(ofType: base, subject)
    default:
      let found =
        switch kind {
        case H5T_STRING: "strings"
        case H5T_COMPOUND:
          "compound records of \(Self.fields(of: id).shownList())"
        case H5T_VLEN: "rows of variable length"
        case H5T_ARRAY: "fixed arrays"
        case H5T_OPAQUE, H5T_BITFIELD: "raw bytes"
        case H5T_REFERENCE: "references"
        default: "numbers of \(size) bytes"
        }
      throw HDF5Error(
        operation: "read", subject: subject,
        reason:
          "its elements are \(found), expected integers of up to 64 bits or floating-point numbers"
          + (kind == H5T_COMPOUND ? "; name those to take: data.features=/TABLE:{a,b,c} data.labels=/TABLE:y" : "")
          + (kind == H5T_STRING ? "; texts are names of classes, in labels alone" : ""))
    }
  }

  /// The names of the fields of a compound type.
  private static func fields(of type: hid_t) -> [String] {
    (0..<UInt32(max(0, H5Tget_nmembers(type)))).compactMap { index in
      guard let name = H5Tget_member_name(type, index) else { return nil }
      defer { H5free_memory(name) }
      return String(cString: name)
    }
  }
}

/// A Swift type whose values can be the elements of a data set.
public protocol HDF5Element: BitwiseCopyable, Sendable {
  static var elementType: ElementType { get }
}

extension Int8: HDF5Element { public static var elementType: ElementType { .int8 } }
extension Int16: HDF5Element { public static var elementType: ElementType { .int16 } }
extension Int32: HDF5Element { public static var elementType: ElementType { .int32 } }
extension Int64: HDF5Element { public static var elementType: ElementType { .int64 } }
extension Int: HDF5Element { public static var elementType: ElementType { .int64 } }
extension UInt8: HDF5Element { public static var elementType: ElementType { .uint8 } }
extension UInt16: HDF5Element { public static var elementType: ElementType { .uint16 } }
extension UInt32: HDF5Element { public static var elementType: ElementType { .uint32 } }
extension UInt64: HDF5Element { public static var elementType: ElementType { .uint64 } }
extension Float: HDF5Element { public static var elementType: ElementType { .float32 } }
extension Double: HDF5Element { public static var elementType: ElementType { .float64 } }
