import Basics
public import Metrics
import Optimizers
public import Settings

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

extension MetricName: SettingListElement {
  public static var unlimitedList: [any Metric] { MetricCatalog.all }

  public static func readList(
    _ value: JSONValue, _ subject: String, _ metrics: [any Metric]
  ) throws(SettingsError) -> [MetricName] {
    func read(_ value: JSONValue, _ subject: String) throws(SettingsError) -> MetricName {
      let text = try value.requireString(subject)
      guard let name = MetricName(text, among: metrics) else {
        throw SettingsError(
          "\(subject): unknown name '\(text)' (\(metrics.flatMap(\.names).suggestion(for: text)))", at: value.position)
      }
      return name
    }
    guard case .array(let elements) = value.content else {
      try value.requireSoundJSON(subject)
      let example = (try? read(value, subject))?.rawValue ?? "f1_macro"
      throw value.mismatch(subject, "a list in brackets, such as [\"\(example)\"]")
    }
    var names: [MetricName] = []
    for (index, element) in elements.enumerated() {
      let name = try read(element, "\(subject)[\(index)]")
      guard !names.contains(name) else {
        throw SettingsError("\(subject)[\(index)]: '\(name.rawValue)' is given twice", at: element.position)
      }
      names.append(name)
    }
    return names
  }

  public static func listJSON(_ list: [MetricName], _ metrics: [any Metric]) -> JSONValue {
    .array(list.map { .string($0.rawValue) })
  }
  public static func listWords(for metrics: [any Metric]) -> String { "list" }
}
