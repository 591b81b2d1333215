import Interchange

/// An ONNX model as it is read back from its file, by the field numbers of `onnx.proto`.
package struct ONNXFile {
  package struct Node {
    package var name = "", operation = ""
    package var inputs: [String] = [], outputs: [String] = []
  }

  package struct Tensor {
    package var name = "", type = 0
    package var shape: [Int] = []
    package var byteCount = 0
  }

  /// The shape has nil for a dimension without a length.
  package struct Value: Equatable {
    package var name = "", type = 0
    package var shape: [Int?] = []

    package init(name: String = "", type: Int = 0, shape: [Int?] = []) {
      (self.name, self.type, self.shape) = (name, type, shape)
    }
  }

  package var formatVersion = 0, operationSet = 0
  package var nodes: [Node] = []
  package var constants: [Tensor] = []
  package var inputs: [Value] = [], outputs: [Value] = []
  package var metadata: [String: String] = [:]

  package init(_ bytes: [UInt8]) throws {
    try Self.read(ProtobufReader(bytes[...])) { number, value in
      switch number {
      case 1: formatVersion = value.integer ?? 0
      case 7: try value.message.map { try readGraph($0) }
      case 8: try value.message.map { try Self.read($0) { if $0 == 2 { operationSet = $1.integer ?? 0 } } }
      case 14:
        var entry = ["", ""]
        try value.message.map { try Self.read($0) { entry[$0 - 1] = $1.text ?? "" } }
        metadata[entry[0]] = entry[1]
      default: break
      }
    }
  }

  private mutating func readGraph(_ message: ProtobufReader) throws {
    try Self.read(message) { number, value in
      guard let message = value.message, number != 2 else { return }
      switch number {
      case 1: nodes.append(try Node(message))
      case 5: constants.append(try Tensor(message))
      case 11: inputs.append(try Value(message))
      case 12: outputs.append(try Value(message))
      default: break
      }
    }
  }

  fileprivate static func read(
    _ message: ProtobufReader, _ body: (Int, ProtobufReader.Value) throws -> Void
  ) throws {
    var reader = message
    while let field = try reader.next() { try body(field.number, field.value) }
  }

  /// What is wrong with the graph; empty where every value is named once, is made before it is used, and all constants
  /// have their bytes and a use.
  package var faults: [String] {
    var faults: [String] = []
    let sizes = [1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 11: 8, 12: 4, 13: 8]
    for constant in constants where constant.byteCount != constant.shape.reduce(sizes[constant.type] ?? 0, *) {
      faults.append("\(constant.name): \(constant.byteCount) bytes of type \(constant.type) for \(constant.shape)")
    }
    var known = Set<String>()
    for name in inputs.map(\.name) + constants.map(\.name) where !known.insert(name).inserted {
      faults.append("\(name): named twice")
    }
    var names = Set<String>(), used = Set<String>()
    for node in nodes {
      if !names.insert(node.name).inserted { faults.append("\(node.name): two nodes") }
      for input in node.inputs where !input.isEmpty {
        if !known.contains(input) { faults.append("\(node.name): \(input) is not made before it") }
        used.insert(input)
      }
      for output in node.outputs where !known.insert(output).inserted { faults.append("\(output): made twice") }
    }
    for output in outputs where !known.contains(output.name) { faults.append("\(output.name): is not made") }
    for constant in constants where !used.contains(constant.name) { faults.append("\(constant.name): is not used") }
    return faults
  }
}

extension ONNXFile.Node {
  fileprivate init(_ message: ProtobufReader) throws {
    try ONNXFile.read(message) { number, value in
      switch number {
      case 1: inputs.append(value.text ?? "")
      case 2: outputs.append(value.text ?? "")
      case 3: name = value.text ?? ""
      case 4: operation = value.text ?? ""
      default: break
      }
    }
  }
}

extension ONNXFile.Tensor {
  fileprivate init(_ message: ProtobufReader) throws {
    try ONNXFile.read(message) { number, value in
      switch number {
      case 1: shape = try value.content.map { try ONNXFile.integers($0) } ?? []
      case 2: type = value.integer ?? 0
      case 8: name = value.text ?? ""
      case 9: byteCount = value.content?.count ?? 0
      default: break
      }
    }
  }
}

extension ONNXFile {
  /// A packed list of integers.
  fileprivate static func integers(_ bytes: ArraySlice<UInt8>) throws -> [Int] {
    var result: [Int] = [], value = 0, shift = 0
    for byte in bytes {
      value |= Int(byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 {
        result.append(value)
        (value, shift) = (0, 0)
      }
    }
    return result
  }
}

extension ONNXFile.Value {
  fileprivate init(_ message: ProtobufReader) throws {
    try ONNXFile.read(message) { number, value in
      if number == 1 { name = value.text ?? "" }
      guard number == 2, let type = value.message else { return }
      try ONNXFile.read(type) { _, value in
        guard let tensor = value.message else { return }
        try ONNXFile.read(tensor) { number, value in
          if number == 1 { self.type = value.integer ?? 0 }
          guard number == 2, let shape = value.message else { return }
          try ONNXFile.read(shape) { _, value in
            var extent: Int?
            if let dimension = value.message { try ONNXFile.read(dimension) { if $0 == 1 { extent = $1.integer } } }
            self.shape.append(extent)
          }
        }
      }
    }
  }
}
