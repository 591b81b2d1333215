public import NumericCore

extension Model {
  /// Moves running statistics towards those of one step: r ← (1 − μ)·r + μ·s / n.
  ///
  /// n counts a sample once for each layer that shares the statistic: such layers make one update with their average,
  /// where PyTorch makes one update after another.
  ///
  /// - Parameters:
  ///   - statistics: r, laid out by `statisticLayout`; overwritten.
  ///   - sums: s, what the forward passes of the step added up to in `ModelValues.batchStatistics`, over all shards.
  ///   - samples: of the step, over all shards; with none, nothing changes.
  public func updateStatistics(_ statistics: Window<S>, sums: Window<S>, samples: Int) {
    precondition(
      statistics.count == statisticLayout.count && sums.count == statisticLayout.count,
      "\(sums.count) sums for \(statistics.count) statistics in a layout of \(statisticLayout.count)")
    if samples == 0 { return }
    var uses = [Int](repeating: 0, count: statisticLayout.entries.count)
    var momenta = [Double](repeating: 0, count: statisticLayout.entries.count)
    for node in nodes {
      for entry in node.statisticEntries {
        uses[entry] += 1
        momenta[entry] = node.layer?.statisticMomentum ?? 0
      }
    }
    for (index, entry) in statisticLayout.entries.enumerated() {
      average(
        sums.window(entry.range), scale: S(1 / Double(samples * uses[index])), weight: S(momenta[index]),
        into: statistics.window(entry.range))
    }
  }
}
