import Basics
import Checkpointing
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Optimizers
import Settings

// What a training run puts into a checkpoint and finds in one.

extension Checkpoint {
  /// The metadata of a run that do not change from checkpoint to checkpoint.
  struct Metadata: Sendable, Equatable {
    var configuration: TrainingConfiguration
    /// As resolved against the data.
    var lossName: String
    /// Of one sample's features.
    var inputShape: Shape
    var outputSize: Int
    /// The numbers that features can be, where the data set says so; see `ModelFactory`.
    var indexCount: Int?
    /// N of the training split, V, and the parts of both that decide the order of sums.
    var sampleCount: Int
    var shardCount: Int
    var transform: FeatureTransform
    var targetTransform: TargetTransform
    /// Type and range of the features; nil in checkpoints of earlier versions.
    var featureKind: FeatureKind?
    /// How the samples are streamed; nil where they are held in memory.
    var stream: StreamPlan?
    /// What columns, classes and numbers stand for, and the fingerprint of the training split.
    var data: DataDescription
  }

  /// Copies the state of a run.
  init(_ trainer: Trainer, metadata: Metadata) {
    self.init()
    let exchange = trainer.exchange
    model =
      Self.arrays(exchange.parameters, trainer.model.parameterLayout)
      + Self.arrays(exchange.statistics, trainer.model.statisticLayout)
    optimizer = zip(trainer.update.stateNames, exchange.optimizerState).map {
      ($0, Self.arrays($1, trainer.model.parameterLayout))
    }
    let offset = metadata.transform.offsetParts
    transform = [
      Array(name: "offset", shape: [offset[0].count], elements: offset[0]),
      Array(name: "offset_remainder", shape: [2, offset[0].count], elements: offset[1] + offset[2]),
      Array(name: "factor", shape: [metadata.transform.factor.count], elements: metadata.transform.factor),
    ]
    progress = trainer.progress.attributes(secondLoss: trainer.task.secondLoss?.key)
    attributes = [
      "program_version": .text(programVersion), "configuration": .text(metadata.configuration.json.line),
      "mpi_version": .text(MPILibrary.version), "blas_version": .text(BLAS.version), "blas_core": .text(BLAS.coreName),
      "blas_threads": .integer(BLAS.threads), "exchange": .text(metadata.configuration.exchange.rawValue),
      "shards": .integer(metadata.shardCount), "samples": .integer(metadata.sampleCount),
      "loss": .text(metadata.lossName),
      "input_shape": .text(Self.text(of: metadata.inputShape)),
      "output_size": .integer(metadata.outputSize),
      "scaling": .text(metadata.transform.kind.rawValue),
    ]
    store(metadata.targetTransform)
    metadata.featureKind.map { store($0) }
    if let indexCount = metadata.indexCount { attributes["index_count"] = .integer(indexCount) }
    if let stream = metadata.stream {
      attributes["stream_memory"] = .integer(stream.bound)
      attributes["stream_block"] = .integer(stream.blockSize)
      attributes["stream_window"] = .integer(stream.windowBlocks)
    }
    metadata.data.write(to: &self)
  }

  private static func arrays(_ values: BufferView<Float>, _ layout: ParameterLayout) -> [Array] {
    layout.entries.map { Array(name: $0.name, shape: $0.shape.extents, elements: Swift.Array(values.view($0.range))) }
  }

  /// A shape as an attribute holds it: its extents with spaces between.
  static func text(of shape: Shape) -> String { shape.extents.map(String.init).joined(separator: " ") }
  static func shape(in text: String) -> Shape { Shape(text.split(separator: " ").compactMap { Int($0) }) }

  /// Tells the training data from others; nil where the checkpoint is older than that.
  package func dataFingerprint(in path: String) throws -> String? {
    try metadata(in: path, extensions: Extensions()).data.fingerprint?.description
  }

  /// The metadata that were stored.
  ///
  /// - Throws: also where they name what this program does not have.
  func metadata(in path: String, extensions: Extensions) throws -> Metadata {
    func missing(_ name: String) -> Failure {
      Failure.data("\(path): the attribute '\(name)' is missing or not as ddp-train writes it")
    }
    func integer(_ name: String) throws -> Int {
      guard let value = attributes[name]?.integer else { throw missing(name) }
      return value
    }
    func text(_ name: String) throws -> String {
      guard let value = attributes[name]?.text else { throw missing(name) }
      return value
    }
    guard let targetTransform = storedTargetTransform else { throw missing("target_transform") }
    let configuration: TrainingConfiguration
    do {
      let json = try JSON5Parser.parse(text("configuration"), file: path)
      let missing = extensions.missing(in: json)
      guard missing.isEmpty else {
        throw Failure.data(
          "\(path): trained with \(missing.joined(separator: " and ")), which this program does not have; use the "
            + "program that trained it")
      }
      configuration = try TrainingConfiguration(
        ResumeRule.withoutStart(ResumeRule.withEarlierDefaults(json)), extensions: extensions)
    } catch let error as SettingsError {
      throw Failure.data("\(path): its configuration cannot be read: \(error)")
    }
    guard let kind = FeatureScaling(rawValue: try text("scaling")), kind != .auto,
      let offset = transform.first(where: { $0.name == "offset" })?.elements,
      let factor = transform.first(where: { $0.name == "factor" })?.elements, !offset.isEmpty,
      offset.count == factor.count
    else { throw missing("data_transform") }
    // Checkpoints of earlier versions have the rounded offset alone.
    let remainder = transform.first { $0.name == "offset_remainder" }?.elements ?? []
    guard remainder.isEmpty || remainder.count == 2 * offset.count else { throw missing("data_transform") }
    let exactOffset = offset.indices.map { index in
      stride(from: index, to: remainder.count, by: offset.count).reduce(Double(offset[index])) {
        $0 + Double(remainder[$1])
      }
    }
    return Metadata(
      configuration: configuration, lossName: try text("loss"),
      inputShape: Self.shape(in: try text("input_shape")),
      outputSize: try integer("output_size"), indexCount: attributes["index_count"]?.integer,
      sampleCount: try integer("samples"), shardCount: try integer("shards"),
      transform: FeatureTransform(kind: kind, offset: exactOffset, factor: factor), targetTransform: targetTransform,
      featureKind: featureKind, stream: try streamPlan(missing), data: DataDescription(in: self))
  }

