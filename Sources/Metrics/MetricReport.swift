/// The metrics of a split. A figure is nil where it is not defined.
///
/// They follow scikit-learn's definitions: precision, recall and F1 are 0 where their denominator is; averages over
/// classes leave out classes that are neither a label nor a prediction; averages of ROC-AUC and average precision leave
/// out classes for which they are not defined. The mean IoU is the mean over samples of the intersection over union of
/// the two boxes, whatever the classes. Top-k counts the first of equal logits first, as accuracy does. RMSE and R² of
/// several outputs are the means of each output's.
public struct MetricReport: Sendable, Equatable {
  public struct Figure: Sendable, Equatable {
    /// As a `MetricName`.
    public let name: String
    public let value: Double?

    public init(name: String, value: Double?) { (self.name, self.value) = (name, value) }
  }

  /// Figures of one class against all others, or of the positives of one output.
  public struct ClassFigures: Sendable, Equatable {
    /// The class or output.
    public let index: Int
    /// Samples with this label, or the sum of their weights.
    public let support: Double
    public let predictions: Double
    public let hits: Double
    public var precision: Double { ratio(hits, predictions) }
    public var recall: Double { ratio(hits, support) }
    public var f1: Double { ratio(2 * hits, predictions + support) }
    public internal(set) var rocAUC: Double?
    public internal(set) var averagePrecision: Double?
    var isThere: Bool { support + predictions > 0 }

    init(index: Int, support: Double, predictions: Double, hits: Double) {
      (self.index, self.support, self.predictions, self.hits) = (index, support, predictions, hits)
    }
  }

  /// Samples, or positions of sequences, or the sum of their weights.
  public let sampleCount: Double
  public let figures: [Figure]
  /// Empty for values.
  public let classes: [ClassFigures]
  /// What the figures but those of rankings follow from; merged with others, they give the figures of all samples.
  package let sums: MetricSums
  /// Samples by label (row) and prediction (column), or the sums of their weights; nil for values, several yes-or-no
  /// outputs and too many classes.
  public let confusion: [[Double]]?

  /// Whether the figures are equal, whichever sums they come from.
  public static func == (a: MetricReport, b: MetricReport) -> Bool {
    (a.sampleCount, a.figures, a.classes, a.confusion) == (b.sampleCount, b.figures, b.classes, b.confusion)
  }

  /// The thresholds that it was judged by, as those of `MetricTask`.
  public var thresholds: [Float] { sums.task.thresholds }

  /// The value of a metric; nil where it is not defined or not one of this task.
  public subscript(name: MetricName) -> Double? { figures.first { $0.name == name.rawValue }?.value }

  /// Whether a metric is one of this task.
  public func has(_ name: MetricName) -> Bool { figures.contains { $0.name == name.rawValue } }

  /// - Parameters:
  ///   - ranking: one for each class or output, in order; empty where scores were not kept.
  ///   - top: which top-k accuracies; each at most the number of classes and `MetricSums.rankLimit`.
  public init(_ sums: MetricSums, ranking: [RankingFigures] = [], top: [Int] = [5]) {
    precondition(ranking.isEmpty || ranking.count == sums.task.outputSize, "\(ranking.count) rankings")
    sampleCount = sums.sampleCount
    self.sums = sums
    let positive: ClassFigures?
    (classes, positive, confusion) = Self.classes(sums, ranking)
    var results = SplitResults(
      task: sums.task, sampleCount: sums.sampleCount, sums: sums, classes: classes, positive: positive,
      confusion: confusion, hasRanking: !ranking.isEmpty, top: top)
    var figures: [Figure] = []
    for (index, metric) in sums.metrics.enumerated() {
      results.ownSums = sums.ownSums(ofMetric: index)
      figures += metric.figures(results)
    }
    self.figures = figures
  }
}

extension MetricReport {
  /// The figures of each class, the positive one of two, and the confusion matrix.
  private static func classes(
    _ sums: MetricSums, _ ranking: [RankingFigures]
  ) -> ([ClassFigures], positive: ClassFigures?, confusion: [[Double]]?) {
    let size = sums.task.outputSize
    var classes: [ClassFigures]
    switch sums.task.kind {
    case .values: return ([], nil, nil)
    case .labels, .distributions:
      let start = MetricSums.classStart(sums.task), matrix = MetricSums.confusionStart(sums.task)
      classes = (0..<size).map {
        ClassFigures(
          index: $0, support: sums.elements[start + $0], predictions: sums.elements[start + size + $0],
          hits: sums.elements[start + 2 * size + $0])
      }
      for (index, figures) in ranking.enumerated() { classes[index].take(figures) }
      let confusion =
        size > MetricSums.confusionLimit
        ? nil : (0..<size).map { row in (0..<size).map { sums.elements[matrix + row * size + $0] } }
      return (classes, size == 2 ? classes[1] : nil, confusion)
    case .binary:
      classes = (0..<size).map {
        let counts = sums.counts($0)
        return ClassFigures(
          index: $0, support: counts.tp + counts.fn, predictions: counts.tp + counts.fp, hits: counts.tp)
      }
      for (index, figures) in ranking.enumerated() { classes[index].take(figures) }
      guard size == 1 else { return (classes, nil, nil) }
      // One output is two classes; of several, each has its positives.
      let only = sums.counts(0)
      var positive = ClassFigures(
        index: 1, support: only.tp + only.fn, predictions: only.tp + only.fp, hits: only.tp)
      (positive.rocAUC, positive.averagePrecision) = (classes[0].rocAUC, classes[0].averagePrecision)
      let negative = ClassFigures(
        index: 0, support: only.tn + only.fp, predictions: only.tn + only.fn, hits: only.tn)
      return (
        [negative, positive], positive, [[only.tn, only.fp], [only.fn, only.tp]]
      )
    }
  }
}

extension MetricReport.ClassFigures {
  fileprivate mutating func take(_ ranking: RankingFigures) {
    (rocAUC, averagePrecision) = (ranking.rocAUC, ranking.averagePrecision)
  }
}
