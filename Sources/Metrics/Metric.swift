public import NumericCore

/// One metric, or a few that are found together: which figures it gives and how they follow from the results of a
/// split.
///
/// A metric is one file and one line in `MetricCatalog`. Most figures follow from what `MetricSums` counts anyway; a
/// metric of another kind keeps sums of its own, which are added up over samples, shards and ranks in the fixed order.
public protocol Metric: Sendable {
  /// The names of its figures, in the order of reports.
  var names: [String] { get }
  /// One line for `--help`.
  var summary: String { get }
  /// Whether it is found from the order of all scores, which have to be gathered, rather than from sums. Default: no.
  var needsScores: Bool { get }
  /// Whether it gives a figure of this name. Default: if it is among `names`.
  func has(_ name: String) -> Bool
  /// Whether a greater figure of that name is a better one. Default: yes.
  func isGreaterBetter(_ name: String) -> Bool
  /// The figures, nil where they are not defined; none for a task that does not have them.
  func figures(_ results: SplitResults) -> [MetricReport.Figure]

  /// How many sums of its own it keeps. Default: none.
  func sumCount(_ task: MetricTask) -> Int
  /// Adds one sample (position, in a sequence) to its own sums.
  ///
  /// - Shapes: a row of outputs and a target, as `task` says; values in the units of the data.
  func add(outputs: BufferView<Float>, target: BufferView<Float>, task: MetricTask, to sums: BufferView<Double>)
}

extension Metric {
  public var needsScores: Bool { false }
  public func has(_ name: String) -> Bool { names.contains(name) }
  public func isGreaterBetter(_ name: String) -> Bool { true }
  public func sumCount(_ task: MetricTask) -> Int { 0 }
  public func add(outputs: BufferView<Float>, target: BufferView<Float>, task: MetricTask, to sums: BufferView<Double>)
  {}
}

/// The metrics that a configuration can name, in the order of reports.
public enum MetricCatalog {
  public static let all: [any Metric] = [
    Accuracy(), SubsetAccuracy(), TopAccuracy(), ClassAverage.precision, ClassAverage.recall, ClassAverage.f1,
    RankingMetrics(), LogLoss(), Perplexity(), CohenKappa(), MeanSquaredErrors(), MeanAbsoluteErrors(), Determination(),
    MeanIoU(),
  ]
}

/// What is known of a split when all its samples have been seen.
public struct SplitResults {
  public let task: MetricTask
  /// Samples, or positions of sequences, or the sum of their weights.
  public let sampleCount: Double
  /// What `MetricSums` has counted.
  let sums: MetricSums
  /// Of classes, or of the two of a single yes-or-no output, or of the positives of several; empty for values.
  public let classes: [MetricReport.ClassFigures]
  /// The positive class where there are two classes; nil otherwise.
  public let positive: MetricReport.ClassFigures?
  /// Samples by label (row) and prediction (column); nil for values, several yes-or-no outputs and too many classes.
  public let confusion: [[Double]]?
  /// Whether all scores were kept.
  public let hasRanking: Bool
  /// Which top-k accuracies are asked for.
  let top: [Int]
  /// The sums that the metric keeps itself.
  public internal(set) var ownSums: [Double] = []

  /// Whether a sample has several independent yes-or-no outputs.
  public var isMultilabel: Bool { task.kind == .binary && task.outputSize > 1 }
}

/// part / whole, and 0 where there is no whole.
func ratio(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : 0 }

/// The mean; nil of nothing.
func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
