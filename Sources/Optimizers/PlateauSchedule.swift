/// When the rate of the schedule `plateau` falls: as PyTorch's `ReduceLROnPlateau` with a relative threshold.
public struct PlateauRule: Sendable, Equatable {
  /// What the rate is multiplied by.
  public var factor: Double
  /// Epochs without improvement that are let pass.
  public var patience: Int
  /// The relative change that counts as an improvement.
  public var threshold: Double
  /// Epochs after a reduction in which none counts as bad.
  public var cooldown: Int
  /// What the rate does not fall below.
  public var minimum: Double
  /// Whether a greater metric is better, as for accuracy.
  public var isGreaterBetter: Bool

  public init(
    factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0, minimum: Double = 0,
    isGreaterBetter: Bool = false
  ) {
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimum = minimum
    self.isGreaterBetter = isGreaterBetter
  }

  fileprivate func isBetter(_ metric: Double, than best: Double) -> Bool {
    isGreaterBetter ? metric > best * (1 + threshold) : metric < best * (1 - threshold)
  }
}

/// Where the schedule `plateau` is after some epochs.
public struct PlateauState: Sendable, Equatable {
  /// The present rate, without warm-up.
  public var learningRate: Double
  /// The best metric so far.
  public var best: Double
  /// Epochs since, but for those of a cooldown.
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
  public init(base: Double, rule: PlateauRule) {
    self.init(learningRate: base, best: rule.isGreaterBetter ? -.infinity : .infinity)
  }

  /// Takes in the metric of an epoch.
  public mutating func record(_ metric: Double, rule: PlateauRule) {
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
    let reduced = max(learningRate * rule.factor, rule.minimum)
    // PyTorch's `eps`: a smaller change is not worth making.
    if learningRate - reduced > 1e-8 { learningRate = reduced }
    cooldown = rule.cooldown
    badEpochs = 0
  }
}
