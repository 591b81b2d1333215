package import Interchange
import NumericCore

/// A graph of ONNX in the making: appends operations, gives their values names, and keeps each constant once.
package struct ONNXGraph {
  package private(set) var model: ONNXModel
  /// What the names of operations begin with: the layer that they are of.
  package var scope = ""
  private var counts: [String: Int] = [:]
  private var known = Set<String>()
  private var transposed: [String: String] = [:]

  package init(name: String) { model = ONNXModel(name: name) }

  package mutating func addInput(_ value: ONNXModel.Value) { model.inputs.append(value) }

  /// Gives the value `name` the name of an output.
  package mutating func addOutput(_ name: String, as output: ONNXModel.Value) {
    model.nodes.append(ONNXNode("Identity", name: output.name, inputs: [name], outputs: [output.name]))
    model.outputs.append(output)
  }

  // MARK: Operations

  /// Appends an operation.
  ///
  /// - Parameter outputs: how many values it gives.
  /// - Returns: their names.
  package mutating func append(
    _ operation: String, _ inputs: [String], _ attributes: [(String, ONNXNode.Attribute)] = [], outputs: Int
  ) -> [String] {
    let base = (scope.isEmpty ? "" : scope + "/") + operation
    let number = counts[base, default: 0]
    counts[base] = number + 1
    let name = number == 0 ? base : "\(base)_\(number)"
    let names = outputs == 1 ? [name + "_output"] : (0..<outputs).map { "\(name)_output_\($0)" }
    model.nodes.append(
      ONNXNode(
        operation, name: name, inputs: inputs, outputs: names, attributes: attributes.map { (name: $0, value: $1) }))
    return names
  }

  /// Appends an operation that gives one value.
  package mutating func append(
    _ operation: String, _ inputs: String..., attributes: [(String, ONNXNode.Attribute)] = []
  ) -> String { append(operation, inputs, attributes, outputs: 1)[0] }

  /// Each sample in another shape.
  package mutating func reshape(_ value: String, to shape: [Int]) -> String {
    // 0 stands for the length that there is: any number of samples.
    append("Reshape", value, integers([0] + shape))
  }

  package mutating func transpose(_ value: String, _ axes: [Int]) -> String {
    append("Transpose", value, attributes: [("perm", .integers(axes))])
  }

  package mutating func cast(_ value: String, to type: ONNXElementType) -> String {
    append("Cast", value, attributes: [("to", .integer(type.rawValue))])
  }

  // MARK: Constants

  /// A parameter under the name that checkpoints have for it; one that layers share stands once.
  mutating func constant(_ parameter: ONNXParameter) -> String {
    constant(ONNXTensor(parameter.name, shape: parameter.shape, parameter.values))
  }

  /// A matrix [rows, columns] with its axes exchanged.
  mutating func transposed(_ matrix: ONNXParameter) -> String {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    var values = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns { values[column * rows + row] = matrix.values[row * columns + column] }
    }
    return constant(ONNXTensor(matrix.name + ".T", shape: [columns, rows], values))
  }

  package mutating func constant(_ tensor: ONNXTensor) -> String {
    if known.insert(tensor.name).inserted { model.constants.append(tensor) }
    return tensor.name
  }

  package mutating func integers(_ values: [Int]) -> String {
    constant(
      ONNXTensor(
        "integers_" + values.map(String.init).joined(separator: "_"), shape: [values.count], values.map(Int64.init)))
  }

  package mutating func integer(_ value: Int) -> String {
    constant(ONNXTensor("integer_\(value)", shape: [], [Int64(value)]))
  }

  package mutating func number(_ value: Float) -> String {
    constant(ONNXTensor("number_\(value)", shape: [], [value]))
  }

  // MARK: The order of axes

  /// The value of a flow in float32, channels last.
  package mutating func channelsLast(_ flow: ONNXFlow) -> String {
    let value = float(flow)
    guard flow.isChannelsFirst else { return value }
    return arranged(value, flow, axes: [0] + (2..<flow.shape.rank + 1) + [1], to: flow.shape.extents)
  }

  /// The value of a flow in float32, channels first.
  package mutating func channelsFirst(_ flow: ONNXFlow) -> String {
    let value = float(flow), rank = flow.shape.rank
    guard !flow.isChannelsFirst, rank > 1 else { return value }
    return arranged(
      value, flow, axes: [0, rank] + (1..<rank), to: [flow.channels] + flow.shape.extents.dropLast())
  }

  /// The value of a flow in float32, as it lies.
  package mutating func float(_ flow: ONNXFlow) -> String {
    flow.isInteger ? cast(flow.name, to: .float32) : flow.name
  }

  private mutating func arranged(_ value: String, _ flow: ONNXFlow, axes: [Int], to shape: [Int]) -> String {
    if let known = transposed[value] { return known }
    // A single channel stands in the same place first and last.
    let result = flow.channels == 1 ? reshape(value, to: shape) : transpose(value, axes)
    transposed[value] = result
    return result
  }
}
