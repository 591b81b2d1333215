import Basics
import DataPipeline
import HDF5Storage
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

  func write(_ predictions: Predictions, to file: HDF5File) throws {
    try Self.write(predictions, of: loss, to: file)
  }

  static func write(_ predictions: Predictions, of loss: any Loss, to file: HDF5File) throws {
    let (rows, width) = (predictions.rows, predictions.outputSize)
    try file.write("/logits", shape: [rows, width], elements: predictions.outputs)
    try predictions.nameColumns(of: "/logits", in: file)
    if loss.givesProbabilities {
      // Element by element, so in place.
      let probabilities = FlatBuffer(predictions.outputs)
      sigmoid(probabilities.view, into: probabilities.view)
      try file.write("/probabilities", shape: [rows, width], elements: Array(probabilities.view))
      try predictions.nameColumns(of: "/probabilities", in: file)
    }
    try file.write(
      "/classes", shape: width == 1 ? [rows] : [rows, width],
      elements: predictions.outputs.map { predictions.targets.label(ofClass: $0 > 0 ? 1 : 0) })
    if width == 1 {
      try predictions.nameClasses(of: "/classes", in: file)
    } else {
      try predictions.nameColumns(of: "/classes", in: file)
    }
  }
}
