/// How far predictions agree with labels beyond chance (Cohen 1960), of classes or of a single yes-or-no output:
///
///     κ = 1 − (1 − p₀) / (1 − pₑ),  p₀ = Σ hitsᵢ / N,  pₑ = Σ labelsᵢ · predictionsᵢ / N²
///
/// As scikit-learn's `cohen_kappa_score`; not defined where labels and predictions are all of one class.
struct CohenKappa: Metric {
  let names = ["cohen_kappa"]
  let summary = "agreement of predictions and labels beyond chance"

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.kind != .values, !results.isMultilabel else { return [] }
    let count = results.sampleCount
    let wrong = count - results.classes.reduce(0.0) { $0 + $1.hits }
    let byChance = results.classes.reduce(0.0) { $0 + $1.support * $1.predictions }
    // N² − Σ labels · predictions: whole numbers, so that it is zero where it ought to be.
    let wrongByChance = count * count - byChance
    return [
      MetricReport.Figure(name: "cohen_kappa", value: wrongByChance > 0 ? 1 - wrong * count / wrongByChance : nil)
    ]
  }
}
