/// Precision, recall and F1: of the positive class of two, and averaged over classes in three ways.
///
/// As scikit-learn: 0 where the denominator is 0; averages leave out classes that are neither a label nor a prediction.
struct ClassAverage: Metric {
  private let name: String
  let summary: String
  /// Of one class.
  private let figure: @Sendable (MetricReport.ClassFigures) -> Double
  /// Over all classes together.
  private let micro: @Sendable (_ hits: Double, _ predictions: Double, _ support: Double) -> Double

  var names: [String] { [name] + ["macro", "micro", "weighted"].map { "\(name)_\($0)" } }

  static let precision = ClassAverage(
    name: "precision", summary: "right predictions of a class over all of them",
    figure: { $0.precision }, micro: { hits, predictions, _ in ratio(hits, predictions) })
  static let recall = ClassAverage(
    name: "recall", summary: "right predictions of a class over its samples",
    figure: { $0.recall }, micro: { hits, _, support in ratio(hits, support) })
  static let f1 = ClassAverage(
    name: "f1", summary: "harmonic mean of precision and recall",
    figure: { $0.f1 }, micro: { hits, predictions, support in ratio(2 * hits, predictions + support) })

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    guard results.task.kind != .values else { return [] }
    let counted = results.isMultilabel ? results.classes : results.classes.filter(\.isThere)
    let support = counted.reduce(0.0) { $0 + $1.support }, predictions = counted.reduce(0.0) { $0 + $1.predictions }
    let hits = counted.reduce(0.0) { $0 + $1.hits }
    let weighted = counted.reduce(0.0) { $0 + figure($1) * $1.support }
    let single = results.positive.map { [MetricReport.Figure(name: name, value: figure($0))] } ?? []
    return single + [
      .init(name: "\(name)_macro", value: mean(counted.map(figure))),
      .init(name: "\(name)_micro", value: counted.isEmpty ? nil : micro(hits, predictions, support)),
      .init(
        name: "\(name)_weighted", value: counted.isEmpty ? nil : support > 0 ? weighted / support : 0),
    ]
  }
}
