import NumericCore

/// The mean negative log-likelihood of the targets, in nats.
struct LogLoss: Metric {
  let names = ["log_loss"]
  let summary = "mean negative log-likelihood, in nats"

  func isGreaterBetter(_ name: String) -> Bool { false }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.kind != .values, results.task.hasProbabilities else { return [] }
    return [MetricReport.Figure(name: "log_loss", value: Self.value(results))]
  }

  static func value(_ results: SplitResults) -> Double? {
    let outputs = results.task.kind == .binary ? Double(results.task.outputSize) : 1
    return results.sampleCount > 0 ? results.sums.logLoss / (results.sampleCount * outputs) : nil
  }
}

/// exp of the log loss: as how many equally likely classes the predictions are uncertain.
struct Perplexity: Metric {
  let names = ["perplexity"]
  let summary = "exp of the log loss, for classes"

  func isGreaterBetter(_ name: String) -> Bool { false }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.hasClasses, results.task.hasProbabilities else { return [] }
    return [MetricReport.Figure(name: "perplexity", value: LogLoss.value(results).map(Double.exponential))]
  }
}
