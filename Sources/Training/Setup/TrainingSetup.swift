import Basics
import Checkpointing
import Collectives
import DataPipeline
import Metrics
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
    try configuration.requireAgreement(world)

    let opened = try OpenedData(configuration, extensions: extensions, resumed: resumed, world: world)
    let (path, source) = (opened.path, opened.source)
    var task = opened.task
    let split = try source.split(.train)
    try Self.checkDivision(configuration, source, isResumed: resumed != nil)
    try Self.checkMetrics(
      configuration, task, isValidated: source.splits[.validation] != nil || configuration.data.validation > 0)
    let shardCount = configuration.shardCount(samples: fold?.train.count ?? split.sampleCount, of: source, resumed)
    let assignment = ShardAssignment(shardCount: shardCount, rankCount: world.size)
    data = try TrainingData(
      source, configuration: configuration, task: task, declaredOutputSize: opened.declaredOutputSize,
      resumed: resumed?.metadata, memory: opened.memory, matching: opened.matching, fold: fold,
      assignment: assignment, communicator: world, progress: progress)

    if task.loss.needsClassCounts { task = try task.replacing(data.lossByClassCounts(task)) }

    let sampleCount = data.train.partition.sampleCount
    guard configuration.accumulate <= sampleCount else {
      throw configuration.accumulationFailure(samples: sampleCount)
    }

    let plan = EpochPlan(partition: data.train.partition, globalBatchSize: configuration.samplesPerStep)
    let planned = try PlannedNetwork(
      configuration, layers: extensions.layers, task: task, split: split, outputSize: data.outputSize, plan: plan)
    let (network, update) = (planned.network, planned.update), model = network.model
    let metrics = try Self.selectMetrics(
      configuration, among: extensions.allMetrics, task: task, outputSize: data.outputSize,
      targets: data.targetTransform, isValidated: data.validation != nil)
    self.metrics = metrics.validation
    testMetrics = fold == nil ? metrics.validation : MetricSelection(metrics.task, among: extensions.allMetrics)

    try ModelMemory(
      model, isJoint: planned.isJoint, stateCount: update.stateNames.count, plan: plan, configuration: configuration,
      assignment: assignment, topology: topology
    ).check(available: MemoryBudget.ofRanksHere, windows: data.windowBytes(assignment, topology))
    let trainer = try Trainer(
      network: network, task: task, configuration: configuration, store: data.train, update: update,
      exchange: Self.makeExchange(configuration, planned.exchangeLayout, assignment, topology), communicator: world)
    self.trainer = trainer
    let freshHead = data.matching?.freshHead
    transfer = try opened.initial.map { try WeightTransfer($0, to: model, configuration.initial, freshHead: freshHead) }
    let head = model.headParameters
    initialNotes =
      (data.matching?.notes ?? []) + (transfer?.notes ?? [])
      + [transfer?.loads(head) == true ? data.matching?.positionNote : nil].compactMap(\.self)
    let doubts = [
      Self.doubtOfDivision(configuration, data.source), data.streamingDoubt, data.valueDoubt,
      try Self.checkBatches(configuration, model, plan),
      opened.initial?.doubt(about: data.targetTransform, transfer, head: head),
    ]
    warnings = doubts.compactMap(\.self) + (data.matching?.warnings ?? []) + (transfer?.warnings ?? [])
    validator = data.validation.map {
      Evaluator(
        $0.store, plan: $0.plan, model: model, task: task, values: trainer.values, assignment: assignment,
        communicator: world, metrics: metrics.validation)
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
  static func checkBatches(
    _ configuration: TrainingConfiguration, _ model: Model<Float>, _ plan: EpochPlan
  ) throws -> String? {
    let accumulate = configuration.accumulate
    let shards = plan.partition.shardCount
    let largest = (0..<shards).map { (plan.largestMicroBatch(shard: $0) - 1) / accumulate + 1 }
    let smallest = (0..<shards).map { plan.partition.count(ofShard: $0) / plan.stepsPerEpoch / accumulate }
    let alone = model.sampleStatistics(synchronizing: false)
    let together = model.sampleStatistics(synchronizing: true)
    let samples = plan.partition.sampleCount
    let remedy =
      "give " + (samples < 2 * shards ? "" : "--batch-size \(2 * shards) or more, ")
      + "fewer --shards, batch_norm with sync: true, or layer_norm"
    if let layer = together.first, configuration.batchSize == 1 {
      throw Failure.usage("batch_norm (\(layer)): of one sample there are no statistics; give a greater --batch-size")
    }
    guard let layer = alone.first, let most = largest.max(), let least = smallest.min(), least <= 1 else { return nil }
    let batch =
      "batch_norm (\(layer)) takes its statistics over the samples of one shard, and \(shards) shards share batches of "
      + plural(min(configuration.batchSize, samples), "sample")
    guard most > 1 else { throw Failure.usage("\(batch), one each: of one there are none; \(remedy)") }
    return "\(batch), some of them one alone, which becomes zero; \(remedy)"
  }

  /// Groups divide what is held out. A run that has begun with groups of nothing goes on: it keeps how it was divided.
  static func checkDivision(
    _ configuration: TrainingConfiguration, _ source: DataSource, isResumed: Bool
  ) throws {
    guard configuration.data.validationGroup != nil, configuration.data.validation == 0, !isResumed else { return }
    throw Failure.usage(
      "data.validation_group: is for the fraction that data.validation holds out, which is 0; "
        + (source.splits[.validation] == nil
          ? "give data.validation, such as 0.1, or leave data.validation_group out"
          : "the data have validation samples of their own, so leave data.validation_group out"))
  }

  /// Where the data bring validation samples of their own, none are held out.
  ///
  /// - Returns: a warning; nil where there is nothing to warn of.
  static func doubtOfDivision(_ configuration: TrainingConfiguration, _ source: DataSource) -> String? {
    guard configuration.data.validation > 0, let own = source.splits[.validation] else { return nil }
    let keys = configuration.data.validationGroup == nil ? "has" : "and data.validation_group have"
    return
      "data.validation \(keys) no effect: the data have \(plural(own.sampleCount, "validation sample")) of their own, "
      + "which are used"
  }

  /// Rules that follow the accuracy need a loss that has one, those that follow other metrics validation samples.
  static func checkMetrics(
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

  /// What is measured on validation samples, or would be; and what a task is measured by.
  static func selectMetrics(
    _ configuration: TrainingConfiguration, among metrics: [any Metric], task: any LearningTask, outputSize: Int,
    targets: TargetTransform, isValidated: Bool
  ) throws -> (task: MetricTask, validation: MetricSelection?) {
    let (metricTask, rule) = try task.decided(
      outputSize: outputSize, targets: targets, configuration.decision, isValidated: isValidated)
    let selection = try MetricSelection(
      configuration.measuredMetrics, among: metrics, task: metricTask, lossName: task.lossName, rule: rule,
      rules: configuration.monitoredRules)
    return (metricTask, selection)
  }

  private static func makeExchange(
    _ configuration: TrainingConfiguration, _ layout: ExchangeLayout, _ assignment: ShardAssignment,
    _ topology: Topology
  ) throws -> any Exchange {
    try configuration.exchange.check(topology)
    switch configuration.exchange {
    case .mpi: return AllReduceExchange(layout, assignment: assignment, world: topology.world)
    case .auto, .shared:
      let precision: ExchangePrecision = configuration.exchangePrecision == .float32 ? .float32 : .bfloat16
      return try SharedMemoryExchange(layout, assignment: assignment, topology: topology, precision: precision)
    }
  }
}

extension TrainingConfiguration {
  /// The error for more micro-steps than samples.
  func accumulationFailure(samples: Int) -> Failure {
    Failure.usage(
      "accumulate: expected at most the \(grouped(samples)) training samples, one for each micro-step, found "
        + "\(accumulate)")
  }
}

extension ExchangeChoice {
  /// - Throws: where ranks lie as this exchange cannot have them.
  func check(_ topology: Topology) throws {
    guard self == .shared, topology.nodeCount > 1 else { return }
    throw Failure.usage(
      "--exchange shared needs all ranks on one node, but there are \(topology.nodeCount); give --exchange auto")
  }
}
