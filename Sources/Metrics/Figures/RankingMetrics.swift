/// ROC-AUC and average precision: of the positive class of two, otherwise averaged over the classes for which they are
/// defined.
struct RankingMetrics: Metric {
  let names = ["roc_auc", "average_precision"]
  let summary = "how well scores rank the samples of a class before the others"
  let needsScores = true

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.hasRanking else { return [] }
    let classes = results.positive.map { [$0] } ?? results.classes
    return [
      .init(name: "roc_auc", value: mean(classes.compactMap(\.rocAUC))),
      .init(name: "average_precision", value: mean(classes.compactMap(\.averagePrecision))),
    ]
  }
}
