import Metrics
import Optimizers
import Settings

// The rules of a run that go by a metric.
extension TrainingConfiguration {
  /// A rule, and what it goes by.
  struct MonitoredRule {
    /// Its key, such as `early_stopping.metric`.
    let key: String
    var metric: MonitoredMetric

    /// The metric by its name; nil for loss and accuracy, which are there without being asked for.
    var name: MetricName? {
      metric == .loss || metric == .accuracy ? nil : MetricName(stringLiteral: metric.name)
    }
  }

  var monitoredRules: [MonitoredRule] {
    [
      ((schedule.schedule as? Plateau)?.metric).map { MonitoredRule(key: "schedule.metric", metric: $0) },
      earlyStopping.map { MonitoredRule(key: "early_stopping.metric", metric: $0.metric) },
      checkpoint.bestBy.map { MonitoredRule(key: "checkpoint.best_by", metric: $0) },
    ].compactMap(\.self)
  }

  /// What decides which epoch is the best; nil for the accuracy, then the loss.
  var bestBy: MonitoredMetric? { checkpoint.bestBy ?? earlyStopping?.metric }

  /// What is measured on validation: what is asked for, then what rules go by.
  var measuredMetrics: [MetricName] {
    monitoredRules.compactMap(\.name).reduce(into: metrics) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Finds the metrics that rules name, and which way they are better.
  ///
  /// - Parameter value: the configuration as it was given, for the places of errors.
  /// - Throws: for a name that no metric has.
  mutating func resolveMonitored(_ value: JSONValue, _ metrics: [any Metric]) throws(SettingsError) {
    for rule in monitoredRules {
      guard let name = rule.name else { continue }
      guard MetricName(name.rawValue, among: metrics) != nil else {
        let known = ["loss"] + metrics.flatMap(\.names)
        let path = rule.key.split(separator: ".").map(String.init)
        throw SettingsError(
          "\(rule.key): unknown name '\(name.rawValue)' (\(known.suggestion(for: name.rawValue)))",
          at: value[path[0]]?[path[1]]?.position)
      }
      let isGreaterBetter = name.isGreaterBetter(among: metrics)
      switch rule.key {
      case "early_stopping.metric": earlyStopping?.metric.isGreaterBetter = isGreaterBetter
      case "checkpoint.best_by": checkpoint.bestBy?.isGreaterBetter = isGreaterBetter
      default:
        guard var plateau = schedule.schedule as? Plateau else { continue }
        plateau.metric.isGreaterBetter = isGreaterBetter
        schedule.schedule = plateau
      }
    }
  }
}
