import Collectives
import Configuration
import DataPipeline
import Basics
import NeuralNetwork
import NumericCore
import Optimizers

/// Trains one model on one data set over all ranks: the steps of an epoch, without files or screens.
///
/// The caller decides what happens between steps and epochs; see `TrainingRun`.
public final class Trainer {
  public let model: Model<Float>
  public let objective: Objective
  public let exchange: any Exchange
  public let plan: EpochPlan
  public let schedule: LearningRateSchedule
  /// Where the run is. Set it, with the exchange's state, to resume.
  public var progress = TrainingProgress()

  let configuration: TrainingConfiguration
  let store: ShardStore
  let update: ParameterUpdate
  private let updateState: ParameterUpdate.State
  private let communicator: any Communicator
  /// For all shards in turn.
  private let worker: any MicroBatchWorker
  /// One for each shard where the model has them learn in lockstep.
  let lockstepWorkers: [ShardWorker]
  /// nil for a single model.
  let networks: AdversarialModel<Float>?
  private let random: RandomSource
  /// This epoch's order of each of this rank's shards, and the epoch it is of.
  let order: [FlatBuffer<Int32>]
  private var orderedEpoch: Int?
  private var exchangeTime = Duration.zero

  /// Is given the rows that each of this rank's shards takes in a step, for an audit of what was seen.
  public var auditRows: ((_ step: Int, _ rows: [Int]) -> Void)?

  init(
    model: Model<Float>, objective: Objective, configuration: TrainingConfiguration, store: ShardStore,
    exchange: any Exchange, communicator: any Communicator, networks: AdversarialModel<Float>? = nil
  ) throws {
    self.model = model
    self.networks = networks
    self.objective = objective
    self.configuration = configuration
    self.store = store
    self.exchange = exchange
    update = configuration.parameterUpdate(model.parameterLayout)
    updateState = update.state(FlatState(parameters: exchange.parameters, moments: exchange.moments))
    self.communicator = communicator
    random = RandomSource(seed: configuration.seed)
    let plan = EpochPlan(dealing: store.dealing, globalBatchSize: configuration.samplesPerStep)
    self.plan = plan
    schedule = configuration.learningRateSchedule(stepsPerEpoch: plan.stepsPerEpoch)
    order = store.shards.map { FlatBuffer(count: store.count($0)) }
    let capacity = ((store.shards.map(plan.largestMicroBatch).max() ?? 1) - 1) / configuration.accumulate + 1
    let values = ModelValues(parameters: exchange.parameters, statistics: exchange.statistics)
    let shape = SplitShape(store.source)
    func augmentation() throws -> BatchAugmentation? {
      try BatchAugmentation(
        configuration.data.augment, objective: objective, source: store.source,
        outputSize: model.outputShapes[0].elementCount, capacity: capacity)
    }
    func shardWorker() throws -> ShardWorker {
      try ShardWorker(
        model: model, loss: objective.loss, data: shape, capacity: capacity, parameters: values, learns: true,
        augmentation: augmentation())
    }
    lockstepWorkers = try model.synchronizes ? store.shards.map { _ in try shardWorker() } : []
    worker =
      if let networks {
        AdversarialWorker(networks, data: shape, capacity: capacity, values: values, augmentation: try augmentation())
      } else if let first = lockstepWorkers.first { first } else { try shardWorker() }
  }

  /// Parameters, averaged where the run averages them, and statistics for evaluation.
  public var values: ModelValues<Float> {
    ModelValues(parameters: averagedParameters ?? exchange.parameters, statistics: exchange.statistics)
  }

  /// nil where the run does not average its weights.
  private var averagedParameters: Window<Float>? {
    update.momentNames.last == WeightAveraging.momentName ? exchange.moments.last : nil
  }

  /// Overwrites parameters and statistics with their initial values; moments are zero from the start, averaged parameters as the
  /// others. Only the root does, before `exchange.publish()`.
  func initializeState() {
    model.parameterLayout.initialize(exchange.parameters, seed: configuration.seed)
    model.statisticLayout.initialize(exchange.statistics, seed: configuration.seed)
    if let averagedParameters { copy(exchange.parameters, into: averagedParameters) }
  }

