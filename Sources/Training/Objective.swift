import Configuration
import DataPipeline
import Metrics
import NeuralNetwork
import NumericCore

/// The loss of a run and what it asks of data and model, resolved against the data.
public struct Objective: Sendable {
  /// As in the configuration, such as `cross_entropy`.
  public let name: String
  public let loss: any Loss<Float>
  /// What the targets of every split have to be, as far as is known before they are read.
  let targetCheck: TargetCheck
  /// Whether it is that of a GAN, which has no targets and whose losses are not evaluated by themselves.
  let isAdversarial: Bool
  private let configured: TrainingConfiguration.Loss

  public var isClassification: Bool { loss.targetKind == .classIndex }
  /// Whether accuracy means something.
  public var hasAccuracy: Bool { loss.targetKind != .values }

  /// - Parameters:
  ///   - configured: nil for the loss that fits: cross-entropy for one integer label a sample, mean squared error else.
  ///   - declaredOutputSize: outputs that the model fixes.
  init(
    _ configured: TrainingConfiguration.Loss?, model: ModelDescription, declaredOutputSize: Int?, data: SplitSource
  ) throws {
    isAdversarial = model.isAdversarial
    guard !isAdversarial else {
      self.configured = TrainingConfiguration.Loss(name: "binary_cross_entropy")
      (name, loss, targetCheck) = ("adversarial", BinaryCrossEntropy<Float>(), .numbers)
      return
    }
    // One label a sample, or one for each step of a sequence.
    let form = try ModelCatalog.sampleForm(model)
    let hasLabelsOfSteps =
      (form == .sequences || form == .indices) && data.targetShape.extents == [data.featureShape[0]]
    // Data to predict may have no targets.
    let hasLabelShape = data.targetSize == 1 || hasLabelsOfSteps || data.targetType == nil
    let isLabel = hasLabelShape && data.targetType?.isInteger == true
    let loss =
      configured
      ?? TrainingConfiguration.Loss(
        name: isLabel && model != .named("linear") ? "cross_entropy" : "mse")
    name = loss.name
    self.configured = loss
    switch loss.name {
    case "cross_entropy":
      // Several integers a row may be one-hot, but are not taken for it.
      let isDistribution =
        loss.targets.map { $0 == .probabilities } ?? (!hasLabelShape && data.targetType?.isInteger == false)
      self.loss = SoftmaxCrossEntropy(
        targets: isDistribution ? .classDistribution : .classIndex, labelSmoothing: loss.labelSmoothing,
        classWeights: loss.classWeights)
    case "binary_cross_entropy": self.loss = BinaryCrossEntropy(positiveWeights: loss.positiveWeight)
    case "focal": self.loss = FocalLoss(gamma: loss.gamma, alpha: loss.alphas)
    case "hinge": self.loss = MultiClassHinge(margin: loss.margin)
    case "binary_hinge": self.loss = BinaryHinge(margin: loss.margin)
    case "mse": self.loss = MeanSquaredError()
    case "mae": self.loss = MeanAbsoluteError()
    default: self.loss = HuberLoss(delta: loss.delta)
    }
    switch self.loss.targetKind {
    case .classIndex: targetCheck = .classes(count: declaredOutputSize)
    case .binary: targetCheck = .classes(count: 2)
    case .classDistribution, .values: targetCheck = .numbers
    }
    guard hasLabelShape || !isClassification else {
      throw TrainingError(
        "\(data.place(.targets, row: 0)): \(name) expects one label a row, found \(data.targetShape); for one-hot rows set "
          + "loss.targets=probabilities, for several targets a row use --loss mse or binary_cross_entropy",
        exitCode: .data)
    }
  }

  /// Checks that a model gives what the loss reads.
  ///
  /// - Parameters:
  ///   - shape: of the model's output for one sample.
  ///   - outputSize: classes, or target values.
  func check(_ shape: Shape, outputSize: Int, data: SplitSource) throws(TrainingError) {
    guard !isAdversarial else { return }
    let expected = isClassification ? outputSize * data.targetSize : outputSize
    guard shape.elementCount != expected else { return }
    throw TrainingError(
      "model: gives \(shape) outputs a sample, but \(data.place(.targets, row: 0)) has targets of \(data.targetShape); "
        + "give a recurrent layer sequence: true for a label at each step, sequence: false for one a sample",
      exitCode: .usage)
  }

  /// - Throws: where the loss has weights for another number of outputs.
  func check(outputSize: Int) throws(TrainingError) {
    func check(_ key: String, _ weights: [Double]?, noun: String) throws(TrainingError) {
      guard let weights, weights.count != outputSize else { return }
      throw TrainingError(
        "loss.\(key): \(weights.count) numbers, but the data and the model have \(outputSize) \(noun); give one for each",
        exitCode: .usage)
    }
    try check("class_weights", configured.classWeights, noun: "classes")
    try check("alpha", configured.alphas, noun: "classes")
    if configured.positiveWeight.count > 1 {
      try check("positive_weight", configured.positiveWeight, noun: "outputs")
    }
  }

  /// What metrics can be computed.
  func metricTask(outputSize: Int) -> MetricTask {
    let kind: MetricTask.Kind =
      switch loss.targetKind {
      case .classIndex: .labels
      case .classDistribution: .distributions
      case .binary: .binary
      case .values: .values
      }
    return MetricTask(kind, outputSize: outputSize, hasProbabilities: name != "hinge" && name != "binary_hinge")
  }

  /// The loss that takes mixtures of targets: labels are mixed as distributions, other targets as they are.
  ///
  /// - Throws: for a loss of labels that has no form for distributions.
  func mixingLoss() throws(TrainingError) -> any Loss<Float> {
    guard isClassification else { return loss }
    guard name == "cross_entropy" else {
      throw TrainingError(
        "data.augment: mixup needs targets that can be mixed, which those of \(name) cannot; use cross_entropy",
        exitCode: .usage)
    }
    return SoftmaxCrossEntropy(
      targets: .classDistribution, labelSmoothing: configured.labelSmoothing, classWeights: configured.classWeights)
  }
}

extension TrainingConfiguration.Loss {
  /// α of the focal loss, one a class: a number alone is that of class 1 of two.
  fileprivate var alphas: [Double]? {
    alpha.map { $0.count == 1 ? [1 - $0[0], $0[0]] : $0 }
  }
}
