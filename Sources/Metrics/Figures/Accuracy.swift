/// The share of samples whose prediction is the label; of yes-or-no outputs, the share of outputs on the right side of
/// one half.
struct Accuracy: Metric {
  let names = ["accuracy"]
  let summary = "share of right predictions"

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    let right: Double, count: Double
    switch results.task.kind {
    case .values: return []
    case .labels, .distributions:
      (right, count) = (results.classes.reduce(0.0) { $0 + $1.hits }, results.sampleCount)
    case .binary:
      right = results.sums.rightOutputs
      count = results.sampleCount * Double(results.task.outputSize)
    }
    return [MetricReport.Figure(name: "accuracy", value: count > 0 ? right / count : nil)]
  }
}

/// The share of samples of which all yes-or-no outputs are right.
struct SubsetAccuracy: Metric {
  let names = ["subset_accuracy"]
  let summary = "share of samples with all of several yes-or-no outputs right"

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.isMultilabel else { return [] }
    let share = results.sampleCount > 0 ? results.sums.rightSamples / results.sampleCount : nil
    return [MetricReport.Figure(name: "subset_accuracy", value: share)]
  }
}

/// The share of samples whose label is among the k greatest logits, of equal ones the first first.
struct TopAccuracy: Metric {
  let names = ["top_5"]
  let summary = "share of samples whose label is among the k likeliest, top_1 to top_\(MetricSums.rankLimit)"

  func has(_ name: String) -> Bool { Self.count(in: name) != nil }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.hasClasses else { return [] }
    return results.top.filter { $0 <= MetricSums.rankCount(results.task) }.map { k in
      let hits = results.sums.labelsInTop(k)
      return MetricReport.Figure(name: "top_\(k)", value: results.sampleCount > 0 ? hits / results.sampleCount : nil)
    }
  }

  /// k of `top_k`; nil for other names.
  static func count(in name: String) -> Int? {
    guard name.hasPrefix("top_"), let count = Int(name.dropFirst(4)),
      (1...MetricSums.rankLimit).contains(count), name == "top_\(count)"
    else { return nil }
    return count
  }
}
