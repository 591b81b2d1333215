import Basics
import Collectives
import Metrics
import NumericCore

/// Which metrics an evaluation computes.
struct MetricSelection {
  private(set) var task: MetricTask
  /// All metrics that there are, those of the program's own included.
  let metrics: [any Metric]
  /// Those of a configuration, without the accuracy that the loss counts anyway; empty for all that the task has.
  let names: [MetricName]
  /// Whether all scores are kept and gathered.
  let keepsScores: Bool
  let top: [Int]
  /// What chooses the thresholds of answers by the scores of all samples; nil where those of the task are taken.
  var rule: DecisionRule?

  /// Everything that the task has.
  ///
  /// - Parameter keepsScores: whether figures that depend on the order of all scores are among it.
  init(_ task: MetricTask, among metrics: [any Metric], keepsScores: Bool = true) {
    (self.task, self.metrics) = (task, metrics)
    names = []
    self.keepsScores = keepsScores && task.kind != .values
    top = [5]
  }

  /// - Parameters:
  ///   - lossName: for messages.
  ///   - rule: chooses the thresholds of answers; nil for those of the task.
  ///   - rules: of the run, some of which may have asked for a metric.
  /// - Returns: nil where nothing but the accuracy is asked for, and thresholds have no say in it.
  /// - Throws: for a metric that the task does not have.
  init?(
    _ names: [MetricName], among metrics: [any Metric], task: MetricTask, lossName: String,
    rule: DecisionRule? = nil, rules: [TrainingConfiguration.MonitoredRule] = []
  ) throws {
    let others = names.filter { $0 != .accuracy }
    guard !others.isEmpty || rule != nil || !task.thresholds.isEmpty else { return nil }
    (self.task, self.metrics) = (task, metrics)
    self.names = others
    self.rule = rule
    keepsScores = rule != nil || (task.kind != .values && others.contains { $0.needsScores(among: metrics) })
    top = others.compactMap(\.topCount)
    let nothing = [RankingFigures](
      repeating: RankingFigures(scores: [], isPositive: []), count: keepsScores ? task.outputSize : 0)
    let possible = MetricReport(MetricSums(task, metrics: metrics), ranking: nothing, top: top)
    if let stray = others.first(where: { !possible.has($0) }) {
      throw Failure.usage(
        "\(rules.first { $0.name == stray }?.key ?? "metrics"): \(stray.rawValue) is no metric of \(lossName) with \(task.outputSize) outputs; leave it out "
          + "(evaluate prints all "
          + "that there are)")
    }
  }
}

extension MetricSelection {
  /// The same with answers by thresholds that were chosen.
  func deciding(by thresholds: [Float]) -> MetricSelection {
    guard !thresholds.isEmpty else { return self }
    var result = self
    result.task.thresholds = thresholds
    result.rule = nil
    return result
  }
}

/// Collects what metrics need, shard by shard, and merges it over all ranks.
struct MetricRecorder {
  private let selection: MetricSelection
  private var shards: [MetricSums] = []
  private var scores: ScoreTable?
  /// The scores that there were before each shard.
  private var firstScores: [Int] = []

  init(_ selection: MetricSelection) {
    self.selection = selection
    scores = selection.keepsScores ? ScoreTable(selection.task) : nil
  }

  /// Begins the next of this rank's shards.
  mutating func startShard() {
    shards.append(MetricSums(selection.task, metrics: selection.metrics))
    firstScores.append(scores?.count ?? 0)
  }

  /// Takes in a micro-batch of the shard.
  mutating func add(outputs: BufferView<Float>, targets: BufferView<Float>, weights: BufferView<Float>?) {
    shards[shards.count - 1].add(outputs: outputs, targets: targets, weights: weights)
    scores?.add(outputs: outputs, targets: targets, weights: weights)
  }

  /// The metrics of all shards, merged in the fixed tree, and of all scores, whose order decides alone. Collective.
  ///
  /// - Parameter visit: is given the scores of all samples for each class or output, in the order of the ranks.
  func report(
    _ communicator: any Communicator, _ assignment: ShardAssignment,
    visit: (_ index: Int, _ scores: [Double], _ isPositive: [UInt8]) -> Void = { _, _, _ in }
  ) throws(CollectiveError) -> MetricReport {
    var (task, shards) = (selection.task, self.shards)
    let metrics = selection.metrics
    if let rule = selection.rule, let scores {
      task.thresholds = try Self.thresholds(rule, scores, communicator)
      let ends = firstScores.dropFirst() + [scores.count]
      shards = zip(firstScores, ends).map { scores.sums(of: $0..<$1, task, metrics: metrics) }
    }
    let width = MetricSums(task, metrics: metrics).elements.count
    let gathered = try communicator.allGather(shards.flatMap(\.elements)).flatMap { $0 }
    var merged = stride(from: 0, to: gathered.count, by: width).map {
      MetricSums(task, metrics: metrics, elements: Array(gathered[$0..<$0 + width]))
    }
    for (target, source) in ShardTree(leafCount: assignment.shardCount).additions {
      merged[target].merge(merged[source])
    }
    var ranking: [RankingFigures] = []
    if let scores {
      let weights = try communicator.allGather(scores.sampleWeights).flatMap { $0 }
      // One column at a time, so that no rank holds more than one score of every sample.
      for index in 0..<task.outputSize {
        let column = scores.column(index)
        let scores = try communicator.allGather(column.scores).flatMap { $0 }
        let isPositive = try communicator.allGather(column.isPositive).flatMap { $0 }
        ranking.append(RankingFigures(scores: scores, isPositive: isPositive, weights: weights))
        visit(index, scores, isPositive)
      }
    }
    return MetricReport(merged[0], ranking: ranking, top: selection.top)
  }

  /// The best thresholds over the scores of all ranks. Collective.
  private static func thresholds(
    _ rule: DecisionRule, _ scores: ScoreTable, _ communicator: any Communicator
  ) throws(CollectiveError) -> [Float] {
    let weights = try communicator.allGather(scores.sampleWeights).flatMap { $0 }
    var thresholds: [Float] = []
    for index in 0..<scores.task.thresholdCount {
      // Of two classes, the second is the positive one.
      let isPositive = scores.column(scores.task.kind == .binary ? index : 1).isPositive
      thresholds.append(
        rule.threshold(
          scores: try communicator.allGather(scores.decisionScores(index)).flatMap { $0 },
          isPositive: try communicator.allGather(isPositive).flatMap { $0 }, weights: weights))
    }
    return thresholds
  }
}
