import Basics
import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore

/// The next character at each position of a text: a class for each of the T positions of a sample, in a data set that
/// lists the characters that its numbers stand for.
///
/// `predict` writes `/logits` and `/probabilities` [N, T, K] and `/classes` [N, T]; `generate` goes on from a prompt.
struct LanguageModelling: LearningTask {
  static let name = "language modelling"
  static var defaultLoss: any Loss { CrossEntropy() }

  private var classification: Classification
  var loss: any Loss { classification.loss }
  var targetCheck: any TargetCheck { classification.targetCheck }
  var numbering: TargetTransform { classification.numbering }
  var generates: GeneratedKind { .text }

  static func fits(_ context: TaskContext) -> Bool {
    context.loss.targetKind == .classIndex && context.data.vocabulary != nil
      && context.data.targetShape.extents == [context.data.featureShape[0]]
  }

  init(_ context: TaskContext) throws { classification = try Classification(context) }

  func replacing(_ loss: any Loss) -> LanguageModelling {
    var result = self
    result.classification = classification.replacing(loss)
    return result
  }

  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck) {
    try classification.outputs(classes: classes, declared: declared, data: data)
  }

  func check(output: Shape, outputSize: Int, data: SplitSource) throws {
    try classification.check(output: output, outputSize: outputSize, data: data)
  }

  func outputText(_ outputSize: Int) -> String? { classText(outputSize) }

  func arrays(_ predictions: Predictions) -> [PredictedArray] { classification.arrays(predictions) }

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) {
    Classification.appendOutputs(to: &graph, outputs, meaning, of: loss)
  }
}
