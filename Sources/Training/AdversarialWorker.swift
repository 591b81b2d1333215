import DataPipeline
import NeuralNetwork
import NumericCore

/// Puts micro-batches through the two networks of a GAN (Goodfellow et al. 2014, "Generative adversarial nets").
///
/// Of n reals x and as many latent vectors z ~ N(0, 1), with softplus(t) = log(1 + eᵗ), the losses are the binary cross-entropy and,
/// for the generator, its non-saturating form:
///
///     L_D = Σ softplus(−D(x)) + softplus(D(G(z)))        L_G = Σ softplus(−D(G(z)))
///
/// Both gradients are taken at the same parameters (simultaneous gradient descent: Mescheder, Nowozin and Geiger 2017, "The
/// numerics of GANs"), so that one step has one exchange and one update.
///
/// Reals and fakes pass the discriminator one after the other; batch normalization takes each for a batch of its own, and its running
/// statistics learn from the reals alone. All random draws of the three passes are their own.
final class AdversarialWorker: MicroBatchWorker {
  private let networks: AdversarialModel<Float>
  private let generator: Workspace<Float>
  /// Learns from reals and from fakes.
  private let discriminator: Workspace<Float>
  /// The discriminator once more, to pass a gradient on to the generator.
  private let critic: Workspace<Float>
  private let loss = BinaryCrossEntropy<Float>()
  /// Targets of the discriminator's outputs: the reals' and the fakes'.
  private let ones: FlatBuffer<Float>
  private let zeros: FlatBuffer<Float>
  /// What the data has for targets, which nobody reads.
  private let targets: FlatBuffer<Float>
  private let augmentation: BatchAugmentation?
  private let sample: SplitShape

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
    discriminator = Workspace(model: networks.discriminator, capacity: capacity, values: own)
    critic = Workspace(model: networks.discriminator, capacity: capacity, values: own, differentiatesInputs: true)
    let outputs = capacity * networks.discriminator.outputShapes[0].elementCount
    ones = FlatBuffer(count: outputs)
    ones.window.update(repeating: 1)
    zeros = FlatBuffer(count: outputs)
    targets = FlatBuffer(count: capacity * data.targetSize)
    self.augmentation = augmentation
    sample = data
  }

  func learn(
    _ store: ShardStore, shard: Int, positions: UnsafeBufferPointer<Int32>, values: ModelValues<Float>,
    random: RandomSource, gradients rule: Workspace<Float>.GradientRule
  ) -> LossSums {
    let count = positions.count
    fillReals(store, shard, positions, random)
    // The three passes and the latent vectors draw from sources of their own.
    let forGenerator = random.stream(.latent, 1), forFakes = random.stream(.latent, 2)
    generateLatent(count, random.stream(.latent))
    generator.forward(
      samples: count, mode: .training(random: forGenerator), values: networks.generatorValues(values))

    var own = networks.discriminatorValues(values)
    discriminator.forward(samples: count, mode: .training(random: random), values: own)
    var sums = evaluate(discriminator, targets: ones)
    discriminator.backward(gradients: rule)

    own.batchStatistics = nil
    copy(generator.output(), into: input(discriminator, count))
    discriminator.forward(samples: count, mode: .training(random: forFakes), values: own)
    sums += evaluate(discriminator, targets: zeros)
    discriminator.backward(gradients: .add)

    // The same pass, to another end: a layer may have overwritten in backward what it saved.
    own.gradients = nil
    copy(generator.output(), into: input(critic, count))
    critic.forward(samples: count, mode: .training(random: forFakes), values: own)
    sums.generatorLoss = evaluate(critic, targets: ones).loss
    critic.backward()
    copy(critic.inputGradient(), into: generator.outputGradient())
    generator.backward(gradients: rule)

    // A sample is right by half for its real, by half for its fake.
    sums.correct = sums.correct.map { $0 / 2 }
    return sums
  }

  private func fillReals(
    _ store: ShardStore, _ shard: Int, _ positions: UnsafeBufferPointer<Int32>, _ random: RandomSource
  ) {
    let count = positions.count
    let features = input(discriminator, count), ids = discriminator.sampleIDs.window(first: count)
    let targets = targets.window.window(first: count * sample.targetSize)
    store.fill(shard: shard, positions: positions, features: features, targets: targets, sampleIDs: ids)
    augmentation?.apply(features: features, targets: targets, sampleIDs: ids, random: random)
    for index in 0..<count {
      generator.sampleIDs[index] = ids[index]
      critic.sampleIDs[index] = ids[index]
    }
  }

  /// z, each sample's under a key of its own.
  private func generateLatent(_ count: Int, _ random: RandomSource) {
    let size = networks.layers.latent
    for index in 0..<count {
      random.fillNormal(
        generator.input().window(index * size..<(index + 1) * size), substream: generator.sampleIDs[index])
    }
  }

  /// The loss of a network's outputs, and its gradient.
  private func evaluate(_ network: Workspace<Float>, targets: FlatBuffer<Float>) -> LossSums {
    let outputs = network.output()
    return loss.evaluate(
      outputs: outputs, targets: targets.window.window(first: outputs.count), samples: network.samples,
      gradient: network.outputGradient())
  }

  private func input(_ network: Workspace<Float>, _ count: Int) -> Window<Float> {
    network.input().window(first: count * sample.featureSize)
  }
}
