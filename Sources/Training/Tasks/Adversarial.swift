import Basics
import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore
import Optimizers
import Settings

/// A generative adversarial network (Goodfellow et al. 2014, "Generative adversarial nets"): a generator learns to make
/// samples that a discriminator cannot tell from the data.
///
/// It needs no targets. Of n reals x and as many latent vectors z ~ N(0, 1), with softplus(t) = log(1 + eᵗ), the losses
/// are the binary cross-entropy and, for the generator, its non-saturating form:
///
///     L_D = Σ softplus(−D(x)) + softplus(D(G(z)))        L_G = Σ softplus(−D(G(z)))
struct Adversarial: LearningTask {
  static let name = "adversarial"
  static var defaultLoss: any Loss { BinaryCrossEntropy() }
  static let needsLabels = false

  let loss: any Loss = BinaryCrossEntropy()
  let targetCheck: any TargetCheck = FiniteNumbers()

  static func fits(_ context: TaskContext) -> Bool { context.model.task == name }

  init(_ context: TaskContext) {}

  let lossName = Self.name
  static let whyNotEvaluated: String? =
    "is of a GAN, which makes samples and has no predictions to evaluate; use ddp-train generate with --grid or "
    + "--output"
  /// The losses of a GAN do not tell which epoch is best.
  let ranksEpochs = false
  let secondLoss: (key: String, heading: String)? = ("generator_loss", "gen loss")
  let featureUse = FeatureUse.fromZeroToOne
  let generates = GeneratedKind.samples

  func outputs(
    classes: () throws -> Int, declared: Int?, data: SplitSource
  ) rethrows -> (size: Int, check: any TargetCheck) { (1, targetCheck) }

  func check(output: Shape, outputSize: Int, data: SplitSource) {}

  func makeNetwork(_ factory: ModelFactory, _ description: ModelDescription) throws -> any TrainableNetwork {
    guard let networks = try factory.makeAdversarialModel(description, of: Float.self) else {
      preconditionFailure("\(description) has no generator")
    }
    return AdversarialNetworks(networks: networks)
  }

  func outputText(_ outputSize: Int) -> String? { nil }

  func arrays(_ predictions: Predictions) -> [PredictedArray] { preconditionFailure("a GAN predicts nothing") }

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) { preconditionFailure("a GAN predicts nothing") }

  /// Reports settings that mean nothing to a GAN.
  static func check(_ configuration: TrainingConfiguration, _ reader: SettingsReader) throws(SettingsError) {
    let data = configuration.data
    let mixes = data.augment.items.contains { type(of: $0).mixesTargets }
    let stray: [(isGiven: Bool, path: [String], message: String)] = [
      (
        configuration.loss.value != nil, ["loss"],
        "a GAN has its own, binary cross-entropy on reals and fakes; leave it out"
      ),
      (
        data.validation > 0, ["data", "validation"],
        "a GAN is trained on all samples and has no validation figures; set it to 0"
      ),
      (data.weights != nil, ["data", "weights"], "a GAN takes all samples alike; leave it out"),
      (data.target != nil, ["data", "target"], "a GAN has no targets; leave it out"),
      (mixes, ["data", "augment"], "mixup mixes targets, of which a GAN has none; leave it out"),
      (
        configuration.model == .named(.gan) && data.scaling == .standard, ["data", "scaling"],
        "gan makes values from 0 to 1; give unit or min_max, or describe other networks"
      ),
      (
        configuration.earlyStopping != nil, ["early_stopping"],
        "the losses of a GAN do not tell when to stop; leave it out"
      ),
      (
        configuration.schedule.schedule is Plateau, ["schedule"],
        "plateau follows a loss, but those of a GAN do not fall; give another name"
      ),
      (
        configuration.metrics.contains { $0 != .accuracy }, ["metrics"],
        "a GAN has no predictions to measure; leave it out"
      ),
    ]
    guard let found = stray.first(where: \.isGiven) else { return }
    var reader = reader
    let value = found.path.dropFirst().reduce(reader.value(found.path[0])) { $0?[$1] }
    throw SettingsError("\(found.path.joined(separator: ".")): \(found.message)", at: value?.position)
  }
}

/// The two networks of a GAN as the trainer sees them: one model, two optimizers.
struct AdversarialNetworks: TrainableNetwork {
  let networks: AdversarialModel<Float>

  var model: Model<Float> { networks.joined }

  func makeLearner(_ parts: LearnerParts) throws -> any Learner {
    AdversarialLearner(
      networks, data: parts.data, capacity: parts.capacity, values: parts.values,
      augmentation: try parts.augmentation())
  }

  let isMostlyJoint = false

  /// `optimizer` is the discriminator's; the generator's learning rate follows the schedule in proportion.
  func optimizers(_ configuration: TrainingConfiguration) -> [AssignedOptimizer] {
    let layout = model.parameterLayout
    let start = AdversarialModel<Float>.discriminatorStart(in: layout)
    let own = configuration.optimizer
    let generator = configuration.generatorOptimizer.map { ("generator_optimizer", $0) } ?? ("optimizer", own)
    return [
      AssignedOptimizer(key: generator.0, settings: generator.1, range: 0..<start),
      AssignedOptimizer(key: "optimizer", settings: own, range: start..<layout.count),
    ]
  }

  func freezing(_ names: Set<String>) -> AdversarialNetworks {
    AdversarialNetworks(networks: networks.freezing(names))
  }

  var layerWords: [[String]] {
    let layers = networks.layers
    return [
      ["generator: latent \(layers.latent)"]
        + LayerWords.words(layers.generator, networks.generator, AdversarialModel<Float>.generatorPrefix),
      ["discriminator: \(networks.discriminator.inputShapes[0])"]
        + LayerWords.words(layers.discriminator, networks.discriminator, AdversarialModel<Float>.discriminatorPrefix),
    ]
  }

