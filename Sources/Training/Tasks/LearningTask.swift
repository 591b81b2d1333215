import Basics
import DataPipeline
import Interchange
import Metrics
import NeuralNetwork
import NumericCore
import Settings

/// What a run is for: which targets it takes, how outputs are compared with them, what is measured, reported and
/// predicted.
///
/// A task is one file and one line in `TaskCatalog`. Nothing outside of it asks which task a run is of.
protocol LearningTask: Sendable {
  /// Such as `regression`; what a named model says that it is made for.
  static var name: String { get }
  /// The loss where none is given.
  static var defaultLoss: any Loss { get }
  /// Whether it compares outputs with labels. Default: yes.
  static var needsLabels: Bool { get }
  /// Why no split can be evaluated and predicted, as a message goes on behind a checkpoint's path; nil where one can,
  /// the default.
  static var whyNotEvaluated: String? { get }
  /// Whether a run is of this task.
  static func fits(_ context: TaskContext) -> Bool
  /// Reports settings that mean nothing to it. Called for the model's own task, before any data is opened.
  /// - Parameter reader: of the whole configuration, for paths and positions.
  static func check(_ configuration: TrainingConfiguration, _ reader: SettingsReader) throws(SettingsError)

  /// - Throws: where data, loss and model do not fit together.
  init(_ context: TaskContext) throws

  var loss: any Loss { get }
  /// What the targets were found to be; nil where that was not looked for.
  var reading: TargetReading? { get }
  /// Which labels stand for the classes.
  var numbering: TargetTransform { get }
  /// What is known about the training targets before reading them.
  var targetCheck: any TargetCheck { get }

  // Each of these has a default, given below.

  /// The same task with options of its loss found. Default: this one.
  func replacing(_ loss: any Loss) -> Self

  /// As checkpoints and headers name it: the loss's name.
  var lossName: String { get }
  /// Whether a sample can be right or wrong.
  var hasAccuracy: Bool { get }
  /// What an image may not be moved without, where its targets tell the places of things in it: `the box`.
  var placesInImage: String? { get }
  /// Whether figures of an epoch tell which is best; else the newest is.
  var ranksEpochs: Bool { get }
  /// A second loss beside the first: its key in files, its heading on the screen.
  var secondLoss: (key: String, heading: String)? { get }
  /// Whether the features of training, scaled, have to be from 0 to 1.
  var needsUnitFeatures: Bool { get }
  /// What the scaling `auto` has to make of the features.
  var featureUse: FeatureUse { get }

  /// The outputs that a model needs, and what the targets of the other splits have to be.
  ///
  /// - Parameters:
  ///   - classes: counts those of the training split, for targets with a class index.
  ///   - declared: outputs that the model fixes.
  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck)
  /// Checks that a model gives what the loss reads.
  func check(output: Shape, outputSize: Int, data: SplitSource) throws
  func metricTask(outputSize: Int) -> MetricTask
  /// Builds what is trained.
  func makeNetwork(_ factory: ModelFactory, _ description: ModelDescription) throws -> any TrainableNetwork
  /// What the header says that the model gives, such as `10 classes`; nil for nothing.
  func outputText(_ outputSize: Int) -> String?
  /// What the model makes of a sample beside what is true. Default: by the kind of the targets.
  func judge(_ sample: JudgedSample, _ words: OutputWords) -> Judgement
  /// What the model makes by itself. Default: nothing.
  var generates: GeneratedKind { get }
  /// What `predict` writes, in order.
  func arrays(_ predictions: Predictions) -> [PredictedArray]
  /// Appends to a graph what makes the same arrays of the outputs of a model that was trained with `loss`.
  static func appendOutputs(to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss)
}

extension LearningTask {
  /// What is measured, in the units of the data.
  func metricTask(outputSize: Int, targets: TargetTransform) -> MetricTask {
    var result = metricTask(outputSize: outputSize)
    if targets.kind == .standard {
      result.units = targets.units(outputSize).map { MetricTask.Unit(zero: $0.zero, width: $0.width) }
    }
    return result
  }

  func replacing(_ loss: any Loss) -> Self { self }

  static var needsLabels: Bool { true }
  static var whyNotEvaluated: String? { nil }
  static func check(_ configuration: TrainingConfiguration, _ reader: SettingsReader) throws(SettingsError) {}

  var reading: TargetReading? { nil }
  var numbering: TargetTransform { .identity }
  /// What the features have to be for it.
  var featureUse: FeatureUse { needsUnitFeatures ? .fromZeroToOne : .plain }
  var lossName: String { loss.name }
  var hasAccuracy: Bool { loss.targetKind != .values }
  var placesInImage: String? { nil }
  var ranksEpochs: Bool { true }
  var secondLoss: (key: String, heading: String)? { nil }
  var needsUnitFeatures: Bool { false }
  /// Whether a target is one class index.
  var isLabelled: Bool { loss.targetKind == .classIndex }

  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck) { (data.targetSize, targetCheck) }

  func check(output: Shape, outputSize: Int, data: SplitSource) throws {
    try checkCount(output, expected: outputSize, data: data)
  }

  /// - Parameter expected: outputs of a sample.
  func checkCount(_ output: Shape, expected: Int, data: SplitSource) throws {
    guard output.elementCount != expected else { return }
    throw Failure.usage(
      "model: gives \(output) outputs a sample, but \(data.place(.targets, row: 0)) has targets of "
        + "\(data.targetShape); "
        + "for one target a sample end the steps by flatten, global_average_pool, or sequence: false of a recurrent "
        + "layer; for one at each step keep all steps")
  }

  func metricTask(outputSize: Int) -> MetricTask {
    let kind: MetricTask.Kind =
      switch loss.targetKind {
      case .classIndex, .classAndBox: .labels
      case .classDistribution: .distributions
      case .binary: .binary
      case .values: .values
      }
    return MetricTask(kind, outputSize: outputSize, hasProbabilities: loss.givesProbabilities)
  }

  func makeNetwork(_ factory: ModelFactory, _ description: ModelDescription) throws -> any TrainableNetwork {
    SingleNetwork(model: try factory.makeModel(description), description: description)
  }

  func outputText(_ outputSize: Int) -> String? { plural(outputSize, "output") }

  /// - Throws: where the loss has a list of options for another number of classes or outputs.
  func check(outputSize: Int) throws {
    for option in loss.listOptions where option.count != outputSize {
      throw Failure.usage(
        "loss.\(option.key): \(option.count) numbers, but the data and the model have \(outputSize) \(option.noun); "
          + "give one for each")
    }
  }

  /// The loss that takes mixtures of targets: labels are mixed as distributions, other targets as they are.
  ///
  /// - Throws: for a loss of labels that has no form for distributions.
  func lossOfMixtures() throws -> any Loss {
    if let loss = loss.ofMixtures { return loss }
    throw Failure.usage(
      "data.augment: mixup needs targets that can be mixed, which those of \(lossName) cannot; use cross_entropy")
  }
}

/// `10 classes`.
func classText(_ count: Int) -> String { "\(grouped(count)) \(count == 1 ? "class" : "classes")" }
