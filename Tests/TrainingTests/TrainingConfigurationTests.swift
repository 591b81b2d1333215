import Basics
import Training
import DataPipeline
import NeuralNetwork
import NumericCore
import Optimizers
import Settings
import Testing

@Suite struct TrainingConfigurationTests {
  /// Every key, none at its default.
  static let full = """
    {
      data: { path: "mnist.h5", features: "/train/x", labels: "/train/y", validation: 0.1, scaling: "min_max",
        weights: "/train/w", stratify: "labels", validation_group: "/train/g",
        layout: "channels_first", augment: ["flip", { crop: { padding: 2 } }, { mixup: { alpha: 0.4 } }] },
      model: { layers: [{ dense: 128 }, "relu", { dense: { units: 64, initializer: "xavier" } }, { dropout: 0.2 },
        "dense"] },
      initializer: "xavier", loss: { name: "huber", delta: 0.5 }, metrics: ["accuracy", "f1_macro", "top_3"],
      optimizer: { name: "sgd", learning_rate: 0.1, weight_decay: 1e-4, decay_biases: false, momentum: 0.9,
        nesterov: true },
      schedule: { name: "step", warmup_steps: 100, step_epochs: 4, gamma: 0.5, scaling: "linear", reference_batch: 32 },
      clip_norm: 1, epochs: 3, batch_size: 64, seed: 7, shards: 8, exchange: "mpi", threads: 2,
      clip_value: 0.5, accumulate: 4, ema_decay: 0.999, regularization: { l1: 1e-5, l2: 1e-4 },
      early_stopping: { metric: "accuracy", patience: 3, minimum_change: 0.01, restore_best: false },
      checkpoint: { every_epochs: 2, every_steps: 500, every_minutes: 2.5, keep: 5, best_by: "f1_macro",
        keep_best: 2, keep_every_epochs: 10, copy_to: "backup", on_failure: "continue" },
      decision: { threshold: "f1" },
      log: { every_steps: 10, tensorboard: true, histograms: true, report: false, trace: "t.json", trace_steps: 5 },
      watchdog: { seconds: 90 },
      run: "runs/x", name: "x", resume: "auto", verbosity: "verbose",
    }
    """

  @Test(
    "Shards by default depend on batch and samples alone",
    arguments: [
      (1, 1000, 4), (128, 1000, 4), (256, 1000, 4), (384, 5000, 6), (512, 5000, 8), (4096, 50_000, 16), (128, 3, 3),
      (128, 1, 1),
    ])
  func shardsByDefault(batchSize: Int, samples: Int, expected: Int) {
    var configuration = TrainingConfiguration()
    configuration.batchSize = batchSize
    #expect(configuration.defaultShardCount(samples: samples, holdsOut: true) == expected)
    configuration.data.validation = 0.5
    #expect(configuration.defaultShardCount(samples: samples, holdsOut: false) == expected)
    // Always fewer than remain to train on.
    #expect(configuration.defaultShardCount(samples: 4, holdsOut: true) == 1)
  }

  @Test func anEmptyObjectGivesTheDefaults() throws {
    let defaults = try configuration("{}")
    #expect(defaults == TrainingConfiguration())
    #expect(defaults.data.augment.items.isEmpty && defaults.metrics == [.accuracy])
    #expect(defaults.data.path == nil && defaults.data.validation == 0 && defaults.data.scaling == .auto)
    #expect(defaults.model == .named(.mlp) && defaults.loss.value == nil && defaults.clipNorm == nil)
    #expect(defaults.optimizer.name == "adam" && defaults.optimizer.learningRate == 0.001)
    #expect(defaults.schedule.name == "cosine" && defaults.epochs == 20 && defaults.batchSize == 128)
    #expect(defaults.seed == 42 && defaults.shards == nil && defaults.threads == 1 && defaults.exchange == .auto)
    #expect(defaults.checkpoint.everyEpochs == 1 && defaults.checkpoint.keep == 3)
    #expect(defaults.clipValue == nil && defaults.emaDecay == nil && defaults.earlyStopping == nil)
    #expect(defaults.accumulate == 1 && defaults.regularization.l1 == 0 && defaults.regularization.l2 == 0)
    #expect(defaults.run == nil && defaults.resume == nil && !defaults.quiet)
    #expect(defaults.log.everySteps == nil && !defaults.log.tensorboard && defaults.log.report)
  }

