import Checkpointing
import NumericCore
import Optimizers

/// Where a run is: everything besides the flat buffers that the next step depends on.
public struct TrainingProgress: Sendable, Equatable {
  /// Epochs that are complete, and so the number, from zero, of the one under way.
  public var epoch = 0
  /// Steps done in this epoch.
  public var stepInEpoch = 0
  /// Steps done since the start: updates of the parameters.
  public var step = 0
  /// Sums over the samples of this epoch so far.
  public var sums = StepScalars()
  /// The best epoch so far.
  public var best: Best?
  /// nil before the first epoch, and without the schedule `plateau`.
  public var plateau: PlateauState?
  public var earlyStopping = EarlyStoppingState()
  /// Above which logits the answers are yes, by the last validation; empty where that is 0.
  public var thresholds: [Float] = []
  /// What is remembered of steps whose updates were not made.
  public var sentinel = SentinelState()

  /// The epoch whose figures are best, and the figures.
  public struct Best: Sendable, Equatable {
    public var epoch: Int
    public var step: Int
    public var loss: Double
    /// nil for a loss without classes.
    public var accuracy: Double?
    /// The other metrics that are measured, by name; those that are not defined are left out.
    public var figures: [String: Double]
    /// Above which logits the answers were yes; empty where that was 0.
    public var thresholds: [Float]

    public init(
      epoch: Int, step: Int, loss: Double, accuracy: Double?, figures: [String: Double] = [:],
      thresholds: [Float] = []
    ) {
      self.epoch = epoch
      self.step = step
      self.loss = loss
      self.accuracy = accuracy
      self.figures = figures
      self.thresholds = thresholds
    }

    /// By the metric, then lower loss; without a metric, higher accuracy is better, then lower loss. What is not a
    /// number is worse than any.
    public func isBetter(than other: Best, by metric: MonitoredMetric? = nil) -> Bool {
      for rule in [metric ?? .accuracy, .loss] {
        let (own, others) = (value(of: rule), other.value(of: rule))
        if own.isNaN != others.isNaN { return others.isNaN }
        if own != others, !own.isNaN { return rule.isGreaterBetter ? own > others : own < others }
      }
      return false
    }

    /// The figure that a rule follows; NaN where it is not defined, such as the accuracy of a loss without classes.
    func value(of metric: MonitoredMetric) -> Double {
      switch metric.name {
      case MonitoredMetric.loss.name: loss
      case MonitoredMetric.accuracy.name: accuracy ?? .nan
      default: figures[metric.name] ?? .nan
      }
    }
  }

  public init() {}

  /// Counts one step; the sums of one whose update was not made are not those of what was learned from.
  ///
  /// - Parameters:
  ///   - problem: why its update was not made; nil where it was.
  ///   - window: how many losses are remembered.
  package mutating func record(_ sums: StepScalars, problem: StepProblem?, window: Int) {
    step += 1
    stepInEpoch += 1
    guard let problem else {
      if sums.samples > 0 { sentinel.recordUpdate(loss: sums.meanLoss, window: window) }
      return self.sums += sums
    }
    sentinel.recordSkip(problem)
  }

  /// Closes the epoch.
  public mutating func finishEpoch() {
    epoch += 1
    stepInEpoch = 0
    sums = StepScalars()
    sentinel.skippedInEpoch = 0
  }
}

extension TrainingProgress {
  /// What stands before the names of the best epoch's metrics.
  private static let figurePrefix = "best_metric_"

  /// Thresholds as an attribute holds them, with spaces between; nil for none.
  private static func text(_ thresholds: [Float]) -> Checkpoint.Attribute? {
    thresholds.isEmpty ? nil : .text(thresholds.map { "\($0)" }.joined(separator: " "))
  }

  /// - Returns: nil where it is not as `text` writes it.
  private static func thresholds(_ attribute: Checkpoint.Attribute?) -> [Float]? {
    guard let attribute else { return [] }
    let words = attribute.text?.split(separator: " ") ?? [], numbers = words.compactMap { Float($0) }
    return words.isEmpty || numbers.count < words.count || numbers.contains { !$0.isFinite } ? nil : numbers
  }

