internal import Interchange
import NumericCore

// Normalizations, by running statistics or by those of the sample.

extension BatchNormLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    var inputs = [graph.channelsFirst(place.input)]
    for parameter in place.parameters + place.statistics { inputs.append(graph.constant(parameter)) }
    var result = graph.append(
      "BatchNormalization", inputs, [("epsilon", .number(Float(epsilon)))], outputs: 1)[0]
    if rectifies { result = graph.append("Relu", result) }
    return ONNXFlow(result, shape: outputShape, isChannelsFirst: true)
  }
}

extension LayerNormLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    var inputs = [graph.channelsLast(place.input)]
    for parameter in place.parameters { inputs.append(graph.constant(parameter)) }
    let result = graph.append(
      "LayerNormalization", inputs, [("axis", .integer(-1)), ("epsilon", .number(Float(epsilon)))], outputs: 1)[0]
    return ONNXFlow(result, shape: outputShape)
  }
}

extension GroupNormLayer: ONNXLayer {
  /// A group is an instance with all positions of its channels in one row.
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    var flow = ONNXFlow("", shape: outputShape, isChannelsFirst: true)
    let rows = graph.reshape(
      graph.channelsFirst(place.input), to: [groups, outputShape.elementCount / groups])
    let ones = graph.constant(ONNXTensor("ones_\(groups)", shape: [groups], [Float](repeating: 1, count: groups)))
    let zeros = graph.constant(ONNXTensor("zeros_\(groups)", shape: [groups], [Float](repeating: 0, count: groups)))
    let normalized = graph.append(
      "InstanceNormalization", rows, ones, zeros, attributes: [("epsilon", .number(Float(epsilon)))])
    flow.name = graph.reshape(normalized, to: flow.extents)
    for (operation, parameter) in zip(["Mul", "Add"], place.parameters) {
      // One for each channel, whatever the axes behind.
      let shape = parameter.shape + [Int](repeating: 1, count: outputShape.rank - 1)
      let constant = graph.constant(ONNXTensor(parameter.name, shape: shape, parameter.values))
      flow.name = graph.append(operation, flow.name, constant)
    }
    return flow
  }
}
