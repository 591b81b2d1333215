import Basics
import DataPipeline
public import Metrics
public import NeuralNetwork
public import NumericCore
public import Optimizers
public import Settings

/// Everything that decides a training run. Each property is a key of the configuration file, in snake_case.
///
/// `TrainingConfiguration()` holds the defaults: an MLP with Adam on the bundled digits.
public struct TrainingConfiguration: SettingsGroup, Equatable {
  public var data = DataSettings()
  public var model = ModelDescription.named(.mlp)
  public var initializer = InitializationScheme.kaiming
  /// Weights that a run starts from in place of drawn ones.
  public var initial = InitialSettings()
  /// Parameters that stay as they are.
  public var freeze: [NamePattern] = []
  public var loss = LossChoice()
  public var optimizer = OptimizerSettings()
  /// Of the second network of a model that has two; nil: as `optimizer`.
  public var generatorOptimizer: OptimizerSettings?
  public var schedule = ScheduleSettings()
  /// Nil turns clipping off.
  public var clipNorm: Double?
  /// Nil turns clipping off.
  public var clipValue: Double?
  public var regularization = RegularizationSettings()
  /// Nil: the weights themselves are evaluated.
  public var emaDecay: Double?
  /// Nil: the run takes all its epochs.
  public var earlyStopping: EarlyStopping?
  /// What is measured on the validation split beside the loss, by name.
  public var metrics = [MetricName.accuracy]
  /// How yes-or-no outputs become answers.
  public var decision = DecisionSettings()
  /// Of cross-validation; nil for its defaults.
  public var folds: FoldSettings?
  public var epochs = 20
  /// Over all ranks; where gradients are accumulated, per micro-step.
  public var batchSize = 128
  public var accumulate = 1
  public var seed: UInt64 = 42
  /// Logical shards, the unit of work that makes the bits independent of the ranks; nil: by the size of the batch, see
  /// `defaultShardCount`.
  public var shards: Int?
  public var exchange = ExchangeChoice.auto
  /// What the factors of matrix products are rounded to.
  public var precision = ProductPrecision.float32
  /// How gradients go from node to node.
  public var exchangePrecision = ExchangePrecisionChoice.float32
  public var threads = 1
  public var checkpoint = CheckpointRule()
  public var log = LogSettings()
  public var watchdog = WatchdogSettings()
  public var sentinel = SentinelSettings()
  /// Nil: `runs/NAME-TIMESTAMP`.
  public var run: String?
  /// Nil: taken from the data.
  public var name: String?
  public var resume: ResumeChoice?
  /// Whether a run that is in the directory is set aside.
  public var overwrite = false
  public var verbosity = Verbosity.normal
  /// Short for the verbosity `quiet`.
  public var quiet: Bool {
    get { verbosity == .quiet }
    set { if newValue != quiet { verbosity = newValue ? .quiet : .normal } }
  }

  public init() {}

  public static let settings: [Setting<TrainingConfiguration>] = [
    Setting("data", \.data, "where samples come from and what is done to them"),
    Setting("model", \.model, "name, list of layers, or two networks"),
    Setting("initializer", \.initializer, "how weights are drawn whose layer names no other"),
    Setting("init", \.initial, "weights that a run starts from"),
    Setting("freeze", \.freeze, "parameters that stay as they are, such as [\"0\", \"3.*\"]"),
    Setting("loss", \.loss, "what is minimized; by the labels"),
    Setting("optimizer", \.optimizer, "how steps are taken"),
    Setting("generator_optimizer", \.generatorOptimizer, "of a GAN's generator; as optimizer, the discriminator's"),
    Setting("schedule", \.schedule, "how the learning rate changes"),
    Setting("clip_norm", \.clipNorm, .above(0), "largest global norm of the gradient"),
    Setting("clip_value", \.clipValue, .above(0), "largest magnitude of an element of the gradient"),
    Setting("regularization", \.regularization, "penalties on the size of the weights"),
    Setting("ema_decay", \.emaDecay, .between(0, 1), "evaluates a moving average of the weights"),
    Setting("early_stopping", \.earlyStopping, "when a run ends before its epochs are over"),
    Setting("metrics", \.metrics, "measured on validation; names below"),
    Setting("decision", \.decision, "from which probability on the answer is yes"),
    Setting("folds", \.folds, "how cross-validate divides the training split; train does not look at it"),
    Setting("epochs", \.epochs, .atLeast(0), "passes over the training split; 0 keeps the first weights"),
    Setting("batch_size", \.batchSize, .atLeast(1), "samples per step over all ranks"),
    Setting("accumulate", \.accumulate, .atLeast(1), "micro-steps of batch_size samples summed per step"),
    Setting("seed", \.seed, "decides every random choice"),
    Setting("shards", \.shards, .atLeast(1), "logical shards; 4 to 16 by batch_size, one for 64 samples"),
    Setting("precision", \.precision, "of matrix products' factors; with bfloat16 sums stay float32"),
    Setting("exchange", \.exchange, "how ranks sum their gradients"),
    Setting("exchange_precision", \.exchangePrecision, "of gradients between nodes; bfloat16 halves the bytes"),
    Setting("threads", \.threads, .atLeast(1), "BLAS threads per rank"),
    Setting("checkpoint", \.checkpoint, "when checkpoints are written, whichever comes first"),
    Setting("log", \.log, "what is written down beside the figures of each epoch"),
    Setting("watchdog", \.watchdog, "when a run that has come to a standstill ends"),
    Setting("sentinel", \.sentinel, "what is watched of copies, losses and gradients, and what follows"),
    Setting("run", \.run, "directory of the results; runs/NAME-TIMESTAMP"),
    Setting("name", \.name, "name in the default run directory; from the data"),
    Setting("resume", \.resume, "auto, or a checkpoint or run directory to go on from"),
    Setting("overwrite", \.overwrite, "renames a used run directory to DIR.old-TIMESTAMP"),
    Setting("verbosity", \.verbosity, "what is printed; verbose: steps and times too"),
  ]

