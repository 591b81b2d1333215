/// The name of a figure that a configuration can ask for, in snake_case: `accuracy`, `top_5`, `f1_macro`, `rmse` and so
/// on.
///
/// A program may write it as text, `configuration.metrics = [.accuracy, "f1_macro"]`; a run reports a name that no
/// metric has.
public struct MetricName: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
  public let rawValue: String

  /// - Returns: nil where no metric of the catalogue has such a figure.
  public init?(rawValue: String) { self.init(rawValue, among: MetricCatalog.all) }

  /// - Returns: nil where none of `metrics` has such a figure.
  public init?(_ name: String, among metrics: [any Metric]) {
    guard metrics.contains(where: { $0.has(name) }) else { return nil }
    rawValue = name
  }

  public init(stringLiteral name: String) { rawValue = name }

  public static let accuracy: MetricName = "accuracy"

  /// Whether a greater figure of this name is a better one.
  public func isGreaterBetter(among metrics: [any Metric]) -> Bool {
    metrics.first { $0.has(rawValue) }?.isGreaterBetter(rawValue) ?? true
  }

  /// The names of the catalogue, with one `top_K` for all K.
  public static var knownNames: [String] { MetricCatalog.all.flatMap(\.names) }

  /// k of `top_k`; nil for other metrics.
  public var topCount: Int? { TopAccuracy.count(in: rawValue) }

  /// Whether one of `metrics` needs all scores gathered for it.
  public func needsScores(among metrics: [any Metric]) -> Bool {
    metrics.contains { $0.needsScores && $0.has(rawValue) }
  }
}
