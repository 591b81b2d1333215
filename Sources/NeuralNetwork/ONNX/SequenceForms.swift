internal import Interchange
import NumericCore

// Embeddings, recurrent layers and attention, with their lengths of sequences: whole numbers, one a sample.

extension EmbeddingLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let indices = place.input.isInteger ? place.input.name : graph.cast(place.input.name, to: .int64)
    // A negative index would count from the end; as one behind the end it is an error.
    let isNegative = graph.append("Less", indices, graph.integer(0))
    let checked = graph.append("Where", isNegative, graph.integer(size), indices)
    return ONNXFlow(graph.append("Gather", graph.constant(place.parameters[0]), checked), shape: outputShape)
  }
}

extension PositionalEmbeddingLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let positions = graph.constant(place.parameters[0])
    return ONNXFlow(graph.append("Add", graph.channelsLast(place.input), positions), shape: outputShape)
  }
}

extension SequenceLengthsLayer: ONNXLayer {
  /// The greatest place, counted from 1, of a step that is no padding; at least 1.
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let isPadding =
      if place.input.isInteger {
        graph.append("Equal", place.input.name, graph.integer(Int(padding)))
      } else {
        graph.append("Equal", graph.channelsLast(place.input), graph.number(Float(padding)))
      }
    var counts = graph.cast(graph.append("Not", isPadding), to: .int64)
    func greatest(_ value: String, axis: Int) -> String {
      graph.append("ReduceMax", value, attributes: [("axes", .integers([axis])), ("keepdims", .integer(0))])
    }
    if inputShape.rank == 2 { counts = greatest(counts, axis: 2) }
    let places = graph.integers(Array(1...inputShape[0]))
    let last = greatest(graph.append("Mul", counts, places), axis: 1)
    return ONNXFlow(graph.append("Max", last, graph.integer(1)), shape: [], isInteger: true)
  }
}

extension Recurrent: ONNXLayer {
  /// Stacked layers are one operation each, time-major; gates stand as ONNX orders them.
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let isLSTM = cell is LSTMCell<S>
    // Of i, f, g, o: i, o, f, g. Of r, z, n: z, r, n.
    let order = isLSTM ? [0, 3, 1, 2] : [1, 0, 2]
    var input = graph.transpose(graph.channelsLast(place.input), [1, 0, 2])
    let lengths = place.inputs.count > 1 ? graph.cast(place.inputs[1].name, to: .int32) : ""
    var last = ""
    for layer in 0..<layers {
      func weights(_ parameters: [Int], _ name: String) -> String {
        // Those of both directions, and of biases those of input and state, one behind the other.
        let values = (0..<directions).flatMap { direction in
          parameters.flatMap { index in
            let parameter = place.parameters[4 * (layer * directions + direction) + index]
            let size = parameter.values.count / order.count
            return order.flatMap { parameter.values[$0 * size..<($0 + 1) * size] }
          }
        }
        let first = place.parameters[4 * layer * directions + parameters[0]]
        let shape = [directions, parameters.count * first.shape[0]] + first.shape.dropFirst()
        return graph.constant(ONNXTensor("\(graph.scope).\(name)_l\(layer).onnx", shape: shape, values))
      }
      let inputs = [input, weights([0], "weight_ih"), weights([1], "weight_hh"), weights([2, 3], "bias"), lengths]
      let attributes: [(String, ONNXNode.Attribute)] = [
        ("hidden_size", .integer(units)), ("direction", .text(directions == 2 ? "bidirectional" : "forward")),
      ]
      let results = graph.append(
        isLSTM ? "LSTM" : "GRU", inputs,
        // PyTorch's form of the reset gate.
        attributes + (isLSTM ? [] : [("linear_before_reset", .integer(1))]), outputs: 2)
      // [T, D, N, H] to [T, N, D · H].
      let steps = graph.transpose(results[0], [0, 2, 1, 3])
      input = graph.append("Reshape", steps, graph.integers([0, 0, width]))
      last = results[1]
    }
    guard !givesSequence else {
      return ONNXFlow(graph.transpose(input, [1, 0, 2]), shape: outputShape)
    }
    // [D, N, H] to [N, D · H].
    return ONNXFlow(graph.reshape(graph.transpose(last, [1, 0, 2]), to: [width]), shape: outputShape)
  }
}

extension MultiHeadAttentionLayer: ONNXLayer {
  func append(to graph: inout ONNXGraph, _ place: ONNXPlace) -> ONNXFlow {
    let (positions, width) = (outputShape[0], outputShape[1])
    func affine(_ value: String, _ index: Int) -> String {
      let product = graph.append("MatMul", value, graph.transposed(place.parameters[index]))
      return graph.append("Add", product, graph.constant(place.parameters[index + 1]))
    }
    let parts = graph.append(
      "Split", [affine(graph.channelsLast(place.input), 0), graph.integers([width, width, width])],
      [("axis", .integer(2))], outputs: 3)
    func split(_ part: String, _ axes: [Int]) -> String {
      graph.transpose(graph.reshape(part, to: [positions, heads, width / heads]), axes)
    }
    let products = graph.append("MatMul", split(parts[0], [0, 2, 1, 3]), split(parts[1], [0, 2, 3, 1]))
    var scores = graph.append("Mul", products, graph.number(1 / Float(width / heads).squareRoot()))
    let hidden = -Float.greatestFiniteMagnitude
    if isCausal {
      let visible = (0..<positions).flatMap { row in (0..<positions).map { $0 <= row } }
      let mask = graph.constant(ONNXTensor("causal_\(positions)", shape: [positions, positions], visible))
      scores = graph.append("Where", mask, scores, graph.number(hidden))
    }
    if place.inputs.count > 1 {
      // [T] against [N, 1, 1, 1].
      let lengths = graph.reshape(place.inputs[1].name, to: [1, 1, 1])
      let visible = graph.append("Less", graph.integers(Array(0..<positions)), lengths)
      scores = graph.append("Where", visible, scores, graph.number(hidden))
    }
    let attention = graph.append("Softmax", scores, attributes: [("axis", .integer(-1))])
    let context = graph.append("MatMul", attention, split(parts[2], [0, 2, 1, 3]))
    let rows = graph.reshape(graph.transpose(context, [0, 2, 1, 3]), to: [positions, width])
    return ONNXFlow(affine(rows, 2), shape: outputShape)
  }
}