  func optimizerText(_ configuration: TrainingConfiguration, rate: Double) -> String {
    let own = configuration.optimizer, other = configuration.generatorOptimizer ?? own
    return "generator \(other.name) \(trimmedNumber(rate * other.learningRate / own.learningRate)), "
      + "discriminator \(own.name) \(trimmedNumber(rate))"
  }

  let whyNoRangeTest: String? =
    "the losses of a GAN depend on both networks and suggest no rate; use it for a single model"
}

/// Puts micro-batches through the two networks of a GAN.
///
/// Both gradients are taken at the same parameters (simultaneous gradient descent: Mescheder, Nowozin and Geiger 2017,
/// "The numerics of GANs"), so that one step has one exchange and one update.
///
/// Reals and fakes pass the discriminator one after the other; batch normalization takes each for a batch of its own,
/// and its running statistics learn from the reals alone. All random draws of the passes are their own. The fakes pass
/// once more to carry a gradient to the generator, since a layer may overwrite in backward what it saved.
final class AdversarialLearner: Learner {
  private let networks: AdversarialModel<Float>
  private let generator: Workspace<Float>
  private let onReals: Workspace<Float>
  private let onFakes: Workspace<Float>
  /// Learns nothing, and passes a gradient on.
  private let toGenerator: Workspace<Float>
  private let reals: Batch
  private let criterion = BinaryCrossEntropy()
  /// Targets of the discriminator's outputs: the reals' and the fakes'.
  private let ones: FlatBuffer<Float>
  private let zeros: FlatBuffer<Float>

  /// - Parameters:
  ///   - capacity: samples of the largest micro-batch.
  ///   - values: of the joined model.
  ///   - augmentation: what is done to the reals.
  init(
    _ networks: AdversarialModel<Float>, data: SplitShape, capacity: Int, values: ModelValues<Float>,
    augmentation: BatchAugmentation?
  ) {
    self.networks = networks
    generator = Workspace(model: networks.generator, capacity: capacity, values: networks.generatorValues(values))
    let own = networks.discriminatorValues(values)
    func discriminator(passesGradients: Bool = false) -> Workspace<Float> {
      Workspace(
        model: networks.discriminator, capacity: capacity, values: own, differentiatesInputs: passesGradients)
    }
    (onReals, onFakes, toGenerator) = (discriminator(), discriminator(), discriminator(passesGradients: true))
    reals = Batch(workspace: onReals, data: data, augmentation: augmentation)
    let outputs = capacity * networks.discriminator.outputShapes[0].elementCount
    ones = FlatBuffer(count: outputs)
    ones.view.update(repeating: 1)
    zeros = FlatBuffer(count: outputs)
  }

  func load(
    _ places: Range<Int>, ofShard shard: Int, from feed: any SampleFeed, slot: Int, random: RandomSource
  ) throws {
    try reals.fill(places, ofShard: shard, from: feed)
    reals.augment(random: random)
    let ids = reals.sampleIDs, size = networks.layers.latent, source = random.stream(.latent)
    for (index, id) in ids.enumerated() {
      (generator.sampleIDs[index], onFakes.sampleIDs[index], toGenerator.sampleIDs[index]) = (id, id, id)
      source.fillNormal(generator.input().view(index * size..<(index + 1) * size), substream: id)
    }
  }

  func forward(_ values: [ModelValues<Float>], random: RandomSource) {
    let count = reals.count, fakesRandom = random.stream(.latent, 2)
    generator.forward(
      samples: count, mode: .training(random: random.stream(.latent, 1)), values: networks.generatorValues(values[0]))
    var own = networks.discriminatorValues(values[0])
    onReals.forward(samples: count, mode: .training(random: random), values: own)
    own.batchStatistics = nil
    copy(generator.output(), into: onFakes.input().view(first: generator.output().count))
    onFakes.forward(samples: count, mode: .training(random: fakesRandom), values: own)
    own.gradients = nil
    copy(generator.output(), into: toGenerator.input().view(first: generator.output().count))
    toGenerator.forward(samples: count, mode: .training(random: fakesRandom), values: own)
  }

  func loss(slot: Int) -> StepScalars {
    var sums = loss(of: onReals, targets: ones)
    let fakes = loss(of: onFakes, targets: zeros)
    sums.loss += fakes.loss
    // A sample is right by half for its real, by half for its fake.
    sums.correct = (sums.correct + fakes.correct) / 2
    sums.secondLoss = loss(of: toGenerator, targets: ones).loss
    return sums
  }

  /// The discriminator's on reals, which alone has all that is noted; generator and discriminator differ in layers.
  func workspaces(ofSlot slot: Int) -> [Workspace<Float>] { [onReals] }

  func backward(_ rule: Workspace<Float>.GradientRule, progress: BackwardProgress?) {
    onReals.backward(gradients: rule)
    onFakes.backward(gradients: .add)
    // Reads the discriminator's parameters once more.
    toGenerator.backward()
    progress?(.parameters(from: networks.generator.parameterLayout.count))
    copy(toGenerator.inputGradient(), into: generator.outputGradient())
    generator.backward(gradients: rule, progress: progress)
  }

  /// The loss of a network's outputs, and its gradient.
  private func loss(of network: Workspace<Float>, targets: FlatBuffer<Float>) -> StepScalars {
    let outputs = network.output()
    return criterion.evaluate(
      outputs: outputs, targets: targets.view.view(first: outputs.count), samples: network.samples,
      gradient: network.outputGradient())
  }
}
