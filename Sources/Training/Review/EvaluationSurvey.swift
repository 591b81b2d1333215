import Collectives
import DataPipeline
import Metrics
import NeuralNetwork
import NumericCore
import Settings

/// Looks over an evaluation's shoulder: keeps the figures of every class, some samples at fixed places, and those with
/// the greatest loss.
final class EvaluationSurvey {
  private let task: any LearningTask
  private let metricTask: MetricTask
  private var recorder: MetricRecorder
  private let keepsSamples: Bool
  /// Rows of the split that are kept whatever their loss: for pictures, and for values as many as a chart has points.
  private let fixedRows: Set<Int>
  private let pictureRows: Set<Int>
  private var fixed: [JudgedSample] = []
  private var worst: [JudgedSample] = []

  static let pictureCount = 24
  static let pointCount = 2_000
  /// Curves of the ranking are kept up to so many classes, and so many scores over all ranks.
  static let curveClassLimit = 20
  static let scoreLimit = 20_000_000

  /// - Parameter metricTask: in the units of the data.
  init(_ task: any LearningTask, metricTask: MetricTask, split: EvaluatedSplit) {
    (self.task, self.metricTask) = (task, metricTask)
    let count = split.sampleCount, isText = task.generates == .text
    let keepsScores =
      metricTask.kind != .values && !isText && metricTask.outputSize <= Self.curveClassLimit
      && count <= Self.scoreLimit / metricTask.outputSize
    recorder = MetricRecorder(MetricSelection(metricTask, among: MetricCatalog.all, keepsScores: keepsScores))
    keepsSamples = !isText
    func rows(_ wanted: Int) -> Set<Int> {
      let wanted = min(wanted, count)
      return Set((0..<wanted).map { split.store.selection[$0 * count / wanted] })
    }
    pictureRows = rows(Self.pictureCount)
    fixedRows = metricTask.kind == .values ? rows(Self.pointCount) : pictureRows
  }

  func startShard() { recorder.startShard() }

  /// Takes in a batch of a shard, counted from the first that was begun.
  ///
  /// - Shapes: `outputs` [n, K].
  func add(_ batch: Batch, outputs: BufferView<Float>, shard: Int) {
    let (features, targets, rows) = (batch.features, batch.targets, batch.sampleIDs)
    recorder.add(outputs: outputs, targets: targets, weights: batch.weights, shard: shard)
    guard keepsSamples, !rows.isEmpty else { return }
    let (featureSize, targetSize) = (features.count / rows.count, targets.count / rows.count)
    let width = outputs.count / rows.count
    for (index, row) in rows.enumerated() {
      let output = outputs.view(index * width..<(index + 1) * width)
      let target = targets.view(index * targetSize..<(index + 1) * targetSize)
      // What stands for no class is no example of anything.
      if task.isLabelled, target.allSatisfy({ $0 < 0 }) { continue }
      let loss = task.loss.evaluate(outputs: output, targets: target, weights: nil, samples: 1, gradient: nil).loss
      let isFixed = fixedRows.contains(row)
      let isBad = worst.count < Self.pictureCount || worst.last.map { loss > $0.loss } == true
      guard isFixed || isBad else { continue }
      let hasPicture = isBad || pictureRows.contains(row)
      let sample = JudgedSample(
        row: row, loss: loss,
        features: hasPicture ? Array(features.view(index * featureSize..<(index + 1) * featureSize)) : [],
        outputs: Array(output), target: Array(target))
      if isFixed { fixed.append(sample) }
      if isBad { insert(sample) }
    }
  }

  private func insert(_ sample: JudgedSample) {
    worst.append(sample)
    worst.sort(by: Self.isWorse)
    worst.removeLast(max(0, worst.count - Self.pictureCount))
  }

  /// Greater losses first, and of equal ones lower rows.
  private static func isWorse(_ a: JudgedSample, _ b: JudgedSample) -> Bool {
    a.loss == b.loss ? a.row < b.row : a.loss > b.loss
  }

  // MARK: Over all ranks

  /// What all ranks have seen, on every rank.
  struct Result {
    let report: MetricReport
    /// By class or output; empty where scores were not kept.
    let curves: [(index: Int, curves: RankingCurves)]
    /// In the order of the rows.
    let fixed: [JudgedSample]
    /// Those among `fixed` that have their features.
    let pictures: [JudgedSample]
    /// The greatest loss first.
    let worst: [JudgedSample]
  }

  /// Collective.
  func result(_ communicator: any Communicator, _ assignment: ShardAssignment) throws(CollectiveError) -> Result {
    var curves: [(Int, RankingCurves)] = []
    let report = try recorder.report(communicator, assignment) { index, scores, isPositive in
      if communicator.isRoot, let found = RankingCurves(scores: scores, isPositive: isPositive) {
        curves.append((index, found))
      }
    }
    let fixed = try Self.gather(fixed, communicator).sorted { $0.row < $1.row }
    let worst = try Self.gather(worst, communicator).sorted(by: Self.isWorse)
    return Result(
      report: report, curves: curves, fixed: fixed,
      pictures: fixed.filter { pictureRows.contains($0.row) && !$0.features.isEmpty },
      worst: Array(worst.prefix(Self.pictureCount)))
  }

  private static func gather(
    _ samples: [JudgedSample], _ communicator: any Communicator
  ) throws(CollectiveError) -> [JudgedSample] {
    let rows = try communicator.allGather(samples.map(\.row)).joined()
    let losses = try communicator.allGather(samples.map(\.loss)).joined()
    let counts = try communicator.allGather(
      samples.flatMap { [$0.features.count, $0.outputs.count, $0.target.count] }
    ).flatMap { $0 }
    let values = try communicator.allGather(samples.flatMap { $0.features + $0.outputs + $0.target }).flatMap { $0 }
    var start = 0
    func take(_ count: Int) -> [Float] {
      defer { start += count }
      return Array(values[start..<start + count])
    }
    return zip(rows, losses).enumerated().map { index, sample in
      JudgedSample(
        row: sample.0, loss: sample.1, features: take(counts[3 * index]), outputs: take(counts[3 * index + 1]),
        target: take(counts[3 * index + 2]))
    }
  }
}
