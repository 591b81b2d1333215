public import Optimizers
public import Settings

/// When a run ends before its epochs are over: after `patience` epochs in a row whose metric was not better than the
/// best by more than `minimumChange`, as Keras' `EarlyStopping`.
public struct EarlyStopping: NestedSettings {
  /// What it goes by, and what decides which checkpoint is the best.
  public var metric = MonitoredMetric.loss
  public var patience = 5
  /// In the units of the metric.
  public var minimumChange = 0.0
  /// Whether the run's result, which the test split is evaluated with, is the best checkpoint instead of the last.
  public var restoreBest = true

  public init() {}

  public init(metric: MonitoredMetric = .loss, patience: Int, minimumChange: Double = 0) {
    self.metric = metric
    self.patience = patience
    self.minimumChange = minimumChange
  }

  public static let settings: [Setting<EarlyStopping>] = [
    Setting("metric", \.metric, "what it goes by, of val or else of train"),
    Setting("patience", \.patience, .atLeast(1), "epochs without improvement that end the run"),
    Setting("minimum_change", \.minimumChange, .atLeast(0), "change that is no more than noise"),
    Setting("restore_best", \.restoreBest, "whether the result is the best, not the last"),
  ]
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
  public mutating func record(_ metric: Double, rule: EarlyStopping) {
    let gain = best.map { rule.metric.isGreaterBetter ? metric - $0 : $0 - metric } ?? .infinity
    if gain > rule.minimumChange && !metric.isNaN {
      best = metric
      badEpochs = 0
    } else {
      badEpochs += 1
    }
  }

  /// Whether the run is over.
  public func isOver(_ rule: EarlyStopping) -> Bool { badEpochs >= rule.patience }
}
