/// Mean squared error, and its root; of several outputs, the means of each output's.
struct MeanSquaredErrors: Metric {
  let names = ["mse", "rmse"]
  let summary = "mean squared error, and its root"

  func isGreaterBetter(_ name: String) -> Bool { false }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.kind == .values else { return [] }
    let squared = results.sums.outputSums.map { $0.squaredError / results.sampleCount }
    let isDefined = results.sampleCount > 0
    return [
      .init(name: "mse", value: isDefined ? mean(squared) : nil),
      .init(name: "rmse", value: isDefined ? mean(squared.map { $0.squareRoot() }) : nil),
    ]
  }
}

/// Mean absolute error.
struct MeanAbsoluteErrors: Metric {
  let names = ["mae"]
  let summary = "mean absolute error"

  func isGreaterBetter(_ name: String) -> Bool { false }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.kind == .values else { return [] }
    let errors = results.sums.outputSums.map { $0.absoluteError / results.sampleCount }
    return [MetricReport.Figure(name: "mae", value: results.sampleCount > 0 ? mean(errors) : nil)]
  }
}

/// R², the share of the targets' variance that the outputs explain, not defined for fewer than two samples. A constant
/// target is explained by an exact prediction alone.
struct Determination: Metric {
  let names = ["r2"]
  let summary = "share of the targets' variance that is explained"

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.kind == .values else { return [] }
    let shares = results.sums.outputSums.map { output in
      output.deviation > 0 ? 1 - output.squaredError / output.deviation : (output.squaredError == 0 ? 1 : 0)
    }
    // Weights may sum to less than 1; where the targets deviate there are at least two samples.
    let isDefined = results.sampleCount > 1 || results.sums.outputSums.contains { $0.deviation > 0 }
    return [MetricReport.Figure(name: "r2", value: isDefined ? mean(shares) : nil)]
  }
}
