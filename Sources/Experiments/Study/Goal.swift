import Basics
import Metrics
public import Settings
import Training

/// The figure that trials are judged by.
public struct Goal: Sendable, Equatable {
  /// The samples that it is taken over.
  ///
  /// `folds`: the mean over the folds of a cross-validation.
  public enum Split: String, SettingChoice { case val, train, test, folds }
  public enum Direction: String, SettingChoice { case minimize, maximize }
  /// Which epoch speaks for a trial.
  public enum Epoch: String, SettingChoice { case best, last }

  /// `loss`, `accuracy` or another metric.
  public let metric: String
  public let split: Split
  public let direction: Direction
  public let epoch: Epoch

  public init(
    metric: String = "loss", split: Split = .val, direction: Direction? = nil, epoch: Epoch = .best
  ) {
    (self.metric, self.split, self.epoch) = (metric, split, epoch)
    self.direction = direction ?? (Self.isError(metric) ? .minimize : .maximize)
  }

  /// Its name in `metrics.jsonl`.
  public var key: String { "\(split.rawValue)_\(metric)" }

  /// Whether less of a metric is better.
  public static func isError(_ metric: String) -> Bool {
    metric == "loss" || MetricName(rawValue: metric)?.isGreaterBetter(among: MetricCatalog.all) == false
  }

  /// What the best epoch of a trial has to be chosen by, so that the weights that are kept and tested are those that
  /// speak for it; nil where that is the run's own choice.
  var bestBy: String? {
    // The metrics of samples that are tested may not be measured on others.
    epoch == .best && (split == .val || (split != .train && ["loss", "accuracy"].contains(metric))) ? metric : nil
  }

  /// What is to be as small as possible.
  public func score(_ value: Double) -> Double { direction == .minimize ? value : -value }

  /// The figure of a trial and its epoch, from 1; nil where it has none. Of equal epochs that of the least loss
  /// counts, as for a run's best checkpoint, then the first.
  public func value(of result: TrialResult) -> (value: Double, epoch: Int)? {
    guard result.state != .failed else { return nil }
    if split == .test || split == .folds {
      return result.test(metric).map { ($0, result.bestEpoch ?? result.epochs.count) }
    }
    let known = result.values(of: key).enumerated().compactMap { index, value in value.map { ($0, index + 1) } }
    guard epoch == .best else { return known.last.flatMap { $0.1 == result.epochs.count ? $0 : nil } }
    let losses = result.values(of: "\(split.rawValue)_loss")
    func rank(_ epoch: (Double, Int)) -> (Double, Double, Int) {
      (score(epoch.0), losses[epoch.1 - 1] ?? .infinity, epoch.1)
    }
    return known.min { rank($0) < rank($1) }
  }

  /// The scores epoch by epoch, each the best until then where the best epoch speaks; nil before the first.
  public func scores(_ epochs: [JSONValue]) -> [Double?] {
    var best: Double?
    return epochs.map { line in
      let score = line[key]?.finiteNumber.map(score)
      if epoch == .last { return score }
      best = [best, score].compactMap(\.self).min()
      return best
    }
  }

  /// - Throws: where the data have no such figure.
  func check(_ metrics: EpochMetrics) throws {
    guard split != .val || metrics.validation != nil else {
      throw Failure.usage(
        "the data has no validation samples to judge by; give base data.validation, such as 0.2, or the split train")
    }
    let hasAccuracy = (split == .val ? metrics.validation?.accuracy : metrics.trainAccuracy) != nil
    guard metric != "accuracy" || hasAccuracy else {
      throw Failure.usage("the loss has no accuracy to judge by; give another metric, such as loss")
    }
  }

  // MARK: Reading

  /// Reads `"accuracy"` or `{ metric: "accuracy", split: "val", direction: "maximize", at: "best" }`.
  public init(_ value: JSONValue, path: String) throws(SettingsError) {
    var reader = try SettingsReader(value, path: path, shorthand: "metric")
    let metric = try reader.string("metric") ?? "loss"
    let split = try reader.choice("split", of: Split.self) ?? .val
    let direction = try reader.choice("direction", of: Direction.self)
    let epoch = try reader.choice("at", of: Epoch.self) ?? .best
    try reader.finish()
    try Self.check(metric) { reader.error("metric", $0) }
    if split == .train && !["loss", "accuracy"].contains(metric) {
      throw reader.error("split", "of train there are loss and accuracy alone; give val")
    }
    if split == .test {
      throw reader.error("split", "the test split is for the end, not for choosing; give val or train")
    }
    self.init(metric: metric, split: split, direction: direction, epoch: epoch)
  }

  /// - Throws: where there is no metric of this name.
  static func check(_ metric: String, error: (String) -> SettingsError) throws(SettingsError) {
    guard metric != "loss", MetricName(rawValue: metric) == nil else { return }
    let known = ["loss"] + MetricName.knownNames
    throw error("unknown name '\(metric)' (\(known.suggestion(for: metric)))")
  }

  public var json: JSONValue {
    [
      "metric": .string(metric), "split": .string(split.rawValue), "direction": .string(direction.rawValue),
      "at": .string(epoch.rawValue),
    ]
  }
}
