import Basics
import DataPipeline
import NeuralNetwork
import NumericCore
import Settings

/// The tasks, in the order in which a run is asked whether it is of one.
enum TaskCatalog {
  static let all: [any LearningTask.Type] = [
    Adversarial.self, Reconstruction.self, Detection.self, LanguageModelling.self, Classification.self,
    MultiLabel.self, Regression.self,
  ]

  /// The task of a run.
  ///
  /// - Parameters:
  ///   - loss: nil for the one that fits.
  ///   - declaredOutputSize: outputs that the model fixes.
  /// - Throws: where data, loss and model do not fit together.
  ///   - numbering: which labels stand for the classes; nil to find it in the data, as the loss where none is given.
  static func task(
    _ loss: (any Loss)?, model: ModelDescription, declaredOutputSize: Int?, data: SplitSource,
    numbering: TargetTransform? = nil
  ) throws -> any LearningTask {
    let context = try TaskContext(
      loss, model: model, declaredOutputSize: declaredOutputSize, data: data, numbering: numbering)
    guard let type = all.first(where: { $0.fits(context) }) else {
      preconditionFailure("no task takes the loss \(context.loss.name)")
    }
    return try type.init(context)
  }

  /// The task of a model that was trained with `loss`, where its data are not there; a language model is one of
  /// classes.
  ///
  /// - Parameter reconstructs: whether its targets were its features.
  static func type(of loss: any Loss, model: ModelDescription, reconstructs: Bool) -> any LearningTask.Type {
    if model.isAdversarial { return Adversarial.self }
    if reconstructs { return Reconstruction.self }
    return switch loss.targetKind {
    case .classIndex, .classDistribution: Classification.self
    case .classAndBox: Detection.self
    case .binary: MultiLabel.self
    case .values: Regression.self
    }
  }

  /// Whether a run of the model needs labels in its data.
  static func needsLabels(_ model: ModelDescription) -> Bool {
    all.first { $0.name == model.task }?.needsLabels ?? true
  }

  /// Why a model cannot be evaluated; nil where it can.
  static func whyNotEvaluated(_ model: ModelDescription) -> String? {
    all.first { $0.name == model.task }?.whyNotEvaluated
  }

  /// Reports settings that mean nothing to the task that the model is made for.
  static func check(_ configuration: TrainingConfiguration, _ reader: SettingsReader) throws(SettingsError) {
    for type in all where type.name == configuration.model.task { try type.check(configuration, reader) }
  }
}

/// What decides which task a run is of.
struct TaskContext {
  let model: ModelDescription
  /// The one that was chosen, or the one that fits, its options resolved against the data.
  let loss: any Loss
  let data: SplitSource
  let declaredOutputSize: Int?
  /// What the model takes a sample for.
  let layout: InputLayout
  /// Whether there is one target a sample, or one for each step of a sequence.
  let hasLabelShape: Bool
  /// What the targets were found to be; nil where they did not have to be looked at.
  let reading: TargetReading?
  /// Which labels stand for the classes.
  let numbering: TargetTransform

  /// - Parameter numbering: that of a checkpoint; nil to find it in the data.
  init(
    _ loss: (any Loss)?, model: ModelDescription, declaredOutputSize: Int?, data: SplitSource,
    numbering: TargetTransform?
  ) throws {
    self.model = model
    self.data = data
    self.declaredOutputSize = declaredOutputSize
    layout = model.inputLayout
    let hasLabelsOfSteps =
      (layout == .sequences || layout == .indices) && data.targetShape.extents == [data.featureShape[0]]
    // Data to predict may have no targets.
    hasLabelShape = data.targetSize == 1 || hasLabelsOfSteps || data.targetType == nil
    let isInteger = data.targetType?.isInteger == true
    let own = TaskCatalog.all.first { $0.name == model.task && $0.name != Reconstruction.name }
    // Sequences have their labels in integers; other targets show by their values what they are.
    let isRead =
      numbering == nil && !(hasLabelsOfSteps && data.targetSize > 1) && own.map { $0 == Regression.self } ?? true
    let given = loss ?? own?.defaultLoss
    let isDistribution = !hasLabelShape
    let wanted = given.flatMap { $0.resolved(isDistribution: isDistribution).targetKind.reading }
    reading =
      isRead && (given == nil || wanted == .classes || (wanted == .binary && data.targetSize == 1))
      ? try TargetSummary(data, ignoring: given?.ignoredLabel).map { summary in
        try TargetReading(
          summary, wanted: wanted, declaredOutputSize: declaredOutputSize,
          nameCount: data.names.classes?.count
        ) {
          data.place(.targets, row: $0)
        }
      } : nil
    self.numbering = numbering ?? reading?.numbering ?? .identity
    let fitting =
      given ?? reading.map { Self.defaultLoss($0.kind) }
      ?? (hasLabelShape && isInteger ? Classification.defaultLoss : Regression.defaultLoss)
    self.loss = fitting.resolved(isDistribution: isDistribution)
  }

  private static func defaultLoss(_ kind: TargetReading.Kind) -> any Loss {
    switch kind {
    case .classes, .distributions: Classification.defaultLoss
    case .binary: MultiLabel.defaultLoss
    case .values: Regression.defaultLoss
    }
  }
}

extension TargetKind {
  /// What a loss takes targets for; nil for a class and a box.
  fileprivate var reading: TargetReading.Kind? {
    switch self {
    case .classIndex: .classes
    case .classDistribution: .distributions
    case .binary: .binary
    case .values: .values
    case .classAndBox: nil
    }
  }
}
