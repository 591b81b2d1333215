import Settings

extension TrainingConfiguration {
  /// Penalties on the size of the weights, which act through the gradient: the loss that is reported is that of the data.
  public struct Regularization: Sendable, Equatable {
    /// λ of λ·Σ|θ|, at least 0.
    public var l1 = 0.0
    /// λ of λ/2·Σθ², at least 0.
    public var l2 = 0.0

    public init() {}
  }

  /// When a run ends before its epochs are over.
  public struct EarlyStopping: Sendable, Equatable {
    /// What it goes by, and what decides which checkpoint is the best.
    public var metric = Metric.loss
    /// Epochs in a row without improvement that end the run, at least 1.
    public var patience = 5
    /// The change of the metric that is no more than noise, at least 0.
    public var minimumChange = 0.0
    /// Whether the run's result, which the test split is evaluated with, is the best checkpoint instead of the last.
    public var restoreBest = true

    public init() {}
  }
}

extension TrainingConfiguration.Regularization {
  init(reading reader: consuming SettingsReader) throws(SettingsError) {
    l1 = try reader.double("l1", in: .atLeast(0)) ?? l1
    l2 = try reader.double("l2", in: .atLeast(0)) ?? l2
    try reader.finish()
  }

  var json: JSONValue { ["l1": .number(l1), "l2": .number(l2)] }
}

extension TrainingConfiguration.EarlyStopping {
  init(reading reader: consuming SettingsReader) throws(SettingsError) {
    metric = try reader.choice("metric") ?? metric
    patience = try reader.integer("patience", in: .atLeast(1)) ?? patience
    minimumChange = try reader.double("minimum_change", in: .atLeast(0)) ?? minimumChange
    restoreBest = try reader.bool("restore_best") ?? restoreBest
    try reader.finish()
  }

  var json: JSONValue {
    [
      "metric": .string(metric.rawValue), "patience": .integer(patience), "minimum_change": .number(minimumChange),
      "restore_best": .bool(restoreBest),
    ]
  }
}
