import Basics

/// The number types of a safetensors file that this program reads; it writes `float32` and `int64`.
public enum SafetensorsType: String, Sendable, CaseIterable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  /// The upper half of a `float32` (Kalamkar et al. 2019).
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .uint8, .bool: 1
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    case .int64, .int32, .uint8, .bool: false
    }
  }

  /// The elements that little-endian bytes hold, each rounded to the nearest `Float`.
  func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    func load<Bits: FixedWidthInteger>(_ index: Int, _: Bits.Type) -> Bits {
      Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
    }
    let indices = 0..<bytes.count / byteCount
    return switch self {
    case .float64: indices.map { Float(Double(bitPattern: load($0, UInt64.self))) }
    case .float32: indices.map { Float(bitPattern: load($0, UInt32.self)) }
    case .float16: indices.map { Float(halfBits: load($0, UInt16.self)) }
    case .bfloat16: indices.map { Float(bitPattern: UInt32(load($0, UInt16.self)) << 16) }
    case .int64: indices.map { Float(load($0, Int64.self)) }
    case .int32: indices.map { Float(load($0, Int32.self)) }
    case .uint8: bytes.map { Float($0) }
    case .bool: bytes.map { $0 == 0 ? 0 : 1 }
    }
  }
}
