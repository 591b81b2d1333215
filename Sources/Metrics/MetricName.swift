/// The name of a figure that a configuration can ask for, in snake_case: `accuracy`, `top_5`, `f1_macro`, `rmse` and so on.
public struct MetricName: RawRepresentable, Hashable, Sendable {
  public let rawValue: String

  /// - Returns: nil where there is no such metric.
  public init?(rawValue: String) {
    guard Self.fixedNames.contains(rawValue) || Self.topCount(rawValue) != nil else { return nil }
    self.rawValue = rawValue
  }

  private init(known: String) { rawValue = known }

  public static let accuracy = MetricName(known: "accuracy")

  /// The names, with one `top_K` for all K.
  public static let knownNames = fixedNames + ["top_5"]

  /// k of `top_k`; nil for other metrics.
  public var topCount: Int? { Self.topCount(rawValue) }

  /// Whether it is found from the order of all scores, which have to be gathered, rather than from sums.
  public var needsScores: Bool { rawValue.hasPrefix("roc_auc") || rawValue.hasPrefix("average_precision") }

  private static let fixedNames =
    ["accuracy", "subset_accuracy"]
    + ["precision", "recall", "f1"].flatMap { name in [name] + ["macro", "micro", "weighted"].map { "\(name)_\($0)" } }
    + ["roc_auc", "average_precision", "log_loss", "perplexity", "mse", "rmse", "mae", "r2", "mean_iou"]

  private static func topCount(_ name: String) -> Int? {
    guard name.hasPrefix("top_"), let count = Int(name.dropFirst(4)),
      (1...MetricSums.rankLimit).contains(count), name == "top_\(count)"
    else { return nil }
    return count
  }
}