  /// Takes the next step: every shard's gradient by itself, their sum in the fixed tree, one update. Collective.
  ///
  /// - Parameter requestsStop: whether this rank asks all ranks to stop after this step.
  /// - Throws: where the loss or the gradient is not finite, on all ranks alike.
  public func step(requestsStop: Bool = false) throws -> StepTotals {
    shuffleIfNeeded()
    let stepNumber = progress.step + 1
    let stepRandom = random.stream(.dropout, stepNumber)
    for shard in exchange.shards { exchange.batchStatistics(ofShard: shard).update(repeating: 0) }
    let synchronized = model.synchronizes ? try learnInLockstep(stepRandom) : nil
    for (index, shard) in exchange.shards.enumerated() {
      let range = plan.positions(shard: shard, step: progress.stepInEpoch)
      let sums = synchronized?[index] ?? learn(shard, index, range, stepRandom)
      let tail = exchange.tail(ofShard: shard)
      tail[TailSlot.loss.rawValue] = sums.loss
      tail[TailSlot.correct.rawValue] = sums.correct ?? 0
      tail[TailSlot.samples.rawValue] = Double(range.count)
      tail[TailSlot.weight.rawValue] = sums.weight ?? Double(range.count)
      tail[TailSlot.stop.rawValue] = requestsStop ? 1 : 0
      tail[TailSlot.generatorLoss.rawValue] = sums.generatorLoss ?? 0
      audit(shard, index, range)
    }
    let exchangeStart = ContinuousClock.now
    let totals = try exchange.step(
      OptimizerUpdate(
        model: model, parameterUpdate: update,
        state: updateState, statistics: exchange.statistics, step: stepNumber, learningRate: learningRate,
        clipNorm: configuration.clipNorm)
    )
    exchangeTime += exchangeStart.duration(to: .now)
    progress.record(totals)
    guard totals.loss.isFinite && totals.gradientNorm.isFinite else {
      throw Failure(
        "step \(progress.step), epoch \(progress.epoch + 1): the loss is \(shortNumber(totals.loss / totals.weight)) and the gradient's norm "
          + "\(shortNumber(totals.gradientNorm)), expected finite numbers; lower the learning rate or set clip_norm, then resume "
          + "from the last checkpoint", exitCode: .numeric)
    }
    return totals
  }

  /// Adds up the gradients of a shard's positions in a step, in as many micro-steps as the configuration has.
  private func learn(_ shard: Int, _ index: Int, _ range: Range<Int>, _ random: RandomSource) -> LossSums {
    var total = LossSums(loss: 0)
    for microStep in 0..<configuration.accumulate {
      total += worker.learn(
        store, shard: shard,
        positions: UnsafeBufferPointer(order[index].window.window(part(microStep, of: range))),
        values: values(ofShard: shard), random: random, gradients: microStep == 0 ? .overwrite : .add)
    }
    return total
  }

  /// The positions of one of the micro-steps of a step.
  func part(_ microStep: Int, of range: Range<Int>) -> Range<Int> {
    let count = configuration.accumulate
    return range.lowerBound + range.count * microStep / count..<range.lowerBound + range.count * (microStep + 1) / count
  }

  /// Closes an epoch by its figures: whether it is the best so far, and what the schedule and early stopping make of it. The losses of
  /// a GAN do not tell which epoch is best; the newest stands for it.
  /// - Returns: whether it is the best.
  func finishEpoch(_ figures: TrainingProgress.Best) -> Bool {
    let isBest =
      networks != nil
      || progress.best.map { figures.isBetter(than: $0, by: configuration.earlyStopping?.metric) } ?? true
    if isBest { progress.best = figures }
    if case .plateau(let rule) = schedule.shape {
      var state = progress.plateau ?? PlateauState(base: schedule.base, rule: rule)
      state.record(figures.value(of: configuration.schedule.metric), rule: rule)
      progress.plateau = state
    }
    if let stopping = configuration.earlyStopping {
      progress.earlyStopping.record(figures.value(of: stopping.metric), rule: stopping.rule)
    }
    progress.finishEpoch()
    return isBest
  }

  /// Whether all epochs are done, or enough of them without improvement.
  var isFinished: Bool { progress.epoch >= configuration.epochs || isStoppedEarly }

  var isStoppedEarly: Bool { configuration.earlyStopping.map { progress.earlyStopping.isOver($0.rule) } ?? false }

  /// What a shard's micro-batch reads and adds to.
  func values(ofShard shard: Int) -> ModelValues<Float> {
    ModelValues(
      parameters: exchange.parameters, gradients: exchange.gradients(ofShard: shard), statistics: exchange.statistics,
      batchStatistics: exchange.batchStatistics(ofShard: shard))
  }

  /// Sums one vector a shard over all shards in the fixed tree. Collective; its time is that of exchanges.
  func treeSum(_ local: [[Double]]) throws(CollectiveError) -> [Double] {
    let start = ContinuousClock.now
    defer { exchangeTime += start.duration(to: .now) }
    return try communicator.treeSum(local, over: exchange.assignment)
  }

  /// Seconds that this rank has spent in exchanges since the last call, waiting for others included.
  func takeExchangeSeconds() -> Double {
    defer { exchangeTime = .zero }
    return exchangeTime.seconds
  }

  /// The learning rate of the next step.
  public var learningRate: Double { learningRateOverride ?? learningRate(step: progress.step + 1) }

  /// Takes the place of the schedule; equal on all ranks.
  public var learningRateOverride: Double?

  /// The learning rate of a step of this epoch.
  func learningRate(step: Int) -> Double { schedule.learningRate(step: step, plateau: progress.plateau) }

  /// Each shard's order is a function of (seed, epoch, shard), so a resumed run finds its place by itself.
  private func shuffleIfNeeded() {
    guard orderedEpoch != progress.epoch else { return }
    for (index, shard) in exchange.shards.enumerated() {
      let order = plan.order(epoch: progress.epoch, shard: shard, seed: configuration.seed)
      _ = self.order[index].window.update(fromContentsOf: order)
    }
    orderedEpoch = progress.epoch
  }

  private func audit(_ shard: Int, _ index: Int, _ range: Range<Int>) {
    guard let auditRows else { return }
    let rows = order[index].window.window(range).map {
      store.selection[store.dealing.row(shard: shard, position: Int($0))]
    }
    auditRows(progress.step, rows)
  }
}
