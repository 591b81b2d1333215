import Basics
import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore

/// One or several independent yes-or-no targets a sample.
///
/// `predict` writes `/logits` and, where the loss has them, `/probabilities` [N, D], and `/classes`, 0 or 1 for each
/// output, [N] of a single one, whose two labels may be others.
struct MultiLabel: LearningTask {
  static let name = "multi-label"
  static var defaultLoss: any Loss { BinaryCrossEntropy() }

  let loss: any Loss
  let reading: TargetReading?
  let numbering: TargetTransform
  var targetCheck: any TargetCheck { ClassIndices(count: 2, numbering: numbering) }

  static func fits(_ context: TaskContext) -> Bool { context.loss.targetKind == .binary }

  init(_ context: TaskContext) {
    (loss, reading, numbering) = (context.loss, context.reading, context.numbering)
  }

  func arrays(_ predictions: Predictions) -> [PredictedArray] { predictions.binaryArrays(of: loss) }

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) {
    graph.addBinary(outputs, meaning, of: loss)
  }
}