  /// The settings of a program whose losses and metrics are more than those of ddp-train.
  private static func settings(_ extensions: Extensions) -> [Setting<TrainingConfiguration>] {
    settings.map { setting in
      switch setting.key {
      case "loss": Setting(setting.key, \.loss, extensions.lossCatalog, setting.help)
      case "metrics": Setting(setting.key, \.metrics, extensions.allMetrics, setting.help)
      default: setting
      }
    }
  }

  /// Reads a configuration; what it leaves out keeps its default.
  ///
  /// Throws for an unknown key or name, a value of the wrong type or out of range, and an option that the chosen loss,
  /// optimizer or schedule does not take.
  ///
  /// - Parameter extensions: what it may name beside what ddp-train has.
  public init(_ value: JSONValue, extensions: Extensions = Extensions()) throws(SettingsError) {
    try extensions.check()
    var reader = try SettingsReader(value)
    // `layers` at the top is short for `model: { layers: … }`, and `quiet` for `verbosity: "quiet"`.
    let layers = reader.value("layers"), quiet = reader.value("quiet")
    try self.init(reading: &reader, by: Self.settings(extensions))
    if let quiet {
      let isQuiet = try quiet.requireBool(reader.path(of: "quiet"))
      guard reader.value("verbosity") == nil || isQuiet == self.quiet else {
        throw reader.error("quiet", "stands beside 'verbosity'; expected one of the two")
      }
      self.quiet = isQuiet
    }
    if let layers {
      guard reader.value("model") == nil else {
        throw reader.error(
          "layers", "stands beside 'model'; expected one of the two" + reader.wayOut(leaving: "layers", for: "model"))
      }
      _ = try layers.requireArray("layers")
      model = try ModelDescription(layers, path: "layers")
    }
    try reader.finish()
    try resolveMonitored(value, extensions.allMetrics)
  }

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !reconstructs || data.labels == nil else {
      throw reader.error("data", "labels are not read where the target is the features; leave data.labels out")
    }
    guard schedule.scaling != .none || schedule.schedule.minimumLearningRate <= optimizer.learningRate else {
      throw reader.error(
        "schedule", "minimum_learning_rate is above optimizer.learning_rate, \(optimizer.learningRate)")
    }
    guard generatorOptimizer == nil || model.task == Adversarial.name else {
      throw reader.error("generator_optimizer", "is for a GAN alone, whose model has a generator; leave it out")
    }
    if let name, let reason = RunDirectory.whyNoName(name) {
      throw reader.error("name", "\(reason), found '\(name.shownName)'")
    }
    guard resume == nil || !overwrite else {
      throw reader.error("overwrite", "sets the old run aside, and resume goes on with it; give one of the two")
    }
    guard exchange != .mpi || exchangePrecision == .float32 else {
      throw reader.error("exchange_precision", "exchange mpi sends floats as they are; give exchange auto")
    }
    guard precision == .float32 || threads == 1 else {
      throw reader.error("precision", "bfloat16 computes on one thread a rank; give threads: 1, and start more ranks")
    }
    try TaskCatalog.check(self, reader)
  }

  /// The whole configuration with its defaults filled in: it reads back as an equal configuration.
  public var json: JSONValue { .object(members) }

  /// This configuration as a file would give it: what a program has set is held to the same rules. Each run does so
  /// itself.
  ///
  /// - Throws: where a property is out of its range or names what there is not, and for a loss that a checkpoint would
  ///   not give back as it is.
  public func checked(_ extensions: Extensions = Extensions()) throws(SettingsError) -> TrainingConfiguration {
    let checked = try TrainingConfiguration(json, extensions: extensions)
    if let given = loss.value, let read = checked.loss.value, "\(given)" != "\(read)" {
      throw SettingsError(
        "loss: a checkpoint would give \(given) back as \(read); declare its properties in `settings`")
    }
    return checked
  }

  public static func == (a: TrainingConfiguration, b: TrainingConfiguration) -> Bool { a.members == b.members }

  /// The shards of a run that names none: one for 64 samples of a batch, but 4 to 16, and never more than there are
  /// samples to train on. The ranks have no say, so that they cannot show in the bits.
  ///
  /// With 64 samples a shard a step of one rank takes about a tenth longer than with four shards; with 32 it would take
  /// up to a half longer, since matrices become too narrow for the kernels.
  /// - Parameters:
  ///   - samples: of the training split.
  ///   - holdsOut: whether it gives up those that `data.validation` asks for.
  package func defaultShardCount(samples: Int, holdsOut: Bool) -> Int {
    // Class by class more may be held out than the fraction says; half of the rest is certain.
    let certain = holdsOut && data.validation > 0 ? Int(Double(samples) * (1 - data.validation) / 2) : samples
    return max(1, min(max(4, min(batchSize / 64, 16)), certain))
  }

  /// Samples of one update over all ranks.
  public var samplesPerStep: Int { batchSize * accumulate }

  /// Where it is said what each sample counts; a task without targets does not ask.
  var weights: WeightChoice {
    TaskCatalog.needsLabels(model) || reconstructs ? WeightChoice(data.weights) : .none
  }

  /// Whether the model learns to give the features themselves.
  public var reconstructs: Bool {
    (data.target ?? (model.task == Reconstruction.name ? .features : .labels)) == .features
  }
}

