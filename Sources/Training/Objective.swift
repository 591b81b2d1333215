import Basics
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
  /// Whether a target is a class and a box.
  public var isDetection: Bool { loss.targetKind == .detection }
  /// Whether targets speak of the place of things in an image, so that an image may not be moved without them.
  let followsPixels: Bool
  /// Whether accuracy means something.
  public var hasAccuracy: Bool { loss.targetKind != .values }

  /// - Parameters:
  ///   - configured: nil for the loss that fits: cross-entropy for one integer label a sample, mean squared error else; that of
  ///     detections for the model `detector`.
  ///   - declaredOutputSize: outputs that the model fixes.
  init(
    _ configured: TrainingConfiguration.Loss?, model: ModelDescription, declaredOutputSize: Int?, data: SplitSource
  ) throws {
    isAdversarial = model.isAdversarial
    guard !isAdversarial else {
      self.configured = TrainingConfiguration.Loss(name: "binary_cross_entropy")
      (name, loss, targetCheck, followsPixels) = ("adversarial", BinaryCrossEntropy<Float>(), .numbers, false)
      return
    }
    // One label a sample, or one for each step of a sequence.
    let form = model.inputLayout
    let hasLabelsOfSteps =
      (form == .sequences || form == .indices) && data.targetShape.extents == [data.featureShape[0]]
    // Data to predict may have no targets.
    let hasLabelShape = data.targetSize == 1 || hasLabelsOfSteps || data.targetType == nil
    let isLabel = hasLabelShape && data.targetType?.isInteger == true
    let loss =
      configured
      ?? TrainingConfiguration.Loss(
        name: model == .named(.detector)
          ? "detection" : isLabel && model != .named(.linear) ? "cross_entropy" : "mse")
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
    case "detection": self.loss = DetectionLoss(delta: loss.delta, boxWeight: loss.boxWeight)
    default: self.loss = HuberLoss(delta: loss.delta)
    }
    switch self.loss.targetKind {
    case .classIndex: targetCheck = .classes(count: declaredOutputSize)
    case .binary: targetCheck = .classes(count: 2)
    case .detection: targetCheck = .detections(classCount: declaredOutputSize.map { $0 - boxSize })
    case .classDistribution, .values: targetCheck = .numbers
    }
    followsPixels = self.loss.targetKind == .detection || data.reconstructs
    if data.reconstructs { try Self.checkReconstruction(name, form, data) }
    if isDetection { try Self.checkDetection(declaredOutputSize, data) }
    guard hasLabelShape || !isClassification else {
      throw Failure.data(
        "\(data.place(.targets, row: 0)): \(name) expects one label a row, found \(data.targetShape); for one-hot rows set "
          + "loss.targets=probabilities, for several targets a row use --loss mse or binary_cross_entropy")
    }
  }

  private static func checkReconstruction(
    _ name: String, _ form: InputLayout, _ data: SplitSource
  ) throws {
    let fit = ["mse", "mae", "huber", "binary_cross_entropy"]
    guard fit.contains(name) else {
      throw Failure.usage(
        "loss: \(name) cannot be held against features; where the target is the features give one of "
          + fit.joined(separator: ", "))
    }
    guard form != .indices else {
      throw Failure.usage(
        "data.target: the model looks its features up in an embedding, where their numbers mean nothing; give labels as "
          + "the target")
    }
  }

  private static func checkDetection(_ declaredOutputSize: Int?, _ data: SplitSource) throws {
    guard data.targetType == nil || data.targetShape == [1 + boxSize] else {
      throw Failure.data(
        "\(data.place(.targets, row: 0)): detection expects rows of [class, x centre, y centre, width, height], found "
          + "\(data.targetShape); give other data or another --loss")
    }
    guard declaredOutputSize ?? .max > boxSize else {
      throw Failure.usage(
        "model: the last dense layer gives \(declaredOutputSize ?? 0) outputs, but detection needs one for each class and 4 for "
          + "the box; leave its size out")
    }
  }

  /// The outputs that a model needs, and what the targets of the other splits have to be.
  ///
  /// - Parameters:
  ///   - classes: those of the training split, for targets with a class index.
  ///   - declared: outputs that the model fixes.
  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: TargetCheck) {
    switch loss.targetKind {
    case .classIndex:
      let size = try declared ?? max(2, classes())
      return (size, .classes(count: size))
    case .detection:
      let size = try declared ?? classes() + boxSize
      return (size, .detections(classCount: size - boxSize))
    case .classDistribution, .binary, .values: return (isAdversarial ? 1 : data.targetSize, targetCheck)
    }
  }

  /// Checks that a model gives what the loss reads.
  ///
  /// - Parameters:
  ///   - shape: of the model's output for one sample.
  ///   - outputSize: classes, or target values.
  func check(_ shape: Shape, outputSize: Int, data: SplitSource) throws {
    guard !isAdversarial else { return }
    let expected = isClassification ? outputSize * data.targetSize : outputSize
    if data.reconstructs, shape.rank == 3, shape[2] > 1, shape != data.featureShape {
      throw Failure.usage(
        "model: gives images of \(shape), but the features of a sample are \(data.featureShape), in another order; end the model "
          + "with \"flatten\" if it begins with a reshape")
    }
    guard shape.elementCount != expected else { return }
    throw Failure.usage(
      "model: gives \(shape) outputs a sample, but \(data.place(.targets, row: 0)) has targets of \(data.targetShape); "
        + "give a recurrent layer sequence: true for a label at each step, sequence: false for one a sample")
  }

  /// - Throws: where the loss has weights for another number of outputs.
  func check(outputSize: Int) throws {
    func check(_ key: String, _ weights: [Double]?, noun: String) throws {
      guard let weights, weights.count != outputSize else { return }
      throw Failure.usage(
        "loss.\(key): \(weights.count) numbers, but the data and the model have \(outputSize) \(noun); give one for each")
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
      case .detection: .detections
      }
    return MetricTask(
      kind, outputSize: isDetection ? outputSize - boxSize : outputSize,
      hasProbabilities: name != "hinge" && name != "binary_hinge")
  }

  /// The loss that takes mixtures of targets: labels are mixed as distributions, other targets as they are.
  ///
  /// - Throws: for a loss of labels that has no form for distributions.
  func mixingLoss() throws -> any Loss<Float> {
    guard isClassification || isDetection else { return loss }
    guard name == "cross_entropy" else {
      throw Failure.usage(
        "data.augment: mixup needs targets that can be mixed, which those of \(name) cannot; use cross_entropy")
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
