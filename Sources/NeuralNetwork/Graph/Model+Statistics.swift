public import NumericCore

/// How a running statistic takes in what a step brings.
struct StatisticRule: Sendable {
  /// μ, the share of the newest step.
  var momentum = 0.0
  /// The layers that share the statistic.
  var uses = 0
}

extension Model {
  static func statisticRules(_ nodes: [Node], count: Int) -> [StatisticRule] {
    var rules = [StatisticRule](repeating: StatisticRule(), count: count)
    for node in nodes {
      for entry in node.statisticEntries {
        rules[entry].momentum = node.layer?.statisticMomentum ?? 0
        rules[entry].uses += 1
      }
    }
    return rules
  }

  /// Moves running statistics towards those of one step: r ← (1 − μ)·r + μ·s / n.
  ///
  /// n counts a sample once for each layer that shares the statistic: such layers make one update with their average,
  /// where PyTorch makes one update after another.
  ///
  /// - Parameters:
  ///   - range: the elements to update, so that ranks may divide the work.
  ///   - statistics: r, laid out by `statisticLayout`; overwritten.
  ///   - sums: s, what the forward passes of the step added up to in `ModelValues.batchStatistics`, over all shards.
  ///   - scale: 1 / samples of the step, over all shards.
  public func updateStatistics(_ range: Range<Int>, of statistics: Window<S>, sums: Window<S>, scale: S) {
    precondition(
      statistics.count == statisticLayout.count && sums.count == statisticLayout.count,
      "\(sums.count) sums for \(statistics.count) statistics in a layout of \(statisticLayout.count)")
    for (entry, rule) in zip(statisticLayout.entries, statisticRules) {
      let part = entry.range.clamped(to: range)
      average(
        sums.window(part), scale: scale / S(rule.uses), weight: S(rule.momentum), into: statistics.window(part))
    }
  }
}
