import Basics
import Collectives
import DataPipeline
import Metrics
import NeuralNetwork
import NumericCore

/// What a step takes of processors and network.
package struct StepSize: Sendable, Equatable {
  /// Floating-point operations on one rank.
  let operations: Double
  /// That are exchanged.
  let bytes: Double

  package init(operations: Double, bytes: Double) { (self.operations, self.bytes) = (operations, bytes) }
}

/// Whether the model fits the data, and both fit the memory of every host.
struct ModelCheck {
  let rows: [CheckRow]
  /// What a step computes and exchanges; nil where the model does not fit, as `layout`.
  let step: StepSize?
  let layout: ExchangeLayout?

  /// What a host has, and what training would take of it.
  private struct Facts: Codable, Sendable {
    let training: Double
    let data: Double
    let available: Double
    let shared: Int
    let sharedFree: Int?
    /// What MPI's shared memory lacks.
    let note: String?
  }

  /// Collective.
  init(
    _ configuration: TrainingConfiguration, _ data: DataCheck.Opened, resumed: ResumePoint?, topology: Topology,
    ranks: any Communicator, _ places: RankPlaces
  ) throws {
    var found: (planned: PlannedNetwork, plan: EpochPlan, task: any LearningTask)?
    var doubt: String?
    let models = try RankAnswers(ranks) { () -> String in
      let (planned, plan, task) = try Self.plan(configuration, data, resumed, topology)
      found = (planned, plan, task)
      doubt = try TrainingSetup.checkBatches(configuration, planned.network.model, plan)
      return ""
    }
    guard models.all != nil, let (planned, plan, task) = found else {
      rows = [CheckRow("model", "does not fit", models.faults(places)), .skipped("memory", "the model is not known")]
      (step, layout) = (nil, nil)
      return
    }
    let model = planned.network.model, layout = planned.exchangeLayout
    let memories = try RankAnswers(ranks) { () -> Facts in
      let own = topology.shards(ofNode: topology.nodeIndex, data.assignment).count
      let windows = data.windowBytes(try data.source.split(.train), shards: own)
      let memory = ModelMemory(
        model, isJoint: planned.isJoint, stateCount: layout.stateCount, plan: plan, configuration: configuration,
        assignment: data.assignment, topology: topology)
      let available = MemoryBudget.ofRanksHere
      try memory.check(available: available, windows: windows)
      let shared =
        configuration.exchange == .mpi
        ? nil : SharedMemoryExchange.memory(for: layout, assignment: data.assignment, topology: topology)
      return Facts(
        training: memory.byteCount, data: data.memory.streams ? windows : data.source.byteCount,
        available: Double(available), shared: shared?.byteCount ?? 0, sharedFree: shared?.free, note: shared?.note)
    }
    let warnings =
      [doubt, RunHeader.idleRanks(data.assignment, isResumed: resumed != nil), task.reading?.warning].compactMap(\.self)
      + configuration.warnings(steps: configuration.epochs * plan.stepsPerEpoch, lossName: task.lossName)
    let modelRow = CheckRow(
      "model",
      "\(grouped(model.parameterLayout.elementCount)) parameters, \(task.lossName), "
        + "\(plural(plan.stepsPerEpoch, "step")) an epoch over \(plural(data.assignment.shardCount, "shard"))",
      warnings.map { .warning($0) })
    rows = [modelRow] + Self.memoryRows(memories, places)
    step = StepSize(
      operations: Double(model.trainingOperations) * Double(configuration.samplesPerStep) / Double(ranks.size),
      bytes: Double(layout.parameterCount + layout.statisticCount) * 4)
    self.layout = layout
  }

  private static func plan(
    _ configuration: TrainingConfiguration, _ data: DataCheck.Opened, _ resumed: ResumePoint?, _ topology: Topology
  ) throws -> (PlannedNetwork, EpochPlan, any LearningTask) {
    let split = try data.source.split(.train)
    let declared = configuration.model.declaredOutputSize
    var task = data.task
    let (outputSize, check) = task.outputs(
      classes: { max(split.names.classes?.count ?? 0, (data.largestLabel ?? 0) + 1) }, declared: declared, data: split)
    try task.check(outputSize: outputSize)
    if task.loss.needsClassCounts {
      let counts = try split.classCounts(
        of: data.selection, outputSize, numbering: task.numbering, ignoring: task.loss.ignoredLabel)
      task = task.replacing(task.loss.resolved(classCounts: counts))
    }
    guard configuration.accumulate <= data.partition.sampleCount else {
      throw configuration.accumulationFailure(samples: data.partition.sampleCount)
    }
    for name in [SplitName.validation, .test] where type(of: task).whyNotEvaluated == nil {
      guard let other = data.source.splits[name] else { continue }
      try split.requireLikeness(other)
      let plan = EvaluationPlan(
        sampleCount: other.sampleCount, shardCount: data.assignment.shardCount,
        globalBatchSize: configuration.batchSize)
      let rank = topology.world.rank
      _ = try other.checkSample(
        .all(count: other.sampleCount), plan.partition, shards: data.assignment.shards(ofRank: rank),
        share: (rank, topology.world.size), targetCheck: check)
    }
    let plan = EpochPlan(partition: data.partition, globalBatchSize: configuration.samplesPerStep)
    let planned = try PlannedNetwork(
      configuration, layers: CustomLayers(), task: task, split: split, outputSize: outputSize, plan: plan)
    _ = try TrainingSetup.selectMetrics(
      configuration, among: MetricCatalog.all, task: task, outputSize: outputSize, targets: .identity,
      isValidated: data.selection.count < split.sampleCount || data.source.splits[.validation] != nil)
    if var matching = data.matching {
      matching.judgeHead(split.names, outputSize: outputSize, numbering: task.numbering, targets: task.targetMeaning)
      _ = try WeightTransfer(
        matching.initial, to: planned.network.model, configuration.initial, freshHead: matching.freshHead)
    }
    _ = try BatchAugmentation(
      configuration.data.augment.items, task: task, source: split,
      outputSize: planned.network.model.outputShapes[0].elementCount, capacity: 1)
    if let resumed {
      try resumed.checkpoint.checkOptimizer(planned.update.stateNames, configuration, in: resumed.path)
    }
    try configuration.exchange.check(topology)
    return (planned, plan, task)
  }

  private static func memoryRows(_ answers: RankAnswers<Facts>, _ places: RankPlaces) -> [CheckRow] {
    guard let facts = answers.all, let tightest = facts.min(by: { $0.available < $1.available }) else {
      return [CheckRow("memory", "too little", answers.faults(places))]
    }
    let memory = CheckRow(
      "memory",
      "training takes \(shortBytes(tightest.training)) of a host, the data \(shortBytes(tightest.data)) in all; "
        + "\(shortBytes(tightest.available)) are available")
    let notes = Set(facts.compactMap(\.note)).sorted().map { note in
      CheckFinding.warning(
        "on \(places.text(facts.indices.filter { facts[$0].note == note })): \(note), and MPI's messages go through "
          + "files; give it more room, such as docker run --shm-size=1g")
    }
    guard facts[0].shared > 0 else { return [memory, CheckRow("shared memory", "none: exchange mpi")] }
    let most = facts.map(\.shared).max() ?? 0
    let free = facts.compactMap(\.sharedFree).min().map { "\(shortBytes(Double($0))) are free in /dev/shm" }
    return [
      memory,
      CheckRow(
        "shared memory", "the ranks of a host share \(shortBytes(Double(most)))" + (free.map { "; " + $0 } ?? ""), notes
      ),
    ]
  }
}
