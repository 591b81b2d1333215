/// The metrics of a split. A figure is nil where it is not defined.
///
/// They follow scikit-learn's definitions: precision, recall and F1 are 0 where their denominator is; averages over classes leave out
/// classes that are neither a label nor a prediction; averages of ROC-AUC and average precision leave out classes for which
/// they are not defined. The mean IoU is the mean over samples of the intersection over union of the two boxes, whatever the
/// classes. Top-k counts the first of equal logits first, as accuracy does. RMSE and R² of several outputs are the
/// means of each output's.
public struct MetricReport: Sendable, Equatable {
  public struct Figure: Sendable, Equatable {
    /// As a `MetricName`.
    public let name: String
    public let value: Double?
  }

  /// Figures of one class against all others, or of the positives of one output.
  public struct ClassFigures: Sendable, Equatable {
    /// The class or output.
    public let index: Int
    /// Samples with this label.
    public let support: Int
    public let predictions: Int
    public let hits: Int
    public var precision: Double { ratio(hits, predictions) }
    public var recall: Double { ratio(hits, support) }
    public var f1: Double { ratio(2 * hits, predictions + support) }
    public internal(set) var rocAUC: Double?
    public internal(set) var averagePrecision: Double?
    var isThere: Bool { support + predictions > 0 }

    init(index: Int, support: Double, predictions: Double, hits: Double) {
      self.index = index
      self.support = Int(support)
      self.predictions = Int(predictions)
      self.hits = Int(hits)
    }
  }

  /// Samples, or positions of sequences.
  public let sampleCount: Int
  public let figures: [Figure]
  /// Empty for values.
  public let classes: [ClassFigures]
  /// Samples by label (row) and prediction (column); nil for values, several yes-or-no outputs and too many classes.
  public let confusion: [[Int]]?

  /// The value of a metric; nil where it is not defined or not one of this task.
  public subscript(name: MetricName) -> Double? { figures.first { $0.name == name.rawValue }?.value }

  /// Whether a metric is one of this task.
  public func has(_ name: MetricName) -> Bool { figures.contains { $0.name == name.rawValue } }

  /// - Parameters:
  ///   - ranking: one for each class or output, in order; empty where scores were not kept.
  ///   - top: which top-k accuracies; each at most the number of classes and `MetricSums.rankLimit`.
  public init(_ sums: MetricSums, ranking: [RankingFigures] = [], top: [Int] = [5]) {
    precondition(ranking.isEmpty || ranking.count == sums.task.outputSize, "\(ranking.count) rankings")
    sampleCount = Int(sums.sampleCount)
    switch sums.task.kind {
    case .values:
      figures = Self.valueFigures(sums)
      (classes, confusion) = ([], nil)
    case .labels, .distributions, .detections:
      let size = sums.task.outputSize
      var classes = Self.classes(sums)
      for (index, figures) in ranking.enumerated() { classes[index].take(figures) }
      self.classes = classes
      let start = MetricSums.confusionStart(sums.task)
      confusion =
        size > MetricSums.confusionLimit
        ? nil : (0..<size).map { row in (0..<size).map { Int(sums.elements[start + row * size + $0]) } }
      let hits = classes.reduce(0) { $0 + $1.hits }
      var figures = [Figure(name: "accuracy", value: Self.share(hits, sampleCount))]
      for k in top where k <= MetricSums.rankCount(sums.task) {
        let inTop = sums.elements[2..<2 + k].reduce(0, +)
        figures.append(Figure(name: "top_\(k)", value: Self.share(Int(inTop), sampleCount)))
      }
      figures += Self.averages(
        classes, positive: size == 2 ? classes[1] : nil, isMultilabel: false, hasRanking: !ranking.isEmpty)
      figures += Self.logFigures(sums, hasPerplexity: true)
      if sums.task.kind == .detections {
        let overlap = sums.elements[MetricSums.overlapPlace(sums.task)]
        figures.append(Figure(name: "mean_iou", value: sampleCount > 0 ? overlap / Double(sampleCount) : nil))
      }
      self.figures = figures
    case .binary:
      (figures, classes, confusion) = Self.binary(sums, ranking)
    }
  }
}

extension MetricReport {
  private static func classes(_ sums: MetricSums) -> [ClassFigures] {
    let size = sums.task.outputSize, start = MetricSums.classStart(sums.task)
    return (0..<size).map {
      ClassFigures(
        index: $0, support: sums.elements[start + $0], predictions: sums.elements[start + size + $0],
        hits: sums.elements[start + 2 * size + $0])
    }
  }

