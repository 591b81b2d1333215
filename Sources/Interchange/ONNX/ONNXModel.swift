/// A model in the Open Neural Network Exchange format, and its file: messages of protocol buffers, whose fields
/// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto numbers.
public struct ONNXModel: Sendable {
  /// The version of the format: that of ONNX 1.12 (June 2022).
  public static let formatVersion = 8
  /// The version of the set of operations: the first with `LayerNormalization`, read by ONNX Runtime from 1.12 on.
  public static let operationSet = 17
  /// The most bytes of one message of protocol buffers.
  public static let greatestSize = Int(Int32.max)

  /// A value that goes in or comes out.
  public struct Value: Sendable {
    public let name: String
    public let type: ONNXElementType
    /// Of one sample; the first axis of the value, the samples, may be of any length.
    public let shape: [Int]
    /// What it is, in words.
    public let meaning: String

    public init(_ name: String, _ type: ONNXElementType, shape: [Int], _ meaning: String) {
      (self.name, self.type, self.shape, self.meaning) = (name, type, shape, meaning)
    }
  }

  public var name: String
  /// In the order in which they are computed.
  public var nodes: [ONNXNode] = []
  public var constants: [ONNXTensor] = []
  public var inputs: [Value] = []
  public var outputs: [Value] = []
  public var producerVersion = ""
  /// What the model is, in words.
  public var meaning = ""
  /// Texts by name, in order.
  public var metadata: [(key: String, text: String)] = []

  public init(name: String) { self.name = name }

  /// The file, a `ModelProto`.
  public var bytes: [UInt8] {
    var message = ProtobufWriter()
    message.write(1, Self.formatVersion)
    message.write(2, "ddp-train")
    message.write(3, producerVersion)
    message.write(6, meaning)
    message.write(7) { writeGraph(to: &$0) }
    message.write(8) {
      $0.write(1, "")
      $0.write(2, Self.operationSet)
    }
    for (key, text) in metadata {
      message.write(14) {
        $0.write(1, key)
        $0.write(2, text)
      }
    }
    return message.bytes
  }

  /// `GraphProto`.
  private func writeGraph(to graph: inout ProtobufWriter) {
    for node in nodes { graph.write(1) { node.write(to: &$0) } }
    graph.write(2, name)
    for constant in constants { graph.write(5) { constant.write(to: &$0) } }
    for (field, values) in [(11, inputs), (12, outputs)] {
      for value in values { graph.write(field) { value.write(to: &$0) } }
    }
  }
}

extension ONNXModel.Value {
  /// `ValueInfoProto`, whose first dimension has a name instead of a length.
  fileprivate func write(to message: inout ProtobufWriter) {
    message.write(1, name)
    message.write(2) { value in
      value.write(1) { tensor in
        tensor.write(1, type.rawValue)
        tensor.write(2) { shape in
          shape.write(1) { $0.write(2, "samples") }
          for extent in self.shape { shape.write(1) { $0.write(1, extent) } }
        }
      }
    }
    message.write(3, meaning)
  }
}
