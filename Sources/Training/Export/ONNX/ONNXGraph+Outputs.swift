import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore

// What turns the outputs of a model into the arrays that `predict` writes.

extension ONNXGraph {
  /// Logits, the likeliest classes, and probabilities where asked.
  ///
  /// - Parameters:
  ///   - logits: [N, …, K].
  ///   - shape: […, K].
  mutating func addClasses(_ logits: String, _ shape: Shape, _ meaning: OutputMeaning, probabilities: Bool) {
    let leading = meaning.leadingExtents(of: shape), extents = leading + [meaning.outputSize]
    let logits = extents == shape.extents ? logits : reshape(logits, to: extents)
    addOutput(logits, as: ONNXModel.Value("logits", .float32, shape: extents, "one for each class"))
    if probabilities {
      addOutput(
        append("Softmax", logits, attributes: [("axis", .integer(-1))]),
        as: ONNXModel.Value("probabilities", .float32, shape: extents, "softmax of the logits"))
    }
    let chosen =
      meaning.thresholds.first.map { second(of: logits, leading, above: $0) }
      ?? append("ArgMax", logits, attributes: [("axis", .integer(-1)), ("keepdims", .integer(0))])
    addOutput(
      label(chosen, meaning.targets),
      as: ONNXModel.Value("classes", .int64, shape: leading, "the likeliest class, as the data number them"))
  }

  /// Whether the second of two classes has more than the first by a threshold: [N] of logits [N, 2].
  private mutating func second(of logits: String, _ leading: [Int], above threshold: Float) -> String {
    let parts = append("Split", [logits, integers([1, 1])], [("axis", .integer(-1))], outputs: 2)
    let excess = reshape(append("Sub", parts[1], parts[0]), to: leading)
    return cast(append("Greater", excess, number(threshold)), to: .int64)
  }

  /// Logits and, where the loss has them, probabilities, and whether they say yes.
  mutating func addBinary(_ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss) {
    let width = meaning.outputSize
    let logits = reshape(channelsLast(outputs), to: [width])
    addOutput(logits, as: ONNXModel.Value("logits", .float32, shape: [width], "one for each answer"))
    if loss.givesProbabilities {
      addOutput(
        append("Sigmoid", logits),
        as: ONNXModel.Value("probabilities", .float32, shape: [width], "sigmoid of the logits"))
    }
    let threshold =
      meaning.thresholds.isEmpty
      ? number(0)
      : constant(ONNXTensor("decision_thresholds", shape: [width], meaning.thresholds))
    var answers = label(cast(append("Greater", logits, threshold), to: .int64), meaning.targets)
    if width == 1 { answers = reshape(answers, to: []) }
    addOutput(
      answers,
      as: ONNXModel.Value(
        "classes", .int64, shape: width == 1 ? [] : [width],
        "whether the logit is above \(meaning.thresholds.isEmpty ? "0" : "its threshold"), as the data number it"))
  }

  /// The labels that stand for classes in the data.
  private mutating func label(_ classes: String, _ targets: TargetTransform) -> String {
    let (first, step) = targets.numbering
    let distance = step == 1 ? classes : append("Mul", classes, integer(step))
    return first == 0 ? distance : append("Add", distance, integer(first))
  }

  /// Scaled targets of float64 in the units of the data: t / factor + offset.
  mutating func unscaled(_ values: String, _ targets: TargetTransform) -> String {
    let factors = constant(
      ONNXTensor("target_factor", shape: [targets.factor.count], targets.factor.map { Double($0) }))
    let offsets = constant(ONNXTensor("target_offset", shape: [targets.offset.count], targets.offset))
    return append("Add", append("Div", values, factors), offsets)
  }
}
