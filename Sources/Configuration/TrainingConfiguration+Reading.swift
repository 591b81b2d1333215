import Basics
import Metrics
import NeuralNetwork
import Settings

extension TrainingConfiguration {
  /// Reads a configuration; what it leaves out keeps its default.
  ///
  /// Throws for an unknown key or name, a value of the wrong type or out of range, and an option that the chosen loss,
  /// optimizer or schedule does not take.
  public init(_ value: JSONValue) throws(SettingsError) {
    var reader = try SettingsReader(value)
    let defaults = TrainingConfiguration()
    data = try Data(reading: try reader.object("data", shorthand: "path"))
    model = try Self.readModel(&reader) ?? defaults.model
    guard !reconstructs || data.labels == nil else {
      throw reader.error("data", "labels are not read where the target is the features; leave data.labels out")
    }
    initializer = try reader.choice("initializer") ?? defaults.initializer
    loss = reader.value("loss") == nil ? nil : try Loss(reading: try reader.object("loss", shorthand: "name"))
    optimizer = try Optimizer(reading: try reader.object("optimizer", shorthand: "name"))
    generatorOptimizer =
      reader.value("generator_optimizer") == nil
      ? nil : try Optimizer(reading: try reader.object("generator_optimizer", shorthand: "name"))
    schedule = try Schedule(reading: try reader.object("schedule", shorthand: "name"))
    guard schedule.scaling != .none || schedule.minimumLearningRate <= optimizer.learningRate else {
      throw reader.error(
        "schedule", "minimum_learning_rate is above optimizer.learning_rate, \(optimizer.learningRate)")
    }
    clipNorm = try reader.double("clip_norm", in: .above(0))
    clipValue = try reader.double("clip_value", in: .above(0))
    regularization = try Regularization(reading: try reader.object("regularization"))
    emaDecay = try reader.double("ema_decay", in: .above(0))
    guard emaDecay ?? 0 < 1 else { throw reader.error("ema_decay", "expected less than 1, found \(emaDecay ?? 0)") }
    earlyStopping =
      reader.value("early_stopping") == nil
      ? nil : try EarlyStopping(reading: try reader.object("early_stopping"))
    metrics = try reader.metrics("metrics") ?? defaults.metrics
    epochs = try reader.integer("epochs", in: .atLeast(1)) ?? defaults.epochs
    batchSize = try reader.integer("batch_size", in: .atLeast(1)) ?? defaults.batchSize
    accumulate = try reader.integer("accumulate", in: .atLeast(1)) ?? defaults.accumulate
    seed = try reader.integer("seed", in: .atLeast(0)).map(UInt64.init) ?? defaults.seed
    shards = try reader.integer("shards", in: .atLeast(1))
    exchange = try reader.choice("exchange") ?? defaults.exchange
    threads = try reader.integer("threads", in: .atLeast(1)) ?? defaults.threads
    checkpoint = try Checkpoint(reading: try reader.object("checkpoint"))
    run = try reader.string("run")
    name = try reader.string("name")
    resume = try reader.string("resume").map { $0 == "auto" ? .auto : .path($0) }
    quiet = try reader.bool("quiet") ?? defaults.quiet
    try reader.finish()
    try checkAdversarial(reader)
  }

  /// `model`, or `layers` at the top, which is short for `model: { layers: … }`.
  private static func readModel(_ reader: inout SettingsReader) throws(SettingsError) -> ModelDescription? {
    let model = reader.value("model")
    if let layers = reader.value("layers") {
      guard model == nil else { throw reader.error("layers", "stands beside 'model'; expected one of the two") }
      guard case .array = layers.content else { throw layers.mismatch("layers", "a list in brackets") }
      return try ModelDescription(layers, path: "layers")
    }
    guard let model else { return nil }
    return try ModelDescription(model, path: "model")
  }
}

extension TrainingConfiguration.Data {
  fileprivate init(reading reader: consuming SettingsReader) throws(SettingsError) {
    path = try reader.string("path")
    features = try reader.string("features")
    labels = try reader.string("labels")
    target = try reader.choice("target")
    validation = try reader.double("validation", in: .halfOpen(0, 1)) ?? validation
    scaling = try reader.choice("scaling") ?? scaling
    layout = try reader.choice("layout") ?? layout
    for (index, value) in (try reader.array("augment") ?? []).enumerated() {
      augment.append(try TrainingConfiguration.Augmentation(value, path: "\(reader.path(of: "augment"))[\(index)]"))
    }
    try reader.finish()
  }
}

extension TrainingConfiguration.Checkpoint {
  fileprivate init(reading reader: consuming SettingsReader) throws(SettingsError) {
    // 0 turns a rule off, in the file alone: here it is nil.
    let epochs = try reader.integer("every_epochs", in: .atLeast(0))
    let steps = try reader.integer("every_steps", in: .atLeast(0))
    let minutes = try reader.double("every_minutes", in: .atLeast(0))
    let another = (steps ?? 0) > 0 || (minutes ?? 0) > 0
    everyEpochs = epochs.map { $0 == 0 ? nil : $0 } ?? (another ? nil : everyEpochs)
    everySteps = steps == 0 ? nil : steps
    everyMinutes = minutes == 0 ? nil : minutes
    keep = try reader.integer("keep", in: .atLeast(1)) ?? keep
    try reader.finish()
  }
}

extension SettingsReader {
  /// Names of metrics.
  fileprivate mutating func metrics(_ key: String) throws(SettingsError) -> [MetricName]? {
    guard let elements = try array(key) else { return nil }
    var names: [MetricName] = []
    for (index, element) in elements.enumerated() {
      let subject = "\(path(of: key))[\(index)]"
      let text = try element.requireString(subject)
      guard let name = MetricName(rawValue: text) else {
        throw SettingsError(
          "\(subject): unknown name '\(text)' (\(MetricName.knownNames.suggestion(for: text)))", at: element.position)
      }
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// Reports a key that belongs to another choice of `name` than the one made: left alone, it would be without effect.
  func rejectOptions(of name: String, among options: [String]) throws(SettingsError) {
    guard let stray = unread(among: options) else { return }
    throw error(stray, "is no option of '\(name)'")
  }
}
