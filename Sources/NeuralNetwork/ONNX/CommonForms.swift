internal import Interchange
import NumericCore

// Dense layers, activations, dropout, and what changes shapes.

extension DenseLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let bias = place.parameters.count > 1 ? graph.constant(place.parameters[1]) : nil
    let input = graph.channelsLast(place.input)
    let result: String
    if inputShape.rank == 1 {
      result =
        graph.append(
          "Gemm", [input, graph.constant(place.parameters[0])] + (bias.map { [$0] } ?? []), [("transB", .integer(1))],
          outputs: 1)[0]
    } else {
      let product = graph.append("MatMul", input, graph.transposed(place.parameters[0]))
      result = bias.map { graph.append("Add", product, $0) } ?? product
    }
    return ONNXFlow(result, shape: outputShape)
  }
}

extension ActivationLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let input = graph.float(place.input)
    let result =
      switch function {
      case .relu: graph.append("Relu", input)
      case .leakyReLU(let slope):
        graph.append("LeakyRelu", input, attributes: [("alpha", .number(Float(slope)))])
      case .tanh: graph.append("Tanh", input)
      case .sigmoid: graph.append("Sigmoid", input)
      case .elu(let alpha): graph.append("Elu", input, attributes: [("alpha", .number(Float(alpha)))])
      case .silu: graph.append("Mul", input, graph.append("Sigmoid", input))
      case .gelu: graph.gelu(input)
      }
    return ONNXFlow(result, shape: outputShape, isChannelsFirst: place.input.isChannelsFirst)
  }
}

extension ONNXGraph {
  /// x · (1 + erf(x / √2)) / 2: the operation `Gelu` came with a later set than the one that is used.
  fileprivate mutating func gelu(_ input: String) -> String {
    let error = append("Erf", append("Div", input, number(Float(2).squareRoot())))
    return append("Mul", append("Mul", input, append("Add", error, number(1))), number(0.5))
  }
}

extension SoftmaxLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let result = graph.append("Softmax", graph.channelsLast(place.input), attributes: [("axis", .integer(-1))])
    return ONNXFlow(result, shape: outputShape)
  }
}

// Dropout is for training alone.

extension DropoutLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow { place.input }
}

extension SpatialDropoutLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow { place.input }
}

extension FlattenLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let input = order == .channelsFirst ? graph.channelsFirst(place.input) : graph.channelsLast(place.input)
    return ONNXFlow(graph.reshape(input, to: outputShape.extents), shape: outputShape)
  }
}

extension ReshapeLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    var flow = ONNXFlow("", shape: outputShape, isChannelsFirst: order == .channelsFirst)
    flow.name = graph.reshape(graph.float(place.input), to: flow.extents)
    return flow
  }
}

// Where branches join, they do so in one order of axes.

extension AddLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let (inputs, isChannelsFirst) = graph.aligned(place.inputs)
    let result = graph.append(inputs.count == 2 ? "Add" : "Sum", inputs, outputs: 1)[0]
    return ONNXFlow(result, shape: outputShape, isChannelsFirst: isChannelsFirst)
  }
}

extension ConcatLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let (inputs, isChannelsFirst) = graph.aligned(place.inputs)
    let result = graph.append("Concat", inputs, [("axis", .integer(isChannelsFirst ? 1 : -1))], outputs: 1)[0]
    return ONNXFlow(result, shape: outputShape, isChannelsFirst: isChannelsFirst)
  }
}

extension ONNXGraph {
  fileprivate mutating func aligned(_ flows: [ONNXFlow]) -> (names: [String], isChannelsFirst: Bool) {
    let isChannelsFirst = flows.contains { $0.isChannelsFirst }
    var names: [String] = []
    for flow in flows { names.append(isChannelsFirst ? channelsFirst(flow) : channelsLast(flow)) }
    return (names, isChannelsFirst)
  }
}
