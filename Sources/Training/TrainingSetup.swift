import Basics
import Checkpointing
import Collectives
import Configuration
import DataPipeline
import NeuralNetwork
import NumericCore

/// What a run needs before its first step: this rank's data, the model that fits them, and who trains and judges it.
struct TrainingSetup {
  let data: TrainingData
  let trainer: Trainer
  let facts: Checkpoint.Facts
  /// What is measured beside loss and accuracy; nil for nothing.
  let metrics: MetricSelection?
  /// nil without validation samples.
  let validator: Evaluator?

  /// Collective over all ranks of the job.
  ///
  /// - Parameter resumed: where the run goes on from; its shards and its scaling of features are kept.
  init(
    _ configuration: TrainingConfiguration, customLayers: CustomLayers, resumed: ResumePoint?, topology: Topology
  ) throws {
    let world = topology.world
    let shardCount = try Self.shardCount(configuration, resumed, ranks: world.size)
    let assignment = ShardAssignment(shardCount: shardCount, rankCount: world.size)
    BLAS.threads = configuration.threads

    let path = try configuration.data.path ?? BundledData.digits()
    // A GAN learns from features alone.
    let source = try DataSource.open(
      path, features: configuration.data.features, labels: configuration.data.labels,
      labelsRequired: !configuration.model.isAdversarial, reconstructs: configuration.reconstructs
    ).arranged(as: configuration.model.inputLayout, configuration.data.channelLayout)
    let split = try source.split(.train)
    let declared = configuration.model.declaredOutputSize
    let objective = try Objective(
      configuration.loss, model: configuration.model, declaredOutputSize: declared, data: split)
    try Self.checkMetrics(configuration, objective)
    data = try TrainingData(
      source, configuration: configuration, objective: objective, declaredOutputSize: declared,
      transform: resumed?.facts.transform, assignment: assignment, communicator: world)

    let factory = ModelFactory(
      inputShape: split.featureShape, outputSize: data.outputSize, indexCount: split.indexCount,
      initializer: configuration.initializer, customLayers: customLayers)
    let networks: AdversarialModel<Float>? = try factory.makeAdversarialModel(configuration.model)
    let model = try networks?.joined ?? factory.makeModel(configuration.model)
    try objective.check(model.outputShapes[0], outputSize: data.outputSize, data: split)
    let metrics = try MetricSelection(
      configuration.metrics, task: objective.metricTask(outputSize: data.outputSize), lossName: objective.name)
    self.metrics = metrics

    let trainer = try Trainer(
      model: model, objective: objective, configuration: configuration, store: data.train,
      exchange: Self.makeExchange(configuration, model, assignment, topology), communicator: world, networks: networks)
    self.trainer = trainer
    validator = data.validation.map {
      Evaluator(
        $0, model: model, objective: objective, batchSize: configuration.batchSize, values: trainer.values,
        assignment: assignment, communicator: world, metrics: metrics)
    }
    var resolved = configuration
    (resolved.data.path, resolved.shards) = (path, shardCount)
    // What belongs to this start and not to the run: another start has its own.
    (resolved.resume, resolved.run, resolved.quiet) = (nil, nil, false)
    facts = Checkpoint.Facts(
      configuration: resolved, lossName: objective.name, inputShape: split.featureShape, outputSize: data.outputSize,
      indexCount: split.indexCount, sampleCount: data.train.dealing.sampleCount, shardCount: shardCount,
      transform: data.transform, vocabulary: split.vocabulary, storage: networks == nil ? nil : split.featureStorage)
  }

  private static func shardCount(
    _ configuration: TrainingConfiguration, _ resumed: ResumePoint?, ranks: Int
  ) throws -> Int {
    let count = resumed?.facts.shardCount ?? configuration.shards ?? max(4, ranks)
    guard ranks <= count else {
      throw Failure.usage(
        "\(ranks) ranks are more than the \(count) shards\(resumed == nil ? "" : " of the checkpoint"); start at "
          + "most \(count) ranks\(resumed == nil ? ", or give --shards \(ranks)" : "")")
    }
    return count
  }

  /// Rules that follow the accuracy need a loss that has one.
  private static func checkMetrics(_ configuration: TrainingConfiguration, _ objective: Objective) throws
  {
    let rules = [
      ("schedule.metric", configuration.schedule.name == .plateau ? configuration.schedule.metric : nil),
      ("early_stopping.metric", configuration.earlyStopping?.metric),
    ]
    for (key, metric) in rules where metric == .accuracy && !objective.hasAccuracy {
      throw Failure.usage(
        "\(key): the loss \(objective.name) has no accuracy to follow; give \"loss\"")
    }
  }

  private static func makeExchange(
    _ configuration: TrainingConfiguration, _ model: Model<Float>, _ assignment: ShardAssignment, _ topology: Topology
  ) throws -> any Exchange {
    let update = configuration.parameterUpdate(model.parameterLayout)
    let layout = ExchangeLayout(
      parameterCount: model.parameterLayout.count, statisticCount: model.statisticLayout.count,
      momentCount: update.momentNames.count,
      layerRanges: update.isLayerwise ? model.parameterLayout.entries.map(\.range) : [])
    switch configuration.exchange {
    case .mpi: return AllReduceExchange(layout, assignment: assignment, world: topology.world)
    case .shared where topology.nodeCount > 1:
      throw Failure.usage(
        "--exchange shared needs all ranks on one node, but there are \(topology.nodeCount); give --exchange auto")
    case .auto, .shared: return try SharedMemoryExchange(layout, assignment: assignment, topology: topology)
    }
  }
}
