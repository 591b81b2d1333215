import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Optimizers

// What stands between the steps: values, rates, the ends of epochs, and the times that were taken.

extension Trainer {
  /// For passes over micro-batches of a shard whose gradients are to hold those of no other.
  ///
  /// - Returns: the learner, and the indices of this rank's shards that it takes together, of which the first counts;
  ///   nil on a rank that is not needed.
  func makeProbe() throws -> (learner: any Learner, shards: [Int])? {
    // Where layers synchronize over all shards, every rank has to go through the same passes.
    if model.synchronizes { return (learner, groups[0]) }
    guard exchange.shards.contains(0) else { return nil }
    return (isJoint ? try network.makeLearner(parts.ofOneShard) : learner, [0])
  }

  /// Parameters, averaged where the run averages them, and statistics for evaluation.
  package var values: ModelValues<Float> {
    ModelValues(parameters: averagedParameters ?? exchange.parameters, statistics: exchange.statistics)
  }

  /// Nil where the run does not average its weights.
  private var averagedParameters: BufferView<Float>? {
    update.stateNames.last == WeightAveraging.stateName ? exchange.optimizerState.last : nil
  }

  /// Overwrites parameters and statistics with their initial values; optimizer state is zero from the start, averaged
  /// parameters as the others. Only the root does, before `exchange.broadcastState()`.
  ///
  /// - Parameter transfer: values from a file, in place of those that are drawn; what it has none for is drawn by
  ///   another seed than the run's.
  func initializeState(_ transfer: WeightTransfer?) {
    let seed = transfer?.seed(configuration.seed) ?? configuration.seed
    model.parameterLayout.initialize(exchange.parameters, seed: seed)
    model.statisticLayout.initialize(exchange.statistics, seed: seed)
    transfer?.apply(to: exchange.parameters, model.parameterLayout)
    transfer?.apply(to: exchange.statistics, model.statisticLayout)
    if let averagedParameters { copy(exchange.parameters, into: averagedParameters) }
  }

  /// The learning rate of the next step.
  package var learningRate: Double { learningRateOverride ?? learningRate(stepInEpoch: progress.stepInEpoch + 1) }

  /// The learning rate of a step of this epoch, from 1.
  ///
  /// A schedule goes by the epochs, so that it ends with the run also where earlier epochs had more or fewer steps.
  func learningRate(stepInEpoch: Int) -> Double {
    rates.learningRate(step: progress.epoch * plan.stepsPerEpoch + stepInEpoch, plateau: progress.plateau)
      * progress.sentinel.rateFactor
  }

  /// Closes an epoch by its figures: whether it is the best so far, and what the schedule and early stopping make of
  /// it.
  /// - Returns: whether it is the best.
  func finishEpoch(_ figures: TrainingProgress.Best) -> Bool {
    let isBest =
      !task.ranksEpochs
      || progress.best.map { figures.isBetter(than: $0, by: configuration.bestBy) } ?? true
    if isBest { progress.best = figures }
    progress.thresholds = figures.thresholds
    if let rule = rates.schedule as? Plateau {
      var state = progress.plateau ?? PlateauState(base: rates.base, rule: rule)
      state.record(figures.value(of: rule.metric), rule: rule)
      progress.plateau = state
    }
    if let rule = configuration.earlyStopping {
      progress.earlyStopping.record(figures.value(of: rule.metric), rule: rule)
    }
    progress.finishEpoch()
    return isBest
  }

  /// Whether all epochs are done, or enough of them without improvement.
  var isFinished: Bool { progress.epoch >= configuration.epochs || isStoppedEarly }

  var isStoppedEarly: Bool { configuration.earlyStopping.map { progress.earlyStopping.isOver($0) } ?? false }

  /// Seconds that this rank has spent in exchanges since the last call, waiting for others included.
  func takeExchangeSeconds() -> Double { clock.takeSeconds() + sumClock.seconds }

  /// Seconds of these that it has stood still for others or for the network: communication that no work has hidden.
  /// Call it behind `takeExchangeSeconds`.
  func takeExposedSeconds() -> Double { exchange.takeWaitSeconds() + sumClock.takeSeconds() }

  /// Whether gradients are rounded on their way between the nodes.
  func isRounded(on topology: Topology) -> Bool {
    configuration.exchangePrecision != .float32 && topology.nodeCount > 1
  }

  /// Seconds that this rank has waited for streamed samples since the last call.
  package func takeDataSeconds() -> Double { feed.takeWaitSeconds() }
}
