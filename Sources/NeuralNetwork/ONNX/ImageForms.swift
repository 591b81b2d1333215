internal import Interchange
import NumericCore

// Convolutions and poolings, with channels first on either side.

extension Conv2DLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    // A convolution along sequences has a kernel of one axis.
    let axes = place.parameters[0].shape.count - 2
    return graph.appendConvolution(
      "Conv", place, convolution.geometry, axes: axes, extra: [("group", .integer(convolution.groups))])
  }
}

extension Conv1DLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow { images.append(to: &graph, place) }
}

extension ConvTranspose2DLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    graph.appendConvolution(
      "ConvTranspose", place, convolution.geometry, axes: 2,
      extra: [
        ("group", .integer(convolution.groups)),
        ("output_padding", .integers([outputPadding.height, outputPadding.width])),
      ])
  }

  /// Of the output, what is behind the last place of the kernel.
  private var outputPadding: Extents {
    let window = convolution.geometry
    let none = Self.outputExtents(
      window.output, kernel: window.kernel, stride: window.stride, padding: window.padding, dilation: window.dilation)
    return Extents(height: window.input.height - none.height, width: window.input.width - none.width)
  }
}

extension MaxPool2DLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    graph.appendWindow("MaxPool", [graph.channelsFirst(place.input)], window, place.outputShape)
  }
}

extension AveragePool2DLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    graph.appendWindow(
      "AveragePool", [graph.channelsFirst(place.input)], window, place.outputShape,
      extra: [("count_include_pad", .integer(countsPadding ? 1 : 0))])
  }
}

extension GlobalAveragePoolLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    if hasLengths { return appendMeanOfSteps(to: &graph, place) }
    let means = graph.append("GlobalAveragePool", graph.channelsFirst(place.input))
    return ONNXFlow(graph.reshape(means, to: outputShape.extents), shape: outputShape)
  }
}

extension GlobalAveragePoolLayer {
  /// The sum of the steps that are no padding, over their number.
  private func appendMeanOfSteps(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    // [T] against [N, 1].
    let lengths = graph.reshape(place.inputs[1].name, to: [1])
    let isStep = graph.append("Less", graph.integers(Array(0..<inputShape[0])), lengths)
    let shares = graph.append("Div", graph.cast(isStep, to: .float32), graph.cast(lengths, to: .float32))
    // [N, 1, T] times [N, T, C].
    let means = graph.append(
      "MatMul", graph.reshape(shares, to: [1, inputShape[0]]), graph.channelsLast(place.input))
    return ONNXFlow(graph.reshape(means, to: outputShape.extents), shape: outputShape)
  }
}

extension UpsampleLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let scales = graph.constant(
      ONNXTensor("scales_\(scale)", shape: [4], [1, 1, Float(scale.height), Float(scale.width)]))
    let result = graph.append(
      "Resize", graph.channelsFirst(place.input), "", scales,
      attributes: [
        ("mode", .text("nearest")), ("coordinate_transformation_mode", .text("asymmetric")),
        ("nearest_mode", .text("floor")),
      ])
    return ONNXFlow(result, shape: outputShape, isChannelsFirst: true)
  }
}

extension ONNXGraph {
  fileprivate mutating func appendConvolution(
    _ operation: String, _ place: ONNXPlace, _ window: SlidingWindow, axes: Int,
    extra: [(String, ONNXNode.Attribute)]
  ) -> ONNXFlow {
    var inputs = [channelsFirst(place.input)]
    for parameter in place.parameters { inputs.append(constant(parameter)) }
    func attribute(_ extents: Extents) -> [Int] { [extents.height, extents.width].suffix(axes) }
    return appendWindow(
      operation, inputs, window, place.outputShape, axes: axes,
      extra: [("dilations", .integers(attribute(window.dilation)))] + extra)
  }

  /// Appends an operation of a window that slides over the last axes.
  fileprivate mutating func appendWindow(
    _ operation: String, _ inputs: [String], _ window: SlidingWindow, _ outputShape: Shape, axes: Int = 2,
    extra: [(String, ONNXNode.Attribute)] = []
  ) -> ONNXFlow {
    func attribute(_ extents: Extents) -> [Int] { [extents.height, extents.width].suffix(axes) }
    let padding = attribute(window.padding)
    let result = append(
      operation, inputs,
      [
        ("kernel_shape", .integers(attribute(window.kernel))), ("strides", .integers(attribute(window.stride))),
        ("pads", .integers(padding + padding)),
      ] + extra, outputs: 1)[0]
    return ONNXFlow(result, shape: outputShape, isChannelsFirst: true)
  }
}
