/// One operation of a graph, applied to values by their names.
public struct ONNXNode: Sendable {
  public enum Attribute: Sendable {
    case integer(Int)
    case integers([Int])
    case number(Float)
    case text(String)
  }

  /// Such as `Gemm`.
  public let operation: String
  public let name: String
  /// An empty name stands for an input that is left out.
  public let inputs: [String]
  public let outputs: [String]
  public let attributes: [(name: String, value: Attribute)]

  public init(
    _ operation: String, name: String, inputs: [String], outputs: [String],
    attributes: [(name: String, value: Attribute)] = []
  ) {
    (self.operation, self.name, self.attributes) = (operation, name, attributes)
    (self.inputs, self.outputs) = (inputs, outputs)
  }

  /// `NodeProto`.
  func write(to message: inout ProtobufWriter) {
    for input in inputs { message.write(1, input) }
    for output in outputs { message.write(2, output) }
    message.write(3, name)
    message.write(4, operation)
    for (name, value) in attributes {
      message.write(5) {
        $0.write(1, name)
        value.write(to: &$0)
      }
    }
  }
}

extension ONNXNode.Attribute {
  /// The value and the kind of `AttributeProto`.
  fileprivate func write(to message: inout ProtobufWriter) {
    switch self {
    case .number(let number):
      message.write(2, number)
      message.write(20, 1)
    case .integer(let integer):
      message.write(3, integer)
      message.write(20, 2)
    case .text(let text):
      message.write(4, text)
      message.write(20, 3)
    case .integers(let integers):
      message.write(8, packed: integers)
      message.write(20, 7)
    }
  }
}
