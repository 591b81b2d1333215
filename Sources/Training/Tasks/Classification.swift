import Basics
import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore

/// One class a sample, given as its index or as a distribution over the classes.
///
/// `predict` writes `/logits` and, where the loss has them, `/probabilities` [N, K], and `/classes` [N], the likeliest
/// ones, as int64.
struct Classification: LearningTask {
  static let name = "classification"
  static var defaultLoss: any Loss { CrossEntropy() }

  private(set) var loss: any Loss
  let reading: TargetReading?
  let numbering: TargetTransform
  let targetCheck: any TargetCheck

  static func fits(_ context: TaskContext) -> Bool {
    context.loss.targetKind == .classIndex || context.loss.targetKind == .classDistribution
  }

  init(_ context: TaskContext) throws {
    (loss, reading, numbering) = (context.loss, context.reading, context.numbering)
    targetCheck =
      loss.targetKind == .classIndex
      ? ClassIndices(count: context.declaredOutputSize, numbering: numbering, ignored: loss.ignoredLabel)
      : ProbabilityRows()
    guard context.declaredOutputSize != 1 || context.data.targetType == nil else {
      throw Failure.usage(
        "model: the last dense layer gives 1 output, but \(loss.name) needs one for each class; leave its size out, or "
          + "use --loss binary_cross_entropy, which takes one output for two classes")
    }
    guard loss.targetKind == .classIndex || context.data.targetSize != 1 || context.data.targetType == nil else {
      throw Failure.usage(
        "loss.targets: probabilities need a row of one number for each class, but "
          + "\(context.data.place(.targets, row: 0)) has one number; leave it out, or set loss.targets=labels")
    }
    guard context.hasLabelShape || loss.targetKind != .classIndex else {
      throw Failure.data(
        "\(context.data.place(.targets, row: 0)): \(loss.name) expects one label a row, found "
          + "\(context.data.targetShape); "
          + "for one-hot rows set loss.targets=probabilities, for several targets a row use --loss mse or "
          + "binary_cross_entropy")
    }
  }

  func replacing(_ loss: any Loss) -> Classification {
    var result = self
    result.loss = loss
    return result
  }

  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck) {
    guard isLabelled else { return (data.targetSize, targetCheck) }
    let size = try declared ?? max(2, classes())
    return (size, ClassIndices(count: size, numbering: numbering, ignored: loss.ignoredLabel))
  }

  func check(output: Shape, outputSize: Int, data: SplitSource) throws {
    try checkCount(output, expected: isLabelled ? outputSize * data.targetSize : outputSize, data: data)
  }

  func outputText(_ outputSize: Int) -> String? { isLabelled ? classText(outputSize) : plural(outputSize, "output") }

  func arrays(_ predictions: Predictions) -> [PredictedArray] {
    predictions.classArrays(probabilities: loss.givesProbabilities)
  }

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) {
    graph.addClasses(graph.channelsLast(outputs), outputs.shape, meaning, probabilities: loss.givesProbabilities)
  }
}
