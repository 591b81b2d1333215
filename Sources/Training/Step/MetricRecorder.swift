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
      let key = rules.first { $0.name == stray }?.key ?? "metrics"
      throw Failure.usage(
        "\(key): \(stray.rawValue) is no metric of \(lossName) with \(task.outputSize) outputs; leave it out "
          + "(evaluate prints all that there are)")
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
  /// Of each shard, so that their order is the same on any number of ranks; none where no metric needs them.
  private var scores: [ScoreTable] = []

  init(_ selection: MetricSelection) { self.selection = selection }

  /// Begins the next of this rank's shards.
  mutating func startShard() {
    shards.append(MetricSums(selection.task, metrics: selection.metrics))
    if selection.keepsScores { scores.append(ScoreTable(selection.task)) }
  }

  /// Takes in a micro-batch of a shard, counted from the first that was begun.
  mutating func add(
    outputs: BufferView<Float>, targets: BufferView<Float>, weights: BufferView<Float>?, shard: Int
  ) {
    shards[shard].add(outputs: outputs, targets: targets, weights: weights)
    if selection.keepsScores { scores[shard].add(outputs: outputs, targets: targets, weights: weights) }
  }

  /// The metrics of all shards, merged in the fixed tree, and of all scores. Collective.
  ///
  /// - Parameter visit: is given the scores of all samples for each class or output, in the order of the shards.
  func report(
    _ communicator: any Communicator, _ assignment: ShardAssignment,
    visit: (_ index: Int, _ scores: [Double], _ isPositive: [UInt8]) -> Void = { _, _, _ in }
  ) throws(CollectiveError) -> MetricReport {
    var (task, shards) = (selection.task, self.shards)
    let metrics = selection.metrics
    if let rule = selection.rule {
      task.thresholds = try thresholds(rule, communicator)
      shards = scores.map { $0.sums(task, metrics: metrics) }
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
    if selection.keepsScores {
      let weights = try gather(communicator) { $0.sampleWeights }
      // One column at a time, so that no rank holds more than one score of every sample.
      for index in 0..<task.outputSize {
        let columns = scores.map { $0.column(index) }
        let scores = try communicator.allGather(columns.flatMap(\.scores)).flatMap { $0 }
        let isPositive = try communicator.allGather(columns.flatMap(\.isPositive)).flatMap { $0 }
        ranking.append(RankingFigures(scores: scores, isPositive: isPositive, weights: weights))
        visit(index, scores, isPositive)
      }
    }
    return MetricReport(merged[0], ranking: ranking, top: selection.top)
  }

  /// The best thresholds over the scores of all ranks. Collective.
  private func thresholds(
    _ rule: DecisionRule, _ communicator: any Communicator
  ) throws(CollectiveError) -> [Float] {
    let weights = try gather(communicator) { $0.sampleWeights }
    var thresholds: [Float] = []
    for index in 0..<selection.task.thresholdCount {
      // Of two classes, the second is the positive one.
      let positive = selection.task.kind == .binary ? index : 1
      thresholds.append(
        rule.threshold(
          scores: try gather(communicator) { $0.decisionScores(index) },
          isPositive: try gather(communicator) { $0.column(positive).isPositive }, weights: weights))
    }
    return thresholds
  }

  /// What all shards of all ranks have kept, in their order. Collective.
  private func gather<Element: BitwiseCopyable>(
    _ communicator: any Communicator, _ values: (ScoreTable) -> [Element]
  ) throws(CollectiveError) -> [Element] { try communicator.allGather(scores.flatMap(values)).flatMap { $0 } }
}