/// A loss, or the one that fits the labels.
public struct LossChoice: SettingValue, Equatable {
  /// Nil: the loss that fits.
  public var value: (any Loss)?

  public init(_ value: (any Loss)? = nil) { self.value = value }

  public static var unlimited: Catalog<any Loss> { LossCatalog.all }
  public static func words(for catalog: Catalog<any Loss>) -> String { "" }
  public static var shorthand: String? { "name" }

  public static func read(
    _ value: JSONValue, _ subject: String, _ catalog: Catalog<any Loss>
  ) throws(SettingsError) -> LossChoice {
    var reader = try SettingsReader(value, path: subject, shorthand: shorthand)
    let loss = try catalog.readNamed(&reader)
    try reader.finish()
    return LossChoice(loss)
  }

  public func json(_ catalog: Catalog<any Loss>) -> JSONValue { json }
  private var json: JSONValue { value?.compactNamedJSON ?? .null }
  public static func == (a: LossChoice, b: LossChoice) -> Bool { a.json == b.json }
}

/// Penalties on the size of the weights, which act through the gradient: the loss that is reported is that of the data.
public struct RegularizationSettings: NestedSettings {
  /// λ of λ·Σ|θ|.
  public var l1 = 0.0
  /// λ of λ/2·Σθ².
  public var l2 = 0.0

  public init() {}

  public static let settings: [Setting<RegularizationSettings>] = [
    Setting("l1", \.l1, .atLeast(0), "factor of Σ|w|, in the gradient alone"),
    Setting("l2", \.l2, .atLeast(0), "factor of Σw²/2, in the gradient alone"),
  ]
}

/// How ranks sum their gradients.
public enum ExchangeChoice: String, SettingChoice {
  /// Shared memory inside a node, MPI between nodes.
  case auto
  /// Shared memory alone; all ranks must be on one node.
  case shared
  /// One `MPI_Allreduce` a step: the reference, repeatable for a fixed number of ranks only.
  case mpi
}

/// How gradients go from node to node.
public enum ExchangePrecisionChoice: String, SettingChoice {
  /// As they are.
  case float32
  /// Rounded to half the bytes, what rounding leaves being added in the next step. The bits of a run then depend on the
  /// shards that each node has, and a resumed run begins with nothing left over.
  case bfloat16
}

extension ProductPrecision: SettingChoice {}
