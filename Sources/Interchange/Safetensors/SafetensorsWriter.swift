import Settings

/// Composes a file in the format safetensors.
public struct SafetensorsWriter {
  private var members: [JSONValue.Member]
  private var content: [UInt8] = []

  /// - Parameter metadata: what is said beside the tensors, in this order.
  public init(metadata: [(key: String, text: String)] = []) {
    members =
      metadata.isEmpty
      ? [] : [.init("__metadata__", .object(metadata.map { .init($0.key, .string($0.text)) }))]
  }

  /// Adds an array of 32-bit floats.
  ///
  /// - Precondition: as many elements as the shape has.
  public mutating func add(_ name: String, shape: [Int], _ elements: [Float]) {
    precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements of shape \(shape) in \(name)")
    add(name, .float32, shape) { content in
      content.reserveCapacity(content.count + 4 * elements.count)
      for element in elements { withUnsafeBytes(of: element.bitPattern.littleEndian) { content += $0 } }
    }
  }

  /// Adds a whole number, as PyTorch's counters are.
  public mutating func add(_ name: String, _ number: Int64) {
    add(name, .int64, []) { content in withUnsafeBytes(of: number.littleEndian) { content += $0 } }
  }

  private mutating func add(_ name: String, _ type: SafetensorsType, _ shape: [Int], _ write: (inout [UInt8]) -> Void) {
    let start = content.count
    write(&content)
    members.append(
      .init(
        name,
        [
          "dtype": .string(type.rawValue), "shape": .array(shape.map { .integer($0) }),
          "data_offsets": [.integer(start), .integer(content.count)],
        ]))
  }

  /// The whole file. Spaces fill the header up, so that the elements stand at a multiple of 8 bytes.
  public var bytes: [UInt8] {
    var header = Array(JSONValue.object(members).line.utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + content
  }
}
