import Basics
import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Optimizers

/// Trains one model on one data set over all ranks: the steps of an epoch, without files or screens.
///
/// The caller decides what happens between steps and epochs; see `TrainingRun`.
package final class Trainer {
  package let model: Model<Float>
  let network: any TrainableNetwork
  let task: any LearningTask
  package let exchange: any Exchange
  package let plan: EpochPlan
  let rates: LearningRatePlan
  /// Where the run is. Set it, with the exchange's state, to resume.
  package var progress = TrainingProgress()
  /// Of the last step; nil before the first.
  private(set) var lastTotals: StepTotals?
  /// Why the last step's update is not to count; nil where all is well with it.
  private(set) var lastProblem: StepProblem?
  let judge: StepJudge

  let configuration: TrainingConfiguration
  let update: ParameterUpdate
  private let stepUpdate: ParameterUpdate.Step
  let store: ShardStore
  let communicator: any Communicator
  let parts: LearnerParts
  let learner: any Learner
  /// Whether the layers compute the micro-batches of this rank's shards at once; see `JointLayer`.
  let isJoint: Bool
  /// Indices of this rank's shards; each group goes forward and backward together.
  let groups: [[Int]]
  /// What the shards of each group read, and where their gradients go.
  let groupValues: [[ModelValues<Float>]]
  private let spare: SpareGradients
  let random: RandomSource
  /// This rank's samples in the order of each epoch.
  let feed: any EpochFeed
  /// Of the exchanges of the steps.
  let clock = ExchangeClock()
  /// Whether the update of the step under way is made.
  private lazy var accepts: StepGate = { [unowned self] in judge.problem($0, progress) == nil }
  /// Tells the exchange how far backward has come.
  private lazy var release: BackwardProgress = { [exchange] event in
    switch event {
    case .gradients(let first): exchange.releaseGradients(from: first)
    case .parameters(let first): exchange.releaseParameters(from: first)
    }
  }
  /// Of the sums that layers take over all shards.
  let sumClock: ExchangeClock

  /// Takes the place of the schedule; equal on all ranks.
  package var learningRateOverride: Double?
  /// Called after each shard's part of a step with the rows that it took, for auditing.
  package var auditRows: ((_ step: Int, _ rows: [Int]) -> Void)?

  init(
    network: any TrainableNetwork, task: any LearningTask, configuration: TrainingConfiguration, store: ShardStore,
    update: ParameterUpdate, exchange: any Exchange, communicator: any Communicator
  ) throws {
    let model = network.model
    self.network = network
    self.model = model
    self.task = task
    self.configuration = configuration
    self.store = store
    self.exchange = exchange
    self.communicator = communicator
    self.update = update
    judge = StepJudge(configuration.sentinel)
    stepUpdate = update.step(
      1, of: update.state(FlatState(parameters: exchange.parameters, buffers: exchange.optimizerState)),
      learningRate: 0, statistics: (model.runningStatistics, exchange.statistics))
    random = RandomSource(seed: configuration.seed)
    let plan = EpochPlan(partition: store.partition, globalBatchSize: configuration.samplesPerStep)
    self.plan = plan
    rates = configuration.schedule.plan(
      learningRate: configuration.optimizer.learningRate, epochs: max(1, configuration.epochs),
      stepsPerEpoch: plan.stepsPerEpoch, samplesPerStep: configuration.samplesPerStep)
    feed = store.epochFeed(plan, seed: configuration.seed, epochs: configuration.epochs)
    let isJoint = !exchange.layout.jointRanges.isEmpty
    self.isJoint = isJoint
    let order = isJoint && !exchange.shards.isEmpty ? exchange.shardOrder : nil
    let groups =
      model.synchronizes || order != nil
      ? [Array(exchange.shards.indices)] : exchange.shards.indices.map { [$0] }
    let first = exchange.shards.lowerBound
    let spare = SpareGradients(exchange.layout, isNeeded: model.synchronizes && exchange.shards.isEmpty)
    self.spare = spare
    self.groups = groups.map { $0.map { $0 - first } }
    groupValues = groups.map { group in
      // A rank without shards takes part in sums over all shards by a group of one empty slot.
      group.isEmpty
        ? [spare.values(parameters: exchange.parameters, statistics: exchange.statistics)]
        : group.map { shard in
          ModelValues(
            parameters: exchange.parameters, gradients: exchange.gradients(ofShard: shard),
            statistics: exchange.statistics, batchStatistics: exchange.batchStatistics(ofShard: shard))
        }
    }
    let sumClock = ExchangeClock()
    self.sumClock = sumClock
    let largest = store.shards.map(plan.largestMicroBatch).max() ?? 1
    let capacity = (largest - 1) / configuration.accumulate + 1
    let parts = LearnerParts(
      loss: task.loss, data: SplitShape(store), slots: max(1, groups.first?.count ?? 1), capacity: capacity,
      values: ModelValues(parameters: exchange.parameters, statistics: exchange.statistics),
      order: order,
      augmentation: {
        try BatchAugmentation(
          configuration.data.augment.items, task: task, source: store.source,
          outputSize: model.outputShapes[0].elementCount, capacity: capacity)
      },
      sum: { local in
        let own = exchange.shards.isEmpty ? [] : local
        return try sumClock.time { try communicator.treeSum(own, over: exchange.assignment) }
      })
    self.parts = parts
    learner = try network.makeLearner(parts)
  }

  /// Takes the next step: every shard's gradient by itself, their sum in the fixed tree, one update. Collective.
  ///
  /// A step that is not as it should be is told by `lastProblem`, on all ranks alike. Its update has not been made
  /// where the configuration lets the run go on from there, or its loss is not finite.
  ///
  /// - Parameters:
  ///   - requestsStop: whether this rank asks all ranks to stop after this step.
  ///   - requestsCheckpoint: whether rank 0 asks for a checkpoint after it.
  package func step(requestsStop: Bool = false, requestsCheckpoint: Bool = false) throws -> StepTotals {
    try Whereabouts.step(epoch: progress.epoch + 1, progress.step + 1) {
      // The name is made when the step is over.
      try Timeline.span(.step, "step \(progress.step)") { try takeStep(requestsStop, requestsCheckpoint) }
    }
  }

  private func takeStep(_ requestsStop: Bool, _ requestsCheckpoint: Bool) throws -> StepTotals {
    try beginStep(requestsStop, requestsCheckpoint)
    let random = random.stream(.dropout, progress.step + 1)
    stepUpdate.begin(progress.step + 1, learningRate: learningRate)
    if groups.isEmpty { beginExchange() }
    for (place, (group, values)) in zip(groups, groupValues).enumerated() {
      for microStep in 0..<configuration.accumulate {
        try Timeline.span(.data) {
          for (slot, index) in group.enumerated() {
            try learner.load(places(index, microStep), ofShard: shard(index), from: feed, slot: slot, random: random)
          }
        }
        try Timeline.span(.forward) { try learner.forward(values, random: random) }
        Timeline.span(.loss) {
          for (slot, index) in group.enumerated() {
            exchange.scalars(ofShard: shard(index)).pointee += learner.loss(slot: slot)
          }
        }
        let rule = microStep == 0 ? Workspace<Float>.GradientRule.overwrite : .add
        let isLast = place == groups.count - 1 && microStep == configuration.accumulate - 1
        if isLast { beginExchange() }
        try Timeline.span(.backward) {
          try learner.backward(rule, progress: isLast ? release : nil)
        }
      }
    }
    let totals = try Timeline.span(.exchange) { try clock.time { try exchange.finish() } }
    lastTotals = totals
    lastProblem = judge.problem(totals, progress)
    progress.record(
      totals.sums, problem: lastProblem, window: judge.watchesSpikes ? configuration.sentinel.window : 0)
    return totals
  }

  /// From here on the last backward pass and the exchange go side by side.
  private func beginExchange() {
    let mayRefuse = configuration.sentinel.refusesUpdates || !progress.sentinel.passedOver.isEmpty
    exchange.begin(stepUpdate, clipNorm: configuration.clipNorm, accepts: mayRefuse ? accepts : nil)
  }

  /// Puts the epoch's order in place, clears what the shards add to, and says whether this rank asks to stop.
  private func beginStep(_ requestsStop: Bool, _ requestsCheckpoint: Bool) throws {
    try feed.begin(epoch: progress.epoch, step: progress.stepInEpoch)
    for (index, shard) in exchange.shards.enumerated() {
      exchange.batchStatistics(ofShard: shard).update(repeating: 0)
      exchange.scalars(ofShard: shard).pointee = StepScalars()
      exchange.scalars(ofShard: shard).pointee.stop = requestsStop ? 1 : 0
      exchange.scalars(ofShard: shard).pointee.checkpoint = requestsCheckpoint ? 1 : 0
      audit(index)
    }
  }

  private func shard(_ index: Int) -> Int { exchange.shards.lowerBound + index }

  /// The places of the epoch's order that a shard takes in a micro-step of this step.
  private func places(_ index: Int, _ microStep: Int) -> Range<Int> {
    let range = plan.positions(shard: shard(index), step: progress.stepInEpoch)
    let count = configuration.accumulate
    return range.lowerBound + range.count * microStep / count..<range.lowerBound + range.count * (microStep + 1) / count
  }

  private func audit(_ index: Int) {
    guard let auditRows else { return }
    let places = plan.positions(shard: shard(index), step: progress.stepInEpoch)
    let positions = feed.positions(shard: shard(index), places: places)
    auditRows(progress.step, store.rows(shard: shard(index), positions: positions))
  }
}

/// Where gradients go that no shard has.
private struct SpareGradients {
  private let gradients: FlatBuffer<Float>
  private let statistics: FlatBuffer<Float>

  init(_ layout: ExchangeLayout, isNeeded: Bool) {
    gradients = FlatBuffer(count: isNeeded ? layout.parameterCount : 0)
    statistics = FlatBuffer(count: isNeeded ? layout.statisticCount : 0)
  }

  func values(parameters: BufferView<Float>, statistics running: BufferView<Float>) -> ModelValues<Float> {
    ModelValues(
      parameters: parameters, gradients: gradients.view, statistics: running, batchStatistics: statistics.view)
  }
}

/// How long a rank is busy with the others.
final class ExchangeClock {
  private var elapsed = Duration.zero

  func time<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer { elapsed += start.duration(to: .now) }
    return try body()
  }

  var seconds: Double { elapsed.seconds }

  func takeSeconds() -> Double {
    defer { elapsed = .zero }
    return seconds
  }
}