  /// What a checkpoint keeps of it.
  ///
  /// - Parameter secondLoss: the key of the task's second loss, if it has one.
  func attributes(secondLoss: String?) -> [String: Checkpoint.Attribute] {
    var attributes: [String: Checkpoint.Attribute] = [
      "epoch": .integer(epoch), "step_in_epoch": .integer(stepInEpoch), "step": .integer(step),
      "loss_sum": .number(sums.loss), "correct_sum": .number(sums.correct), "sample_sum": .number(sums.samples),
      "weight_sum": .number(sums.weight),
    ]
    // As many as there are samples, but for a few runs.
    if sums.counted != sums.samples { attributes["counted_sum"] = .number(sums.counted) }
    if let secondLoss, sums.secondLoss != 0 { attributes["\(secondLoss)_sum"] = .number(sums.secondLoss) }
    if let best {
      attributes["best_epoch"] = .integer(best.epoch)
      attributes["best_step"] = .integer(best.step)
      attributes["best_loss"] = .number(best.loss)
      attributes["best_accuracy"] = best.accuracy.map { .number($0) }
      attributes["best_decision_thresholds"] = Self.text(best.thresholds)
      for (name, value) in best.figures { attributes[Self.figurePrefix + name] = .number(value) }
    }
    attributes["decision_thresholds"] = Self.text(thresholds)
    attributes.merge(sentinel.attributes) { $1 }
    if let plateau {
      attributes["plateau_learning_rate"] = .number(plateau.learningRate)
      attributes["plateau_best"] = .number(plateau.best)
      attributes["plateau_bad_epochs"] = .integer(plateau.badEpochs)
      attributes["plateau_cooldown"] = .integer(plateau.cooldown)
    }
    if let best = earlyStopping.best {
      attributes["early_stopping_best"] = .number(best)
      attributes["early_stopping_bad_epochs"] = .integer(earlyStopping.badEpochs)
    }
    return attributes
  }

  /// Nil where an attribute is missing or of another type.
  init?(_ attributes: [String: Checkpoint.Attribute], secondLoss: String?) {
    guard let epoch = attributes["epoch"]?.integer, let stepInEpoch = attributes["step_in_epoch"]?.integer,
      let step = attributes["step"]?.integer, let loss = attributes["loss_sum"]?.number,
      let correct = attributes["correct_sum"]?.number, let samples = attributes["sample_sum"]?.number
    else { return nil }
    (self.epoch, self.stepInEpoch, self.step) = (epoch, stepInEpoch, step)
    (sums.loss, sums.correct, sums.samples) = (loss, correct, samples)
    // Checkpoints written before losses had weights do without.
    sums.weight = attributes["weight_sum"]?.number ?? samples
    sums.counted = attributes["counted_sum"]?.number ?? samples
    sums.secondLoss = secondLoss.flatMap { attributes["\($0)_sum"]?.number } ?? 0
    if let epoch = attributes["best_epoch"]?.integer, let step = attributes["best_step"]?.integer,
      let loss = attributes["best_loss"]?.number
    {
      best = Best(epoch: epoch, step: step, loss: loss, accuracy: attributes["best_accuracy"]?.number)
      for (key, value) in attributes where key.hasPrefix(Self.figurePrefix) {
        best?.figures[String(key.dropFirst(Self.figurePrefix.count))] = value.number
      }
      guard let found = Self.thresholds(attributes["best_decision_thresholds"]) else { return nil }
      best?.thresholds = found
    }
    guard let found = Self.thresholds(attributes["decision_thresholds"]) else { return nil }
    thresholds = found
    guard let sentinel = SentinelState(attributes) else { return nil }
    self.sentinel = sentinel
    if let rate = attributes["plateau_learning_rate"]?.number, let best = attributes["plateau_best"]?.number,
      let badEpochs = attributes["plateau_bad_epochs"]?.integer, let cooldown = attributes["plateau_cooldown"]?.integer
    {
      plateau = PlateauState(learningRate: rate, best: best, badEpochs: badEpochs, cooldown: cooldown)
    }
    if let best = attributes["early_stopping_best"]?.number,
      let badEpochs = attributes["early_stopping_bad_epochs"]?.integer
    {
      earlyStopping = EarlyStoppingState(best: best, badEpochs: badEpochs)
    }
  }
}
