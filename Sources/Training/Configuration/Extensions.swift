import Basics
public import Metrics
public import NeuralNetwork
import Settings

/// What a program has of its own beside what ddp-train has; a configuration names it all alike.
public struct Extensions: Sendable {
  /// Those that the model names.
  public var layers = CustomLayers()
  public var losses: [any Loss.Type]
  public var metrics: [any Metric]

  public init(losses: [any Loss.Type] = [], metrics: [any Metric] = []) {
    (self.losses, self.metrics) = (losses, metrics)
  }

  /// - Throws: where two losses or two metrics have one name.
  func check() throws(SettingsError) {
    let lossNames = LossCatalog.all.names + losses.map { $0.name }
    let metricNames = allMetrics.flatMap(\.names)
    for (noun, names) in [("loss", lossNames), ("metric", metricNames)] {
      guard let twice = names.indices.first(where: { names[..<$0].contains(names[$0]) }) else { continue }
      throw SettingsError(
        "extensions: there are two \(noun == "loss" ? "losses" : "metrics") called '\(names[twice])'; give the "
          + "program's own another name")
    }
  }

  var allMetrics: [any Metric] { MetricCatalog.all + metrics }

  /// - Precondition: `check()` has found nothing.
  var lossCatalog: Catalog<any Loss> { Catalog(LossCatalog.all.types + losses) { $0 as? any Loss } }

  /// The losses and metrics in a configuration that only another program has, in words.
  func missing(in configuration: JSONValue) -> [String] {
    let loss = configuration["loss"].flatMap { $0["name"] ?? $0 }
    var metrics: [JSONValue] = []
    if case .array(let names)? = configuration["metrics"]?.content { metrics = names }
    for (group, key) in [("schedule", "metric"), ("early_stopping", "metric"), ("checkpoint", "best_by")] {
      if let name = configuration[group]?[key], !["loss", "accuracy"].contains(name.plainText ?? "") {
        metrics.append(name)
      }
    }
    return Self.names([loss].compactMap { $0 }).filter { !lossCatalog.names.contains($0) }.map { "the loss \($0)" }
      + Self.names(metrics).filter { MetricName($0, among: allMetrics) == nil }.map { "the metric \($0)" }
  }

  private static func names(_ values: [JSONValue]) -> [String] {
    values.compactMap { if case .string(let name) = $0.content { name } else { nil } }
  }
}
