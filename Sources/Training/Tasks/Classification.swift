import Basics
import DataPipeline
import HDF5Storage
import NeuralNetwork
import NumericCore

/// One class a sample, given as its index or as a distribution over the classes.
///
/// `predict` writes `/logits` and, where the loss has them, `/probabilities` [N, K], and `/classes` [N], the likeliest
/// ones, as int64.
struct Classification: LearningTask {
  static let name = "classification"
  static var defaultLoss: any Loss { CrossEntropy() }

  let loss: any Loss
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
      ? ClassIndices(count: context.declaredOutputSize, numbering: numbering) : ProbabilityRows()
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

  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck) {
    guard isLabelled else { return (data.targetSize, targetCheck) }
    let size = try declared ?? max(2, classes())
    return (size, ClassIndices(count: size, numbering: numbering))
  }

  func check(output: Shape, outputSize: Int, data: SplitSource) throws {
    try checkCount(output, expected: isLabelled ? outputSize * data.targetSize : outputSize, data: data)
  }

  func outputText(_ outputSize: Int) -> String? { isLabelled ? classText(outputSize) : plural(outputSize, "output") }

  func write(_ predictions: Predictions, to file: HDF5File) throws {
    try predictions.writeClasses(to: file, probabilities: loss.givesProbabilities)
  }
}

extension Predictions {
  /// Logits [N, …, K], the likeliest classes [N, …], and probabilities where asked.
  func writeClasses(to file: HDF5File, probabilities: Bool) throws {
    // A model over sequences may give its outputs at each position.
    let leading = [rows] + shape.extents.dropLast()
    let values = FlatBuffer(outputs)
    let classes = (0..<outputs.count / outputSize).map { row in
      firstGreatest(values.view.view(row * outputSize..<(row + 1) * outputSize))
    }
    try file.write("/logits", shape: leading + [outputSize], elements: outputs)
    try file.write("/classes", shape: leading, elements: classes.map(targets.label))
    try nameColumns(of: "/logits", in: file)
    try nameClasses(of: "/classes", in: file)
    guard probabilities else { return }
    softmaxRows(values.view, classes: outputSize)
    try file.write("/probabilities", shape: leading + [outputSize], elements: Array(values.view))
    try nameColumns(of: "/probabilities", in: file)
  }
}