  /// One output is two classes; of several, each has its positives.
  private static func binary(
    _ sums: MetricSums, _ ranking: [RankingFigures]
  ) -> ([Figure], [ClassFigures], [[Int]]?) {
    let size = sums.task.outputSize, count = sums.sampleCount
    func counts(_ output: Int) -> (tp: Double, fp: Double, fn: Double, tn: Double) {
      let at = MetricSums.binaryStart + 4 * output
      return (sums.elements[at], sums.elements[at + 1], sums.elements[at + 2], sums.elements[at + 3])
    }
    var classes = (0..<size).map {
      let counts = counts($0)
      return ClassFigures(
        index: $0, support: counts.tp + counts.fn, predictions: counts.tp + counts.fp, hits: counts.tp)
    }
    for (index, figures) in ranking.enumerated() { classes[index].take(figures) }
    let right = (0..<size).reduce(0) { $0 + counts($1).tp + counts($1).tn }
    var figures = [Figure(name: "accuracy", value: count > 0 ? right / (count * Double(size)) : nil)]
    guard size == 1 else {
      figures.append(Figure(name: "subset_accuracy", value: count > 0 ? sums.elements[2] / count : nil))
      figures += averages(classes, positive: nil, isMultilabel: true, hasRanking: !ranking.isEmpty)
      return (figures + logFigures(sums, hasPerplexity: false), classes, nil)
    }
    let only = counts(0)
    var positive = ClassFigures(
      index: 1, support: only.tp + only.fn, predictions: only.tp + only.fp, hits: only.tp)
    (positive.rocAUC, positive.averagePrecision) = (classes[0].rocAUC, classes[0].averagePrecision)
    let both = [
      ClassFigures(index: 0, support: only.tn + only.fp, predictions: only.tn + only.fn, hits: only.tn), positive,
    ]
    figures += averages(both, positive: positive, isMultilabel: false, hasRanking: !ranking.isEmpty)
    return (
      figures + logFigures(sums, hasPerplexity: false), both,
      [[Int(only.tn), Int(only.fp)], [Int(only.fn), Int(only.tp)]]
    )
  }

  /// Precision, recall and F1, of the positive class of two and averaged in three ways; then what comes from scores.
  private static func averages(
    _ classes: [ClassFigures], positive: ClassFigures?, isMultilabel: Bool, hasRanking: Bool
  ) -> [Figure] {
    let counted = isMultilabel ? classes : classes.filter(\.isThere)
    let support = counted.reduce(0) { $0 + $1.support }, predictions = counted.reduce(0) { $0 + $1.predictions }
    let hits = counted.reduce(0) { $0 + $1.hits }
    var figures: [Figure] = []
    let kinds: [(String, (ClassFigures) -> Double, Double)] = [
      ("precision", \.precision, ratio(hits, predictions)), ("recall", \.recall, ratio(hits, support)),
      ("f1", \.f1, ratio(2 * hits, predictions + support)),
    ]
    for (name, figure, micro) in kinds {
      if let positive { figures.append(Figure(name: name, value: figure(positive))) }
      figures.append(Figure(name: "\(name)_macro", value: Self.mean(counted.map(figure))))
      figures.append(Figure(name: "\(name)_micro", value: counted.isEmpty ? nil : micro))
      let weighted = counted.reduce(0) { $0 + figure($1) * Double($1.support) }
      let mean = support > 0 ? weighted / Double(support) : 0
      figures.append(Figure(name: "\(name)_weighted", value: counted.isEmpty ? nil : mean))
    }
    guard hasRanking else { return figures }
    let areas = positive.map { [$0.rocAUC] } ?? classes.map(\.rocAUC)
    let precisions = positive.map { [$0.averagePrecision] } ?? classes.map(\.averagePrecision)
    figures.append(Figure(name: "roc_auc", value: mean(areas.compactMap { $0 })))
    figures.append(Figure(name: "average_precision", value: mean(precisions.compactMap { $0 })))
    return figures
  }

  private static func logFigures(_ sums: MetricSums, hasPerplexity: Bool) -> [Figure] {
    guard sums.task.hasProbabilities else { return [] }
    let count = sums.sampleCount * (sums.task.kind == .binary ? Double(sums.task.outputSize) : 1)
    let loss = count > 0 ? sums.elements[1] / count : nil
    let figures = [Figure(name: "log_loss", value: loss)]
    return hasPerplexity ? figures + [Figure(name: "perplexity", value: loss.map(Double.exponential))] : figures
  }

  private static func valueFigures(_ sums: MetricSums) -> [Figure] {
    let count = sums.sampleCount
    guard count > 0 else { return ["mse", "rmse", "mae", "r2"].map { Figure(name: $0, value: nil) } }
    let outputs = (0..<sums.task.outputSize).map { Array(sums.elements[1 + 4 * $0..<5 + 4 * $0]) }
    let squared = outputs.map { $0[0] / count }
    // A constant target is explained by an exact prediction alone.
    let determination = outputs.map { $0[3] > 0 ? 1 - $0[0] / $0[3] : ($0[0] == 0 ? 1 : 0) }
    return [
      Figure(name: "mse", value: mean(squared)), Figure(name: "rmse", value: mean(squared.map { $0.squareRoot() })),
      Figure(name: "mae", value: mean(outputs.map { $0[1] / count })),
      Figure(name: "r2", value: count > 1 ? mean(determination) : nil),
    ]
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private static func share(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}

extension MetricReport.ClassFigures {
  fileprivate mutating func take(_ ranking: RankingFigures) {
    (rocAUC, averagePrecision) = (ranking.rocAUC, ranking.averagePrecision)
  }
}

/// part / whole, and 0 where there is no whole.
private func ratio(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
