import DataPipeline
import NeuralNetwork
import Optimizers
import Settings
import Testing
import Training

/// Each optimizer, schedule, loss and augmentation, read from a configuration with a value of its own for every
/// setting, against the type made in Swift with these values.
///
/// All properties are compared, by name, without the settings that read them: of two settings that are exchanged, or
/// one that leads to another property, both would be found where they do not belong.
@Suite("Names and settings of a configuration lead to the types that bear them")
struct CatalogTests {
  /// The settings of one thing in JSON5, and the thing.
  struct Case: Sendable, CustomTestStringConvertible {
    let settings: String
    let expected: any Configurable
    var testDescription: String { "\(expected.name) \(settings)" }

    init(_ settings: String, _ expected: any Configurable) { (self.settings, self.expected) = (settings, expected) }

    var named: String { "{ name: '\(expected.name)'\(settings.isEmpty ? "" : ", " + settings) }" }
    var tagged: String { "{ \(expected.name): { \(settings) } }" }
  }

  static let optimizers = [
    Case("momentum: 0.4, nesterov: true", SGD(momentum: 0.4, nesterov: true)),
    Case("beta1: 0.3, beta2: 0.7, epsilon: 0.01", Adam(beta1: 0.3, beta2: 0.7, epsilon: 0.01)),
    Case("beta1: 0.3, beta2: 0.7, epsilon: 0.01", AdamW(beta1: 0.3, beta2: 0.7, epsilon: 0.01)),
    Case(
      "beta1: 0.3, beta2: 0.7, epsilon: 0.01, momentum_decay: 0.2",
      NAdam(beta1: 0.3, beta2: 0.7, epsilon: 0.01, momentumDecay: 0.2)),
    Case("epsilon: 0.01", Adagrad(epsilon: 0.01)),
    Case(
      "alpha: 0.3, centered: true, momentum: 0.4, epsilon: 0.01",
      RMSprop(alpha: 0.3, centered: true, momentum: 0.4, epsilon: 0.01)),
    Case("rho: 0.3, epsilon: 0.01", Adadelta(rho: 0.3, epsilon: 0.01)),
    Case("beta1: 0.3, beta2: 0.7", Lion(beta1: 0.3, beta2: 0.7)),
    Case(
      "momentum: 0.4, trust_coefficient: 0.2, epsilon: 0.01",
      LARS(momentum: 0.4, trustCoefficient: 0.2, epsilon: 0.01)),
    Case("beta1: 0.3, beta2: 0.7, epsilon: 0.01", LAMB(beta1: 0.3, beta2: 0.7, epsilon: 0.01)),
  ]

  static let schedules = [
    Case("", Constant()),
    Case("step_epochs: 4, gamma: 0.3", StepDecay(stepEpochs: 4, gamma: 0.3)),
    Case("milestones: [2, 7], gamma: 0.3", MultiStepDecay(milestones: [2, 7], gamma: 0.3)),
    Case("gamma: 0.3", ExponentialDecay(gamma: 0.3)),
    Case(
      "start_factor: 0.3, end_factor: 0.2, total_epochs: 4",
      LinearChange(startFactor: 0.3, endFactor: 0.2, totalEpochs: 4)),
    Case("power: 0.3, minimum_learning_rate: 0.0001", PolynomialDecay(power: 0.3, minimumLearningRate: 0.0001)),
    Case(
      "minimum_learning_rate: 0.0001, period_epochs: 4, period_growth: 3",
      Cosine(minimumLearningRate: 0.0001, periodEpochs: 4, periodGrowth: 3)),
    Case(
      "rise: 0.6, start_divisor: 7, end_divisor: 11", OneCycle(rise: 0.6, startDivisor: 7, endDivisor: 11)),
    Case(
      "metric: 'accuracy', gamma: 0.3, patience: 4, threshold: 0.2, cooldown: 5, minimum_learning_rate: 0.0001",
      Plateau(
        metric: .accuracy, gamma: 0.3, patience: 4, threshold: 0.2, cooldown: 5, minimumLearningRate: 0.0001)),
  ]

