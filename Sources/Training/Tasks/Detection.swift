import Basics
import DataPipeline
import Interchange
import Metrics
import NeuralNetwork
import NumericCore

/// One class and one box a sample: targets are rows of [class, x centre, y centre, width, height], relative to the
/// image, and outputs K logits and a box.
///
/// `predict` writes `/logits` and `/probabilities` [N, K], `/classes` [N] and `/boxes` [N, 4].
struct Detection: LearningTask {
  static let name = "detection"
  static var defaultLoss: any Loss { DetectionLoss() }

  let loss: any Loss
  let targetCheck: any TargetCheck
  let placesInImage: String? = "the box"

  static func fits(_ context: TaskContext) -> Bool { context.loss.targetKind == .classAndBox }

  init(_ context: TaskContext) throws {
    loss = context.loss
    let (declared, data) = (context.declaredOutputSize, context.data)
    targetCheck = ClassesAndBoxes(classCount: declared.map { $0 - boxSize })
    guard data.targetType == nil || data.targetShape == [1 + boxSize] else {
      throw Failure.data(
        "\(data.place(.targets, row: 0)): detection expects rows of [class, x centre, y centre, width, height], found "
          + "\(data.targetShape); give other data or another --loss")
    }
    guard declared ?? .max > boxSize else {
      throw Failure.usage(
        "model: the last dense layer gives \(declared ?? 0) outputs, but detection needs one for each class and 4 for "
          + "the box; leave its size out")
    }
  }

  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck) {
    let size = try declared ?? classes() + boxSize
    return (size, ClassesAndBoxes(classCount: size - boxSize))
  }

  func metricTask(outputSize: Int) -> MetricTask {
    MetricTask(.labels, outputSize: outputSize - boxSize, valuesBehind: boxSize)
  }

  func judge(_ sample: JudgedSample, _ words: OutputWords) -> Judgement {
    let classes = sample.outputs.count - boxSize
    var judgement = judgeLabels(Array(sample.outputs[..<classes]), [sample.target[0]], words)
    judgement.trueBox = Array(sample.target[1...])
    judgement.box = Array(sample.outputs[classes...])
    return judgement
  }

  func outputText(_ outputSize: Int) -> String? { classText(outputSize - boxSize) + " and a box" }

  func arrays(_ predictions: Predictions) -> [PredictedArray] {
    let width = predictions.meaning.outputSize, classes = width - boxSize
    let starts = (0..<predictions.rows).map { $0 * width }
    let logits = starts.flatMap { predictions.outputs[$0..<$0 + classes] }
    let boxes = starts.flatMap { predictions.outputs[$0 + classes..<$0 + width] }
    return Predictions(
      outputs: logits, rows: predictions.rows, shape: [classes], meaning: predictions.meaning.with(outputSize: classes)
    ).classArrays(probabilities: true)
      + [PredictedArray("boxes", shape: [boxSize], .floats(boxes), columns: Self.boxNames, columnsAreStored: false)]
  }

  /// What the numbers of a box are.
  private static let boxNames = ["x_center", "y_center", "width", "height"]

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) {
    let classes = meaning.outputSize - boxSize
    let parts = graph.append(
      "Split", [graph.channelsLast(outputs), graph.integers([classes, boxSize])], [("axis", .integer(1))], outputs: 2)
    graph.addClasses(parts[0], [classes], meaning.with(outputSize: classes), probabilities: true)
    graph.addOutput(
      parts[1],
      as: ONNXModel.Value("boxes", .float32, shape: [boxSize], "\(Self.boxNames.joined(separator: ", ")), of 1"))
  }
}