  /// What it is evaluated in; float32 in checkpoints of earlier versions.
  var precision: ProductPrecision {
    let configuration = attributes["configuration"]?.text.flatMap { try? JSON5Parser.parse($0, file: "") }
    return configuration?["precision"]?.plainText.flatMap(ProductPrecision.init) ?? .float32
  }

  private func streamPlan(_ missing: (String) -> Failure) throws -> StreamPlan? {
    guard let bound = attributes["stream_memory"]?.integer else { return nil }
    guard let block = attributes["stream_block"]?.integer, let window = attributes["stream_window"]?.integer,
      bound > 0, block > 0, window > 0, !block.multipliedReportingOverflow(by: window).overflow
    else { throw missing("stream_block") }
    return StreamPlan(bound: bound, blockSize: block, windowBlocks: window)
  }

  /// Overwrites parameters and statistics with those of the checkpoint.
  ///
  /// - Throws: where it is of another architecture: an array is missing, too many, or of another shape.
  func restore(
    _ model: Model<Float>, parameters: BufferView<Float>, statistics: BufferView<Float>, from path: String
  ) throws {
    try check(
      self.model.map { ($0.name, $0.shape) },
      against: (model.parameterLayout.entries + model.statisticLayout.entries).map { ($0.name, $0.shape.extents) },
      in: path)
    copy(self.model, to: parameters, model.parameterLayout)
    copy(self.model, to: statistics, model.statisticLayout)
  }

  /// Whether the run averages its weights.
  var hasAverages: Bool { optimizer.contains { $0.moment == WeightAveraging.stateName } }

  /// Overwrites parameters and statistics with those that the run evaluates: its averaged parameters where it has them.
  func restoreEvaluated(
    _ model: Model<Float>, parameters: BufferView<Float>, statistics: BufferView<Float>, from path: String
  ) throws {
    try restore(model, parameters: parameters, statistics: statistics, from: path)
    guard let averaged = optimizer.first(where: { $0.moment == WeightAveraging.stateName })?.arrays else { return }
    try check(
      averaged.map { ($0.name, $0.shape) },
      against: model.parameterLayout.entries.map { ($0.name, $0.shape.extents) }, in: path)
    copy(averaged, to: parameters, model.parameterLayout)
  }

  /// Overwrites the whole state of a run, optimizer state and progress included.
  func restore(_ trainer: Trainer, from path: String) throws {
    let exchange = trainer.exchange
    try restore(trainer.model, parameters: exchange.parameters, statistics: exchange.statistics, from: path)
    let names = trainer.update.stateNames
    try checkOptimizer(names, trainer.configuration, in: path)
    for (name, moment) in zip(names, exchange.optimizerState) {
      let arrays = optimizer.first { $0.moment == name }?.arrays ?? []
      try check(
        arrays.map { ($0.name, $0.shape) },
        against: trainer.model.parameterLayout.entries.map { ($0.name, $0.shape.extents) }, in: path)
      copy(arrays, to: moment, trainer.model.parameterLayout)
    }
  }

  /// - Throws: where it has not the buffers that an optimizer needs.
  func checkOptimizer(_ names: [String], _ configuration: TrainingConfiguration, in path: String) throws {
    guard Set(names) != Set(optimizer.map(\.moment)) else { return }
    throw Failure.data(
      "\(path): it holds the optimizer state \(optimizer.map(\.moment)), but \(configuration.optimizer.name) needs "
        + "\(names); resume with the optimizer and ema_decay that it was trained with")
  }

  /// The place of the run.
  ///
  /// - Parameter secondLoss: the key of the task's second loss, if it has one.
  func progress(in path: String, secondLoss: String? = nil) throws -> TrainingProgress {
    guard let progress = TrainingProgress(progress, secondLoss: secondLoss) else {
      throw Failure.data("\(path): its /progress is incomplete; use another checkpoint")
    }
    return progress
  }

  private func check(
    _ found: [(String, [Int])], against expected: [(String, [Int])], in path: String
  ) throws {
    let found = Dictionary(found, uniquingKeysWith: { first, _ in first })
    func failure(_ difference: String) -> Failure {
      Failure.data(
        "\(path): this checkpoint is of another architecture: \(difference); give the model that it was trained with")
    }
    for (name, shape) in expected {
      guard let stored = found[name] else { throw failure("it has no \(name) \(shape)") }
      guard stored == shape else { throw failure("\(name) is \(stored), but the model has \(shape)") }
    }
    let names = Set(expected.map(\.0))
    if let stray = found.keys.sorted().first(where: { !names.contains($0) }) {
      throw failure("it has \(stray) \(found[stray] ?? []), which the model has not")
    }
  }

  private func copy(_ arrays: [Array], to values: BufferView<Float>, _ layout: ParameterLayout) {
    let byName = Dictionary(arrays.map { ($0.name, $0.elements) }, uniquingKeysWith: { first, _ in first })
    for entry in layout.entries { _ = values.view(entry.range).update(fromContentsOf: byName[entry.name] ?? []) }
  }
}
