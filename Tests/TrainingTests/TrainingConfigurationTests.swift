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

  @Test(arguments: [
    ("{\n  epochs: 1,\n  optimiser: 'adam'\n}", "run.json5:3:3: unknown key 'optimiser' (did you mean 'optimizer'?)"),
    ("{ data: { pth: 'x' } }", "run.json5:1:11: unknown key 'data.pth' (did you mean 'data.path'?)"),
    ("{ data: { validation: 'abc' } }", "run.json5:1:23: data.validation: expected a number, found \"abc\""),
    ("{ data: { validation: 1 } }", "run.json5:1:23: data.validation: expected at least 0 and less than 1, found 1"),
    (
      "{ data: { validation: -0.1 } }",
      "run.json5:1:23: data.validation: expected at least 0 and less than 1, found -0.1"
    ),
    ("{ data: 3 }", "run.json5:1:9: data: expected an object in braces, found 3"),
    (
      "{ data: { scaling: 'minmax' } }", "run.json5:1:20: data.scaling: unknown name 'minmax' (did you mean 'min_max'?)"
    ),
    (
      "{ data: { augment: ['flop'] } }",
      "run.json5:1:21: data.augment[0]: unknown name 'flop' (did you mean 'flip'?)"
    ),
    (
      "{ data: { augment: [{ crop: { pad: 4 } }] } }",
      "run.json5:1:31: unknown key 'data.augment[0].crop.pad' (did you mean 'data.augment[0].crop.padding'?)"
    ),
    (
      "{ data: { augment: [{ flip: { probability: 2 } }] } }",
      "run.json5:1:44: data.augment[0].flip.probability: expected from 0 to 1, found 2"
    ),
    (
      "{ data: { augment: [3] } }",
      "run.json5:1:21: data.augment[0]: expected an augmentation, such as \"flip\" or { crop: { padding: 4 } }, found 3"
    ),
    ("{ metrics: ['f1_marco'] }", "run.json5:1:13: metrics[0]: unknown name 'f1_marco' (did you mean 'f1_macro'?)"),
    ("{ metrics: 'f1' }", "run.json5:1:12: metrics: expected a list in brackets, such as [\"f1\"], found \"f1\""),
    (
      "{ metrics: 'rmse' }",
      "run.json5:1:12: metrics: expected a list in brackets, such as [\"rmse\"], found \"rmse\""
    ),
    ("{ metrics: ['rmse', 'rmse'] }", "run.json5:1:21: metrics[1]: 'rmse' is given twice"),
    (
      "{ data: { augment: [{ crop: 4 }] } }",
      "run.json5:1:29: data.augment[0].crop: expected its options in braces, { crop: { padding: … } }, found 4"
    ),
    (
      "{ optimizer: { sgd: { momentum: 0.9 } } }",
      "run.json5:1:21: optimizer.sgd: is a name, which stands under the key name: optimizer: { name: \"sgd\", … }"
    ),
    (
      "{ optimizer: { lr: 0.1 } }",
      "run.json5:1:16: unknown key 'optimizer.lr' (did you mean 'optimizer.learning_rate'?)"
    ),
    (
      "{ loss: { delta: 1 } }",
      "run.json5:1:9: loss.name: is missing; delta would be of huber, detection"
    ),
    (
      "{ loss: { name: 'cross_entropy', label_smoothing: 1 } }",
      "run.json5:1:51: loss.label_smoothing: expected at least 0 and less than 1, found 1"
    ),
    (
      "{ loss: { name: 'cross_entropy', class_weights: [1, -1] } }",
      "run.json5:1:53: loss.class_weights[1]: expected at least 0, found -1"
    ),
    (
      "{ loss: { name: 'cross_entropy', class_weights: [0, 0] } }",
      "run.json5:1:49: loss.class_weights: expected at least one weight above 0"
    ),
    (
      "{ loss: { name: 'cross_entropy', class_weights: 2 } }",
      "run.json5:1:49: loss.class_weights: expected \"balanced\", or a list in brackets with a number for each class, "
        + "found 2"
    ),
    (
      "{ loss: { name: 'binary_cross_entropy', positive_weight: 0 } }",
      "run.json5:1:58: loss.positive_weight: expected more than 0, found 0"
    ),
    (
      "{ loss: { name: 'focal', alpha: 2 } }",
      "run.json5:1:33: loss.alpha: expected a number from 0 to 1 for two classes, or a list with one a class"
    ),
    ("{ epochs: -1 }", "run.json5:1:11: epochs: expected at least 0, found -1"),
    ("{ epochs: 1.5 }", "run.json5:1:11: epochs: expected a whole number, found 1.5"),
    (
      "{ epochs: 9223372036854775808 }",
      "run.json5:1:11: epochs: expected at most 2147483647, found 9.223372036854776e+18"
    ),
    ("{ epochs: 2147483648 }", "run.json5:1:11: epochs: expected at most 2147483647, found 2147483648"),
    (
      "{ epochs: 9223372036854775807 }",
      "run.json5:1:11: epochs: expected at most 2147483647, found 9223372036854775807"
    ),
    ("{ epochs: 1e308 }", "run.json5:1:11: epochs: expected at most 2147483647, found 1e+308"),
    ("{ epochs: -1e308 }", "run.json5:1:11: epochs: expected at least -2147483647, found -1e+308"),
    (
      "{ seed: 18446744073709551616 }",
      "run.json5:1:9: seed: expected at most 9223372036854775807, found 1.8446744073709552e+19"
    ),
    ("{ batch_size: 0 }", "run.json5:1:15: batch_size: expected at least 1, found 0"),
    ("{ seed: -1 }", "run.json5:1:9: seed: expected at least 0, found -1"),
    ("{ shards: 0 }", "run.json5:1:11: shards: expected at least 1, found 0"),
    ("{ threads: 0 }", "run.json5:1:12: threads: expected at least 1, found 0"),
    ("{ clip_norm: 0 }", "run.json5:1:14: clip_norm: expected more than 0, found 0"),
    (
      "{ quiet: true, verbosity: 'verbose' }",
      "run.json5:1:10: quiet: stands beside 'verbosity'; expected one of the two"
    ),
    (
      "{ log: { histograms: true } }",
      "run.json5:1:22: log.histograms: stand in the files of log.tensorboard, which is off; turn it on too"
    ),
    ("{ quiet: 1 }", "run.json5:1:10: quiet: expected true or false, found 1"),
    ("{ run: 3 }", "run.json5:1:8: run: expected text in quotes, found 3"),
    ("{ run: '' }", "run.json5:1:8: run: expected text that is not empty, found \"\""),
    ("{ model: 'mpl' }", "run.json5:1:10: model: unknown name 'mpl' (did you mean 'mlp'?)"),
    ("{ model: 3 }", "run.json5:1:10: model: expected a model's name or a list of layers, found 3"),
    (
      "{ model: {} }",
      "run.json5:1:10: model: expected a name, or layers, or a generator and a discriminator: one of the three"
    ),
    (
      "{ model: { name: 'mlp', layers: [] } }",
      "run.json5:1:10: model: expected a name, or layers, or a generator and a discriminator: one of the three"
    ),
    ("{ model: 'mlp', layers: ['relu'] }", "run.json5:1:25: layers: stands beside 'model'; expected one of the two"),
    ("{ layers: [] }", "run.json5:1:11: layers: expected at least one layer, found []"),
    (
      "{ layers: [{ conv2d: { kernel: [3] } }] }",
      "run.json5:1:32: layers[0].conv2d.kernel: expected a number or [height, width], found [3]"
    ),
    (
      "{ layers: [{ conv2d: { kernel: [3, 0] } }] }",
      "run.json5:1:36: layers[0].conv2d.kernel[1]: expected at least 1, found 0"
    ),
    (
      "{ layers: [{ conv2d: { padding: 'sam' } }] }",
      "run.json5:1:33: layers[0].conv2d.padding: unknown name 'sam' (did you mean 'same'?)"
    ),
    (
      "{ data: { layout: 'NCHW' } }",
      "run.json5:1:19: data.layout: unknown name 'NCHW' (known: auto, channels_first, channels_last)"
    ),
    (
      "{ layers: [{ residual: { layers: ['relu', 'rleu'] } }] }",
      "run.json5:1:43: layers[0].residual.layers[1]: unknown name 'rleu' (did you mean 'relu'?)"
    ),
    (
      "{ layers: [{ residual: { shortcut: ['relu'] } }] }",
      "run.json5:1:24: layers[0].residual.layers: expected a list of layers in brackets"
    ),
    (
      "{ layers: [{ residual: [] }] }",
      "run.json5:1:24: layers[0].residual.layers: expected at least one layer, found []"
    ),
    (
      "{ layers: [{ parallel: [['relu']] }] }",
      "run.json5:1:24: layers[0].parallel.branches: expected two or more lists of layers, such as "
        + "[[{ dense: 8 }], [{ dense: 4 }, \"relu\"]], found [[\"relu\"]]"
    ),
    (
      "{ layers: [{ parallel: { branches: [['relu'], []], join: 'ad' } }] }",
      "run.json5:1:58: layers[0].parallel.join: unknown name 'ad' (did you mean 'add'?)"
    ),
    (
      "{ layers: [{ batch_norm: { momentum: 2 } }] }",
      "run.json5:1:38: layers[0].batch_norm.momentum: expected from 0 to 1, found 2"
    ),
    ("{ layers: ['rleu'] }", "run.json5:1:12: layers[0]: unknown name 'rleu' (did you mean 'relu'?)"),
    (
      "{ layers: [{ dense: { unit: 3 } }] }",
      "run.json5:1:23: unknown key 'layers[0].dense.unit' (did you mean 'layers[0].dense.units'?)"
    ),
    ("{ layers: [{ relu: 3 }] }", "run.json5:1:20: layers[0].relu: expected no value: it has no options, found 3"),
    (
      "{ layers: [{ dense: 3, relu: 1 }] }",
      "run.json5:1:12: layers[0]: expected a layer, such as \"relu\" or { dense: 128 }, found {\"dense\": 3, \"relu\": "
        + "1}"
    ),
    ("{ layers: [{ dense: 0 }] }", "run.json5:1:21: layers[0].dense.units: expected at least 1, found 0"),
    (
      "{ layers: [{ dropout: 1 }] }",
      "run.json5:1:23: layers[0].dropout.rate: expected at least 0 and less than 1, found 1"
    ),
    (
      "{ layers: [{ leaky_relu: '' }] }",
      "run.json5:1:26: layers[0].leaky_relu.negative_slope: expected a number, found \"\""
    ),
    ("{ layers: [{ dense: { bias: 1 } }] }", "run.json5:1:29: layers[0].dense.bias: expected true or false, found 1"),
    (
      "{ layers: [{ dense: { initializer: 'xavie' } }] }",
      "run.json5:1:36: layers[0].dense.initializer: unknown name 'xavie' (did you mean 'xavier'?)"
    ),
    (
      "{ schedule: { name: 'cosine', minimum_learning_rate: 0.01 } }",
      "run.json5:1:13: schedule: minimum_learning_rate is above optimizer.learning_rate, 0.001"
    ),
    ("{ loss: 'huberr' }", "run.json5:1:9: loss.name: unknown name 'huberr' (did you mean 'huber'?)"),
    (
      "{ loss: { name: 'mse', delta: 1 } }",
      "run.json5:1:31: loss.delta: is no option of loss 'mse' but of huber, detection"
    ),
    (
      "{ loss: { name: 'huber', box_weight: 1 } }",
      "run.json5:1:38: loss.box_weight: is no option of loss 'huber' but of detection"
    ),
    (
      "{ loss: { name: 'detection', box_weight: -1 } }",
      "run.json5:1:42: loss.box_weight: expected at least 0, found -1"
    ),
    ("{ data: { target: 'label' } }", "run.json5:1:19: data.target: unknown name 'label' (did you mean 'labels'?)"),
    (
      "{ data: { target: 'features', labels: '/y' } }",
      "run.json5:1:9: data: labels are not read where the target is the features; leave data.labels out"
    ),
    (
      "{ loss: {} }",
      "run.json5:1:9: loss.name: expected one of cross_entropy, binary_cross_entropy, mse, mae, huber, log_cosh, "
        + "focal, hinge, binary_hinge, detection"
    ),
    ("{ optimizer: 'adan' }", "run.json5:1:14: optimizer.name: unknown name 'adan' (did you mean 'adam'?)"),
    (
      "{ optimizer: { momentum: 0.9 } }",
      "run.json5:1:26: optimizer.momentum: is no option of optimizer 'adam', the default, but of sgd, rmsprop, lars"
    ),
    (
      "{ optimizer: { name: 'sgd', beta1: 0.9 } }",
      "run.json5:1:36: optimizer.beta1: is no option of optimizer 'sgd' but of adam, adamw, nadam, lion, lamb"
    ),
    (
      "{ optimizer: { name: 'sgd', nesterov: true } }",
      "run.json5:1:39: optimizer.nesterov: needs optimizer.momentum above 0"
    ),
    ("{ optimizer: { learning_rate: 0 } }", "run.json5:1:31: optimizer.learning_rate: expected more than 0, found 0"),
    ("{ optimizer: { beta2: 1 } }", "run.json5:1:23: optimizer.beta2: expected at least 0 and less than 1, found 1"),
    (
      "{ optimizer: { name: 'lion', epsilon: 1 } }",
      "run.json5:1:39: optimizer.epsilon: is no option of optimizer 'lion' but of adam, adamw, nadam, adagrad, "
        + "rmsprop, adadelta, lars, lamb"
    ),
    (
      "{ optimizer: { name: 'rmsprop', rho: 0.9 } }",
      "run.json5:1:38: optimizer.rho: is no option of optimizer 'rmsprop' but of adadelta"
    ),
    (
      "{ schedule: 'multi_step' }",
      "run.json5:1:13: schedule.milestones: expected the epochs after which to decay, such as [30, 60]"
    ),
    (
      "{ schedule: { name: 'multi_step', milestones: [3, 3] } }",
      "run.json5:1:51: schedule.milestones[1]: expected at least 4, found 3"
    ),
    (
      "{ schedule: { scaling: 'linear' } }",
      "run.json5:1:24: schedule.scaling: needs schedule.reference_batch, the batch that the learning rate was chosen "
        + "for"
    ),
    (
      "{ schedule: { name: 'one_cycle', rise: 1 } }",
      "run.json5:1:40: schedule.rise: expected more than 0 and less than 1, found 1"
    ),
    (
      "{ schedule: { patience: 2 } }",
      "run.json5:1:25: schedule.patience: is no option of schedule 'cosine', the default, but of plateau"
    ),
    ("{ ema_decay: 1 }", "run.json5:1:14: ema_decay: expected more than 0 and less than 1, found 1"),
    ("{ clip_value: 0 }", "run.json5:1:15: clip_value: expected more than 0, found 0"),
    ("{ accumulate: 0 }", "run.json5:1:15: accumulate: expected at least 1, found 0"),
    (
      "{ regularization: { l3: 1 } }",
      "run.json5:1:21: unknown key 'regularization.l3' (did you mean 'regularization.l1'?)"
    ),
    (
      "{ early_stopping: { patience: 0 } }",
      "run.json5:1:31: early_stopping.patience: expected at least 1, found 0"
    ),
    (
      "{ schedule: { name: 'step', gamma: 1.5 } }",
      "run.json5:1:36: schedule.gamma: expected more than 0 and at most 1, found 1.5"
    ),
    (
      "{ schedule: { gamma: 0.5 } }",
      "run.json5:1:22: schedule.gamma: is no option of schedule 'cosine', the default, but of step, multi_step, "
        + "exponential, plateau"
    ),
    ("{ schedule: 'cosin' }", "run.json5:1:13: schedule.name: unknown name 'cosin' (did you mean 'cosine'?)"),
    ("{ exchange: 'gloo' }", "run.json5:1:13: exchange: unknown name 'gloo' (known: auto, shared, mpi)"),
    ("{ checkpoint: { keep: 0 } }", "run.json5:1:23: checkpoint.keep: expected at least 1, found 0"),
    ("[]", "run.json5:1:1: the configuration: expected an object in braces, found []"),
  ])
  func mistakesSayWhereAndWhat(text: String, expected: String) {
    #expect(message { () throws(SettingsError) in try configuration(text) } == expected)
  }

  @Test func anErrorIsOneLine() {
    let text = message { () throws(SettingsError) in try configuration("{ 'epoch\\ns': 1 }") }
    #expect(text == "run.json5:1:3: unknown key 'epoch\\ns' (did you mean 'epochs'?)")
  }

  @Test func mistakesAreUsageErrors() {
    #expect(SettingsError("x").exitCode == .usage)
  }
}
