import Basics
import Checkpointing
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Optimizers

/// What a run needs before its first step: this rank's data, the model that fits them, and who trains and judges it.
struct TrainingSetup {
  let data: TrainingData
  let trainer: Trainer
  let metadata: Checkpoint.Metadata
  /// The values that a run starts from; nil for those that are drawn, and where it is resumed.
  let transfer: WeightTransfer?
  /// What is measured beside loss and accuracy; nil for nothing.
  let metrics: MetricSelection?
  /// What is measured on the test split.
  let testMetrics: MetricSelection?
  /// nil without validation samples.
  let validator: Evaluator?
  /// What the header says of the weights that the run starts from.
  let initialNotes: [String]
  /// What a person should know before the first step.
  let warnings: [String]

  /// Collective over all ranks of the job.
  ///
  /// - Parameters:
  ///   - resumed: where the run goes on from; its shards and its scaling of features are kept.
  ///   - fold: the rows of the training split that are trained on, and those that are tested by all metrics of the
  ///     task; nil for all of it, and the test split of the data.
  ///   - progress: makes what is given the share of a piece of long work that is done, for its name.
  init(
    _ configuration: TrainingConfiguration, extensions: Extensions, resumed: ResumePoint?, fold: Fold? = nil,
    topology: Topology, progress: (String) -> (Double) -> Void = { _ in { _ in } }
  ) throws {
    let world = topology.world
    BLAS.threads = configuration.threads

    let opened = try OpenedData(configuration, extensions: extensions, resumed: resumed, world: world)
    let (path, source) = (opened.path, opened.source)
    var task = opened.task
    let split = try source.split(.train)
    try Self.checkMetrics(
      configuration, task, isValidated: source.splits[.validation] != nil || configuration.data.validation > 0)
    let shardCount =
      resumed?.metadata.shardCount ?? configuration.shards
      ?? configuration.defaultShardCount(
        samples: fold?.train.count ?? split.sampleCount, holdsOut: source.splits[.validation] == nil)
    let assignment = ShardAssignment(shardCount: shardCount, rankCount: world.size)
    data = try TrainingData(
      source, configuration: configuration, task: task, declaredOutputSize: opened.declaredOutputSize,
      resumed: resumed?.metadata, memory: opened.memory, matching: opened.matching, fold: fold,
      assignment: assignment, communicator: world, progress: progress)

    if task.loss.needsClassCounts { task = try task.replacing(data.lossByClassCounts(task)) }

    let sampleCount = data.train.partition.sampleCount
    guard configuration.accumulate <= sampleCount else {
      throw Failure.usage(
        "accumulate: expected at most the \(grouped(sampleCount)) training samples, one for each micro-step, found "
          + "\(configuration.accumulate)")
    }

    let factory = ModelFactory(
      inputShape: split.featureShape, outputSize: data.outputSize, indexCount: split.indexCount,
      initializer: configuration.initializer, customLayers: extensions.layers)
    let whole = try task.makeNetwork(factory, configuration.model)
    let network = whole.freezing(try configuration.frozenParameters(in: whole.model.parameterLayout))
    let model = network.model
    try task.check(output: model.outputShapes[0], outputSize: data.outputSize, data: split)
    let isValidated = data.validation != nil
    let (metricTask, rule) = try task.decided(
      outputSize: data.outputSize, targets: data.targetTransform, configuration.decision, isValidated: isValidated)
    let metrics = try MetricSelection(
      configuration.measuredMetrics, among: extensions.allMetrics, task: metricTask, lossName: task.lossName,
      rule: rule, rules: configuration.monitoredRules)
    self.metrics = metrics
    testMetrics = fold == nil ? metrics : MetricSelection(metricTask, among: extensions.allMetrics)

    let update = ParameterUpdate(
      network.updateParts(configuration), layout: model.parameterLayout,
      exceptions: try network.updateExceptions(configuration),
      transform: GradientTransform(
        clipValue: configuration.clipValue.map { Float($0) }, l1: Float(configuration.regularization.l1),
        l2: Float(configuration.regularization.l2)),
      averaging: configuration.emaDecay.map { WeightAveraging(decay: $0) })
    let plan = EpochPlan(partition: data.train.partition, globalBatchSize: configuration.samplesPerStep)
    let largest = assignment.shards(ofRank: world.rank).map(plan.largestMicroBatch).max() ?? 1
    let isJoint = Self.isJoint(network, plan, configuration)
    try ModelMemory(
      model, isJoint: isJoint, stateCount: update.stateNames.count,
      capacity: (largest - 1) / configuration.accumulate + 1, configuration: configuration, assignment: assignment,
      topology: topology
    ).check(available: MemoryBudget.ofRanksHere, windows: data.windowBytes(assignment, topology))
    let trainer = try Trainer(
      network: network, task: task, configuration: configuration, store: data.train, update: update,
      exchange: Self.makeExchange(
        configuration, model, update, assignment, topology,
        jointRanges: isJoint ? model.jointRanges : []),
      communicator: world)
    self.trainer = trainer
    let freshHead = data.matching?.freshHead
    transfer = try opened.initial.map { try WeightTransfer($0, to: model, configuration.initial, freshHead: freshHead) }
    let head = model.headParameters
    initialNotes =
      (data.matching?.notes ?? []) + (transfer?.notes ?? [])
      + [transfer?.loads(head) == true ? data.matching?.positionNote : nil].compactMap(\.self)
    let doubts = [
      try Self.checkBatches(of: trainer),
      opened.initial?.doubt(about: data.targetTransform, transfer, head: head),
    ]
    warnings =
      [data.streamingDoubt, data.loneValueDoubt].compactMap(\.self) + doubts.compactMap(\.self)
      + (data.matching?.warnings ?? []) + (transfer?.warnings ?? [])
    validator = data.validation.map {
      Evaluator(
        $0.store, plan: $0.plan, model: model, task: task, values: trainer.values, assignment: assignment,
        communicator: world, metrics: metrics)
    }
    var resolved = configuration
    (resolved.data.path, resolved.shards) = (path, shardCount)
    // What belongs to this start and not to the run: another start has its own.
    (resolved.resume, resolved.run, resolved.overwrite, resolved.verbosity) = (nil, nil, false, .normal)
    resolved.data.mayChange = false
    if opened.task.loss.needsClassCounts { resolved.loss = LossChoice(task.loss) }
    metadata = Checkpoint.Metadata(
      configuration: resolved, lossName: task.lossName, inputShape: split.featureShape, outputSize: data.outputSize,
      indexCount: split.indexCount, sampleCount: data.train.partition.sampleCount, shardCount: shardCount,
      transform: data.transform, targetTransform: data.targetTransform,
      featureKind: resumed.map(\.metadata.featureKind) ?? data.featureKind, stream: data.stream,
      data: DataDescription(
        split, fingerprint: try data.fingerprint(world), validation: try data.validationFingerprint(world)))
  }