  static let losses = [
    Case(
      "targets: 'labels', label_smoothing: 0.2, class_weights: [2, 3], ignore_index: 7",
      CrossEntropy(targets: .labels, labelSmoothing: 0.2, classWeights: [2, 3], ignoredLabel: 7)),
    Case("positive_weight: [2, 3]", BinaryCrossEntropy(positiveWeight: [2, 3])),
    Case("", MeanSquaredError()),
    Case("", MeanAbsoluteError()),
    Case("delta: 0.3", HuberLoss(delta: 0.3)),
    Case("", LogCosh()),
    Case("gamma: 0.3, alpha: [2, 3]", FocalLoss(gamma: 0.3, alpha: [2, 3])),
    Case("margin: 0.3", Hinge(margin: 0.3)),
    Case("margin: 0.3", BinaryHinge(margin: 0.3)),
    Case("delta: 0.3, box_weight: 7", DetectionLoss(delta: 0.3, boxWeight: 7)),
  ]

  static let augmentations = [
    Case("probability: 0.3, axis: 'vertical'", Flip(probability: 0.3, axis: .vertical)),
    Case("padding: 3", Crop(padding: 3)),
    Case("fraction: 0.3", Shift(fraction: 0.3)),
    Case("degrees: 3", Rotate(degrees: 3)),
    Case("size: 3", Cutout(size: 3)),
    Case("standard_deviation: 0.3", Noise(standardDeviation: 0.3)),
    Case("alpha: 0.3", Mixup(alpha: 0.3)),
  ]

  /// Expects `found` to be what `test` expects, property by property, and every one of its settings to be other than
  /// the default.
  private func expect(_ found: (any Configurable)?, _ test: Case) throws {
    func properties(_ value: any Configurable) -> String {
      var text = ""
      dump(value, to: &text)
      return text
    }
    let found = try #require(found)
    #expect(properties(found) == properties(test.expected))
    #expect(found.changedMembers.map(\.key) == found.members.map(\.key))
  }

  @Test(arguments: optimizers) func optimizer(_ test: Case) throws {
    let read = try configuration("{ optimizer: \(test.named) }")
    try expect(read.optimizer.rule, test)
    #expect(try configuration(read.json.line).optimizer == read.optimizer)
  }

  @Test(arguments: schedules) func schedule(_ test: Case) throws {
    let read = try configuration("{ schedule: \(test.named) }")
    try expect(read.schedule.schedule, test)
    #expect(try configuration(read.json.line).schedule == read.schedule)
  }

  @Test(arguments: losses) func loss(_ test: Case) throws {
    let read = try configuration("{ loss: \(test.named) }")
    try expect(read.loss.value, test)
    #expect(try configuration(read.json.line).loss == read.loss)
  }

  @Test(arguments: augmentations) func augmentation(_ test: Case) throws {
    let read = try configuration("{ data: { augment: [\(test.tagged)] } }")
    #expect(read.data.augment.items.count == 1)
    try expect(read.data.augment.items.first, test)
    #expect(try configuration(read.json.line).data.augment == read.data.augment)
  }

  @Test func nothingIsLeftOut() {
    func names(_ cases: [Case]) -> Set<String> { Set(cases.map(\.expected.name)) }
    #expect(names(Self.optimizers) == Set(OptimizerCatalog.all.names))
    #expect(names(Self.schedules) == Set(ScheduleCatalog.all.names))
    #expect(names(Self.losses) == Set(LossCatalog.all.names))
    #expect(names(Self.augmentations) == Set(AugmentationCatalog.all.names))
  }

  /// What all optimizers and all schedules take beside their own.
  @Test func sharedSettings() throws {
    let read = try configuration(
      """
      { optimizer: { name: 'sgd', learning_rate: 0.3, weight_decay: 0.2, decay_biases: false },
        schedule: { name: 'constant', warmup_steps: 5, scaling: 'linear', reference_batch: 32 } }
      """)
    #expect(read.optimizer.learningRate == 0.3 && read.optimizer.rule.weightDecay == 0.2)
    #expect(!read.optimizer.decaysBiases)
    #expect(read.schedule.warmupSteps == 5 && read.schedule.scaling == .linear)
    #expect(read.schedule.referenceBatch == 32)
  }
}
