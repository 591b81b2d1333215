/// When a run ends before its epochs are over: after `patience` epochs in a row whose metric was not better than the best by more
/// than `minimumChange`, as Keras' `EarlyStopping`.
public struct EarlyStoppingRule: Sendable, Equatable {
  /// At least 1.
  public var patience: Int
  /// At least 0, in the units of the metric.
  public var minimumChange: Double
  /// Whether a greater metric is better, as for accuracy.
  public var isGreaterBetter: Bool

  public init(patience: Int = 5, minimumChange: Double = 0, isGreaterBetter: Bool = false) {
    self.patience = patience
    self.minimumChange = minimumChange
    self.isGreaterBetter = isGreaterBetter
  }
}

/// Where early stopping is after some epochs.
public struct EarlyStoppingState: Sendable, Equatable {
  /// The metric that later epochs have to beat; nil before the first.
  public var best: Double?
  /// Epochs since.
  public var badEpochs: Int

  public init(best: Double? = nil, badEpochs: Int = 0) {
    self.best = best
    self.badEpochs = badEpochs
  }

  /// Takes in the metric of an epoch.
  public mutating func record(_ metric: Double, rule: EarlyStoppingRule) {
    let gain = best.map { rule.isGreaterBetter ? metric - $0 : $0 - metric } ?? .infinity
    if gain > rule.minimumChange && !metric.isNaN {
      best = metric
      badEpochs = 0
    } else {
      badEpochs += 1
    }
  }

  /// Whether the run is over.
  public func isOver(_ rule: EarlyStoppingRule) -> Bool { badEpochs >= rule.patience }
}