  /// Batch normalization needs more than one sample.
  ///
  /// - Returns: a warning where it sometimes has only one.
  /// - Throws: where it never has more, and so would give zeros.
  static func checkBatches(of trainer: Trainer) throws -> String? {
    let (plan, accumulate) = (trainer.plan, trainer.configuration.accumulate)
    let shards = plan.partition.shardCount
    let largest = (0..<shards).map { (plan.largestMicroBatch(shard: $0) - 1) / accumulate + 1 }
    let smallest = (0..<shards).map { plan.partition.count(ofShard: $0) / plan.stepsPerEpoch / accumulate }
    let alone = trainer.model.sampleStatistics(synchronizing: false)
    let together = trainer.model.sampleStatistics(synchronizing: true)
    let remedy = "give --batch-size \(2 * shards) or more, fewer --shards, batch_norm with sync: true, or layer_norm"
    if let layer = together.first, trainer.configuration.batchSize == 1 {
      throw Failure.usage("batch_norm (\(layer)): of one sample there are no statistics; give a greater --batch-size")
    }
    guard let layer = alone.first, let most = largest.max(), let least = smallest.min(), least <= 1 else { return nil }
    let batch =
      "batch_norm (\(layer)) takes its statistics over the samples of one shard, and \(shards) shards share batches of "
      + plural(trainer.configuration.batchSize, "sample")
    guard most > 1 else { throw Failure.usage("\(batch), one each: of one there are none; \(remedy)") }
    return "\(batch), some of them one alone, which becomes zero; \(remedy)"
  }

  /// Rules that follow the accuracy need a loss that has one, those that follow other metrics validation samples.
  private static func checkMetrics(
    _ configuration: TrainingConfiguration, _ task: any LearningTask, isValidated: Bool
  ) throws {
    for rule in configuration.monitoredRules {
      guard rule.metric != .accuracy || task.hasAccuracy else {
        throw Failure.usage("\(rule.key): the loss \(task.lossName) has no accuracy to follow; give \"loss\"")
      }
      guard rule.name == nil || isValidated else {
        throw Failure.usage(
          "\(rule.key): \(rule.metric.name) is measured on validation samples, of which there are none; give "
            + "data.validation, such as 0.1, or \"loss\"")
      }
    }
  }

  /// Whether each rank computes the micro-batches of its shards jointly. It is the same on all ranks, and on any number
  /// of them: the products have other bits than OpenBLAS's.
  private static func isJoint(
    _ network: any TrainableNetwork, _ plan: EpochPlan, _ configuration: TrainingConfiguration
  ) -> Bool {
    let shards = plan.partition.shardCount
    let largest = (0..<shards).map(plan.largestMicroBatch).max() ?? 0
    return shards > 1 && largest <= 256 && configuration.accumulate == 1 && network.isMostlyJoint
      && !network.model.synchronizes && ShardProducts.areUsed
  }

  private static func makeExchange(
    _ configuration: TrainingConfiguration, _ model: Model<Float>, _ update: ParameterUpdate,
    _ assignment: ShardAssignment, _ topology: Topology, jointRanges: [Range<Int>]
  ) throws -> any Exchange {
    let layout = ExchangeLayout(
      parameterCount: model.parameterLayout.count, statisticCount: model.statisticLayout.count,
      stateCount: update.stateNames.count,
      layerRanges: update.isLayerwise ? model.parameterLayout.entries.map(\.range) : [],
      frozenRanges: model.frozenRanges, jointRanges: jointRanges)
    switch configuration.exchange {
    case .mpi: return AllReduceExchange(layout, assignment: assignment, world: topology.world)
    case .shared where topology.nodeCount > 1:
      throw Failure.usage(
        "--exchange shared needs all ranks on one node, but there are \(topology.nodeCount); give --exchange auto")
    case .auto, .shared:
      let precision: ExchangePrecision = configuration.exchangePrecision == .float32 ? .float32 : .bfloat16
      return try SharedMemoryExchange(layout, assignment: assignment, topology: topology, precision: precision)
    }
  }
}