  @Test func quietIsShort() throws {
    #expect(try configuration("{ quiet: true }").verbosity == .quiet)
    #expect(try configuration("{ quiet: false }").verbosity == .normal)
    #expect(try configuration("{ quiet: true, verbosity: 'quiet' }").verbosity == .quiet)
  }

  @Test(
    "A run has at most 500 lines of steps unless it is told",
    arguments: [
      (1, 1), (500, 1), (501, 2), (999, 2), (1000, 5), (2499, 5), (2500, 10), (5001, 20), (1_000_000, 5000),
    ])
  func intervalOfSteps(steps: Int, expected: Int) {
    #expect(LogSettings().interval(of: steps) == expected)
    var given = LogSettings()
    given.everySteps = 7
    #expect(given.interval(of: steps) == 7)
  }

  @Test func everyKeyIsRead() throws {
    let read = try configuration(Self.full)
    #expect(read.data.path == "mnist.h5" && read.data.features == "/train/x" && read.data.labels == "/train/y")
    #expect(read.data.validation == 0.1 && read.data.scaling == .minMax)
    #expect(
      read.data.augment == AugmentationList([Flip(), Crop(padding: 2), Mixup(alpha: 0.4)]))
    #expect(read.metrics.map(\.rawValue) == ["accuracy", "f1_macro", "top_3"])
    guard case .layers(let layers) = read.model else {
      Issue.record("expected layers, got \(read.model)")
      return
    }
    #expect(layers.map(\.name) == ["dense", "relu", "dense", "dropout", "dense"])
    let dense = layers.map { $0.description as? Dense }
    #expect(dense[0]?.units == 128 && dense[0]?.initializer == nil && dense[4]?.units == nil)
    #expect(dense[2]?.units == 64 && dense[2]?.initializer == .xavier)
    #expect((layers[3].description as? Dropout)?.rate == 0.2)
    #expect(layers[2].path == "model.layers[2].dense" && layers[0].position?.line == 5)
    #expect(read.initializer == .xavier && (read.loss.value as? HuberLoss)?.delta == 0.5)
    let sgd = try #require(read.optimizer.rule as? SGD)
    #expect(read.optimizer.learningRate == 0.1 && sgd.weightDecay == 1e-4)
    #expect(sgd.momentum == 0.9 && sgd.nesterov && !read.optimizer.decaysBiases)
    #expect(read.schedule.scaling == .linear && read.schedule.referenceBatch == 32)
    #expect(read.clipValue == 0.5 && read.accumulate == 4 && read.emaDecay == 0.999)
    #expect(read.regularization.l1 == 1e-5 && read.regularization.l2 == 1e-4)
    #expect(read.earlyStopping?.metric == .accuracy && read.earlyStopping?.patience == 3)
    #expect(read.earlyStopping?.minimumChange == 0.01 && read.earlyStopping?.restoreBest == false)
    let decay = try #require(read.schedule.schedule as? StepDecay)
    #expect(read.schedule.warmupSteps == 100 && decay.stepEpochs == 4 && decay.gamma == 0.5)
    #expect(read.clipNorm == 1 && read.epochs == 3 && read.batchSize == 64 && read.seed == 7 && read.shards == 8)
    #expect(read.exchange == .mpi && read.threads == 2)
    #expect(read.checkpoint.everyEpochs == 2 && read.checkpoint.everySteps == 500)
    #expect(read.checkpoint.everyMinutes == 2.5 && read.checkpoint.keep == 5)
    #expect(read.run == "runs/x" && read.name == "x" && read.resume == .auto && read.verbosity == .verbose)
    #expect(read.log.everySteps == 10 && read.log.tensorboard && read.log.histograms && !read.log.report)
    #expect(read.log.trace == "t.json" && read.log.traceSteps == 5 && read.watchdog.seconds == 90)
  }

  @Test(arguments: [
    "{}", full, "{ optimizer: 'sgd' }", "{ optimizer: { name: 'adamw', beta1: 0.8, beta2: 0.9, epsilon: 1e-6 } }",
    "{ schedule: 'exponential' }", "{ schedule: { name: 'cosine', minimum_learning_rate: 1e-5 } }",
    "{ schedule: 'step' }", "{ checkpoint: { every_epochs: 0 } }", "{ checkpoint: { every_steps: 5 } }",
    "{ checkpoint: { every_minutes: 0.5, every_epochs: 3 } }", "{ loss: 'mse', resume: 'a/b.h5' }",
    "{ optimizer: 'adagrad' }", "{ optimizer: { name: 'rmsprop', alpha: 0.9, centered: true, momentum: 0.5 } }",
    "{ optimizer: { name: 'adadelta', rho: 0.8 } }",
    "{ optimizer: { name: 'lion', beta2: 0.95, decay_biases: false } }",
    "{ optimizer: { name: 'lars', trust_coefficient: 0.02, momentum: 0.8 } }",
    "{ optimizer: { name: 'lamb', epsilon: 1e-8 } }",
    "{ schedule: { name: 'multi_step', milestones: [3, 5] } }", "{ schedule: { name: 'polynomial', power: 2 } }",
    "{ schedule: { name: 'cosine', period_epochs: 3, period_growth: 2 } }",
    "{ schedule: { name: 'one_cycle', rise: 0.4, start_divisor: 10, end_divisor: 100 } }",
    "{ schedule: { name: 'plateau', metric: 'accuracy', patience: 2, threshold: 0.01, cooldown: 1, gamma: 0.5 } }",
    "{ schedule: { scaling: 'square_root', reference_batch: 64 } }", "{ early_stopping: {} }",
    "{ initializer: 'orthogonal' }",
    "{ loss: { name: 'cross_entropy', targets: 'probabilities', label_smoothing: 0.1, class_weights: [1, 0, 2.5] } }",
    "{ loss: { name: 'binary_cross_entropy', positive_weight: 3 } }",
    "{ loss: { name: 'binary_cross_entropy', positive_weight: [3, 1] } }", "{ loss: 'focal', metrics: [] }",
    "{ loss: { name: 'focal', gamma: 0, alpha: 0.25 } }", "{ loss: { name: 'focal', alpha: [1, 2, 3] } }",
    "{ loss: { name: 'hinge', margin: 0.5 } }", "{ loss: 'binary_hinge' }", "{ loss: 'mae', metrics: ['r2', 'rmse'] }",
    "{ data: { augment: ['shift', 'rotate', 'cutout', 'noise', { flip: { axis: 'vertical', probability: 1 } }] } }",
    "{ model: 'gan', generator_optimizer: { name: 'sgd', momentum: 0.5 } }",
    "{ model: { generator: [{ dense: 8 }, 'relu', 'dense'], discriminator: ['dense'], latent: 5 } }",
    "{ data: { target: 'features' }, loss: 'huber' }", "{ model: 'autoencoder', data: { target: 'labels' } }",
    "{ loss: 'detection', model: 'detector' }", "{ loss: { name: 'detection', delta: 0.3, box_weight: 2 } }",
    "{ seed: 9223372036854775807 }", "{ model: 'linear', loss: null, data: 'x.h5' }",
  ])
  func theResolvedConfigurationReadsBackEqual(text: String) throws {
    let read = try configuration(text)
    #expect(try configuration(read.json.text) == read)
    #expect(try configuration(read.json.line).json.text == read.json.text)
  }

  @Test func featuresAreTheTargetWhereTheModelOrTheDataSaySo() throws {
    #expect(try !configuration("{}").reconstructs && configuration("{ model: 'autoencoder' }").reconstructs)
    #expect(try configuration("{ data: { target: 'features' } }").reconstructs)
    #expect(try !configuration("{ model: 'autoencoder', data: { target: 'labels' } }").reconstructs)
  }

  @Test func boxesHaveADeltaOfTheirOwn() throws {
    let loss = try #require(try configuration("{ loss: 'detection' }").loss.value as? DetectionLoss)
    #expect(loss.delta == 0.1 && loss.boxWeight == 20)
    #expect(try (configuration("{ loss: 'huber' }").loss.value as? HuberLoss)?.delta == 1)
  }

  @Test func optimizersAndSchedulesBringTheirOwnDefaults() throws {
    func optimizer(_ name: String) throws -> OptimizerSettings {
      try configuration("{ optimizer: '\(name)' }").optimizer
    }
    func schedule(_ name: String) throws -> any LearningRateSchedule {
      try configuration("{ schedule: '\(name)' }").schedule.schedule
    }
    #expect(try optimizer("sgd").learningRate == 0.01 && optimizer("adadelta").learningRate == 1)
    #expect(try optimizer("adamw").rule.weightDecay == 0.01)
    #expect(try (optimizer("lion").rule as? Lion)?.beta2 == 0.99)
    #expect(try (optimizer("adagrad").rule as? Adagrad)?.epsilon == 1e-10)
    #expect(try (optimizer("lars").rule as? LARS)?.momentum == 0.9)
    #expect(try optimizer("lamb").decaysBiases == false)
    #expect(try (schedule("exponential") as? ExponentialDecay)?.gamma == 0.95)
    #expect(try (schedule("step") as? StepDecay)?.gamma == 0.1)
  }

  @Test func anotherCheckpointRuleReplacesTheDefaultOne() throws {
    #expect(try configuration("{ checkpoint: { every_steps: 5 } }").checkpoint.everyEpochs == 0)
    #expect(try configuration("{ checkpoint: { every_steps: 0 } }").checkpoint.everyEpochs == 1)
    #expect(try configuration("{ checkpoint: { every_steps: 5, every_epochs: 2 } }").checkpoint.everyEpochs == 2)
    #expect(try configuration("{ checkpoint: { every_epochs: 0 } }").checkpoint.everyEpochs == 0)
  }

  @Test func aGeneratorAndADiscriminatorAreAModel() throws {
    let read = try configuration(
      "{ model: { generator: ['dense'], discriminator: ['relu', 'dense'] }, generator_optimizer: 'lion', optimizer: "
        + "'sgd' }"
    )
    guard case .adversarial(let networks) = read.model else {
      Issue.record("expected two networks, got \(read.model)")
      return
    }
    #expect(networks.generator.map(\.name) == ["dense"] && networks.discriminator.map(\.name) == ["relu", "dense"])
    #expect(networks.latent == 64 && read.model.isAdversarial)
    #expect(read.generatorOptimizer?.name == "lion" && read.optimizer.name == "sgd")
    #expect(try configuration("{ model: 'gan' }").generatorOptimizer == nil)
  }

  @Test(arguments: ["{ layers: ['relu'] }", "{ model: ['relu'] }", "{ model: { layers: ['relu'] } }"])
  func layersMayStandInThreePlaces(text: String) throws {
    guard case .layers(let layers) = try configuration(text).model else {
      Issue.record("expected layers")
      return
    }
    #expect(layers.map(\.name) == ["relu"])
  }

  @Test func layersForImagesTakeOneNumberOrTwo() throws {
    let text = "{ layers: [{ conv2d: { filters: 8, kernel: [3, 5], padding: 'same' } }, { max_pool2d: 2 }] }"
    guard case .layers(let layers) = try configuration(text).model else {
      Issue.record("expected layers")
      return
    }
    let convolution = try #require(layers[0].description as? Conv2D)
    #expect(convolution.kernel == Extents(height: 3, width: 5) && convolution.padding == .same)
    let pool = try #require(layers[1].description as? MaxPool2D)
    #expect(pool.size == 2 && pool.stride == nil)
  }
}
