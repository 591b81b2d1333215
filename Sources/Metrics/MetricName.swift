/// The name of a figure that a configuration can ask for, in snake_case: `accuracy`, `top_5`, `f1_macro`, `rmse` and so on.
public struct MetricName: RawRepresentable, Hashable, Sendable {
  public let rawValue: String

  /// - Returns: nil where no metric of the catalogue has such a figure.
  public init?(rawValue: String) {
    guard MetricCatalog.all.contains(where: { $0.has(rawValue) }) else { return nil }
    self.rawValue = rawValue
  }

  private init(known: String) { rawValue = known }

  public static let accuracy = MetricName(known: "accuracy")

  /// The names, with one `top_K` for all K.
  public static var knownNames: [String] { MetricCatalog.all.flatMap(\.names) }

  /// k of `top_k`; nil for other metrics.
  public var topCount: Int? { TopAccuracy.count(in: rawValue) }

  /// Whether all scores have to be gathered for it.
  public var needsScores: Bool { MetricCatalog.all.contains { $0.needsScores && $0.has(rawValue) } }
}
