/// Types of elements, with their numbers in ONNX's `TensorProto.DataType`.
public enum ONNXElementType: Int, Sendable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
}

/// An array with a name and fixed values: a weight, or another constant of a graph.
public struct ONNXTensor: Sendable {
  public let name: String
  public let type: ONNXElementType
  public let shape: [Int]
  /// The elements row by row, little-endian.
  public let bytes: [UInt8]

  private init(_ name: String, _ type: ONNXElementType, _ shape: [Int], _ elements: [some Any]) {
    precondition(shape.reduce(1, *) == elements.count, "\(name): \(elements.count) elements for \(shape)")
    (self.name, self.type, self.shape) = (name, type, shape)
    // All machines that this program is built for are little-endian.
    bytes = elements.withUnsafeBytes { Array($0) }
  }

  public init(_ name: String, shape: [Int], _ elements: [Float]) { self.init(name, .float32, shape, elements) }
  public init(_ name: String, shape: [Int], _ elements: [Double]) { self.init(name, .float64, shape, elements) }
  public init(_ name: String, shape: [Int], _ elements: [Int64]) { self.init(name, .int64, shape, elements) }
  public init(_ name: String, shape: [Int], _ elements: [Bool]) { self.init(name, .bool, shape, elements) }

  /// `TensorProto`.
  func write(to message: inout ProtobufWriter) {
    message.write(1, packed: shape)
    message.write(2, type.rawValue)
    message.write(8, name)
    message.write(9, bytes)
  }
}
