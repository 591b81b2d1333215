public import NumericCore

extension Model {
  /// How the running statistics of the layers move.
  public var runningStatistics: RunningStatistics { RunningStatistics(statisticLayout, rules: statisticRules) }

  static func statisticRules(_ nodes: [Node], count: Int) -> [RunningStatistics.Rule] {
    var rules = [RunningStatistics.Rule](repeating: RunningStatistics.Rule(), count: count)
    for node in nodes {
      for entry in node.statisticEntries {
        rules[entry].momentum = node.isFrozen ? 0 : node.layer?.statisticMomentum ?? 0
        rules[entry].uses += 1
      }
    }
    return rules
  }
}
