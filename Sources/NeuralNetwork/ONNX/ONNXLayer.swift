internal import Interchange
import NumericCore

/// A layer that the operations of ONNX can express.
///
/// Each layer says how in one of the files of this folder; one that does not is refused by name. What it appends
/// computes what `forward` does in evaluation.
protocol ONNXLayer {
  /// Appends the layer's operations.
  ///
  /// - Parameter place: what the layer reads, and its parameters and running statistics.
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow
}

/// What flows from layer to layer in a graph: a value of ONNX, with a sample axis in front of the others.
///
/// Layers here have channels last; ONNX's convolutions, poolings and normalizations have them first. A flow says how
/// its value lies, and is transposed where a layer needs it otherwise; so images that pass from convolution to
/// convolution are not transposed between.
package struct ONNXFlow {
  package var name: String
  /// Of one sample, channels last.
  package var shape: Shape
  /// Whether the last axis of `shape` is the first of the value's, behind the samples.
  package var isChannelsFirst = false
  /// Whether the value is of int64; else it is of float32.
  package var isInteger = false

  package init(_ name: String, shape: Shape, isChannelsFirst: Bool = false, isInteger: Bool = false) {
    (self.name, self.shape) = (name, shape)
    (self.isChannelsFirst, self.isInteger) = (isChannelsFirst && shape.rank > 1, isInteger)
  }

  /// Of one sample, as the value lies.
  package var extents: [Int] {
    isChannelsFirst ? [shape[shape.rank - 1]] + shape.extents.dropLast() : shape.extents
  }
  var channels: Int { shape[shape.rank - 1] }
}

/// Where a layer stands in a model.
struct ONNXPlace {
  let inputs: [ONNXFlow]
  let outputShape: Shape
  let parameters: [ONNXParameter]
  let statistics: [ONNXParameter]

  var input: ONNXFlow { inputs[0] }
}

/// A parameter or running statistic, with its name in checkpoints.
struct ONNXParameter {
  let name: String
  let shape: [Int]
  let values: [Float]
}

/// Why a model cannot be written as ONNX.
package struct ONNXRefusal: Error {
  /// The layer's name in the model, such as `3` or `3.layers.0`, and its type.
  package let layer: String, type: String
}

extension Model where S == Float {
  /// Appends the model's layers to a graph.
  ///
  /// - Parameter input: what the first of them reads; a model of one input.
  /// - Returns: its outputs.
  /// - Throws: for a layer that has no form in ONNX.
  package func append(
    to graph: inout ONNXGraph, input: ONNXFlow, values: ModelValues<Float>
  ) throws(ONNXRefusal) -> [ONNXFlow] {
    precondition(inputNodes.count == 1 && nodes[0].shape == input.shape, "\(inputShapes) for \(input.shape)")
    func read(_ entries: [Int], _ layout: ParameterLayout, _ values: BufferView<Float>) -> [ONNXParameter] {
      entries.map { layout.entries[$0] }.map {
        ONNXParameter(name: $0.name, shape: $0.shape.extents, values: Array(values.view($0.range)))
      }
    }
    var flows: [ONNXFlow] = []
    for node in nodes {
      guard let layer = node.layer else {
        flows.append(input)
        continue
      }
      guard let form = layer as? any ONNXLayer else {
        throw ONNXRefusal(layer: node.name, type: String("\(type(of: layer))".prefix { $0 != "<" }))
      }
      graph.scope = node.name
      let place = ONNXPlace(
        inputs: node.inputs.map { flows[$0] }, outputShape: node.shape,
        parameters: read(node.parameterEntries, parameterLayout, values.parameters),
        statistics: read(node.statisticEntries, statisticLayout, values.statistics))
      let flow = form.append(to: &graph, place)
      precondition(flow.shape == node.shape, "\(node.name) gives \(flow.shape) in ONNX, but \(node.shape) here")
      flows.append(flow)
    }
    return outputNodes.map { flows[$0] }
  }
}
