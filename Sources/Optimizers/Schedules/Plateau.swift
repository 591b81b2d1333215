public import Settings

/// A rate that falls when a metric stops improving: as PyTorch's `ReduceLROnPlateau` with a relative threshold.
public struct Plateau: LearningRateSchedule {
  public var metric: MonitoredMetric
  /// What the rate is multiplied by.
  public var gamma: Double
  /// Epochs without improvement that are let pass.
  public var patience: Int
  /// The relative change that counts as an improvement.
  public var threshold: Double
  /// Epochs after a reduction in which none counts as bad.
  public var cooldown: Int
  public var minimumLearningRate: Double

  public init(
    metric: MonitoredMetric = .loss, gamma: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4,
    cooldown: Int = 0, minimumLearningRate: Double = 0
  ) {
    self.metric = metric
    self.gamma = gamma
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimumLearningRate = minimumLearningRate
  }

  public init() { self.init(metric: .loss) }

  public static let name = "plateau"
  public static let summary = "a decay where a metric stops improving"
  public static let settings: [Setting<Plateau>] = [
    Setting("metric", \.metric, "what it follows, of val or else of train"),
    Setting("gamma", \.gamma, .upTo(1, above: 0), "factor of one decay"),
    Setting("patience", \.patience, .atLeast(0), "epochs without improvement that it lets pass"),
    Setting("threshold", \.threshold, .atLeast(0), "relative change that is an improvement"),
    Setting("cooldown", \.cooldown, .atLeast(0), "epochs after a decay in which none counts as bad"),
    Setting("minimum_learning_rate", \.minimumLearningRate, .atLeast(0), "what the rate does not fall below"),
  ]

  public func rate(_ place: SchedulePlace) -> Double { place.plateau?.learningRate ?? place.base }

  fileprivate func isBetter(_ value: Double, than best: Double) -> Bool {
    metric.isGreaterBetter ? value > best * (1 + threshold) : value < best * (1 - threshold)
  }
}

/// Where the schedule `plateau` is after some epochs.
public struct PlateauState: Sendable, Equatable {
  /// The present rate, without warm-up.
  public var learningRate: Double
  /// The best metric so far.
  public var best: Double
  /// Epochs since, except those of a cooldown.
  public var badEpochs: Int
  /// Epochs that the cooldown still lasts.
  public var cooldown: Int

  public init(learningRate: Double, best: Double, badEpochs: Int = 0, cooldown: Int = 0) {
    self.learningRate = learningRate
    self.best = best
    self.badEpochs = badEpochs
    self.cooldown = cooldown
  }

  /// Before the first epoch.
  public init(base: Double, rule: Plateau) {
    self.init(learningRate: base, best: rule.metric.isGreaterBetter ? -.infinity : .infinity)
  }

  /// Takes in the metric of an epoch.
  public mutating func record(_ metric: Double, rule: Plateau) {
    if rule.isBetter(metric, than: best) {
      best = metric
      badEpochs = 0
    } else {
      badEpochs += 1
    }
    if cooldown > 0 {
      cooldown -= 1
      badEpochs = 0
    }
    guard badEpochs > rule.patience else { return }
    let reduced = max(learningRate * rule.gamma, rule.minimumLearningRate)
    // PyTorch's `eps`: a smaller change is not worth making.
    if learningRate - reduced > 1e-8 { learningRate = reduced }
    cooldown = rule.cooldown
    badEpochs = 0
  }
}
