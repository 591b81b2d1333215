import Basics
import Collectives
import Metrics
import NumericCore

/// Which metrics an evaluation computes.
struct MetricSelection {
  let task: MetricTask
  /// All metrics that there are, those of the program's own included.
  let metrics: [any Metric]
  /// Those of a configuration, without the accuracy that the loss counts anyway; empty for all that the task has.
  let names: [MetricName]
  /// Whether all scores are kept and gathered.
  let keepsScores: Bool
  let top: [Int]

  /// Everything that the task has.
  ///
  /// - Parameter keepsScores: whether figures that depend on the order of all scores are among it.
  init(_ task: MetricTask, among metrics: [any Metric], keepsScores: Bool = true) {
    (self.task, self.metrics) = (task, metrics)
    names = []
    self.keepsScores = keepsScores && task.kind != .values
    top = [5]
  }

  /// - Parameter lossName: for messages.
  /// - Returns: nil where nothing but the accuracy is asked for.
  /// - Throws: for a metric that the task does not have.
  init?(_ names: [MetricName], among metrics: [any Metric], task: MetricTask, lossName: String) throws {
    let others = names.filter { $0 != .accuracy }
    guard !others.isEmpty else { return nil }
    (self.task, self.metrics) = (task, metrics)
    self.names = others
    keepsScores = task.kind != .values && others.contains { $0.needsScores(among: metrics) }
    top = others.compactMap(\.topCount)
    let nothing = [RankingFigures](
      repeating: RankingFigures(scores: [], isPositive: []), count: keepsScores ? task.outputSize : 0)
    let possible = MetricReport(MetricSums(task, metrics: metrics), ranking: nothing, top: top)
    if let stray = others.first(where: { !possible.has($0) }) {
      throw Failure.usage(
        "metrics: \(stray.rawValue) is no metric of \(lossName) with \(task.outputSize) outputs; leave it out "
          + "(evaluate prints all "
          + "that there are)")
    }
  }
}

/// Collects what metrics need, shard by shard, and merges it over all ranks.
struct MetricRecorder {
  private let selection: MetricSelection
  private var shards: [MetricSums] = []
  private var scores: ScoreTable?

  init(_ selection: MetricSelection) {
    self.selection = selection
    scores = selection.keepsScores ? ScoreTable(selection.task) : nil
  }

  /// Begins the next of this rank's shards.
  mutating func startShard() { shards.append(MetricSums(selection.task, metrics: selection.metrics)) }

  /// Takes in a micro-batch of a shard, counted from the first that was begun.
  mutating func add(outputs: BufferView<Float>, targets: BufferView<Float>, shard: Int) {
    shards[shard].add(outputs: outputs, targets: targets)
    scores?.add(outputs: outputs, targets: targets)
  }

  /// The metrics of all shards, merged in the fixed tree, and of all scores, whose order decides alone. Collective.
  ///
  /// - Parameter visit: is given the scores of all samples for each class or output, in the order of the ranks.
  func report(
    _ communicator: any Communicator, _ assignment: ShardAssignment,
    visit: (_ index: Int, _ scores: [Double], _ isPositive: [UInt8]) -> Void = { _, _, _ in }
  ) throws(CollectiveError) -> MetricReport {
    let (task, metrics) = (selection.task, selection.metrics)
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
      // One column at a time, so that no rank holds more than one score of every sample.
      for index in 0..<task.outputSize {
        let column = scores.column(index)
        let scores = try communicator.allGather(column.scores).flatMap { $0 }
        let isPositive = try communicator.allGather(column.isPositive).flatMap { $0 }
        ranking.append(RankingFigures(scores: scores, isPositive: isPositive))
        visit(index, scores, isPositive)
      }
    }
    return MetricReport(merged[0], ranking: ranking, top: selection.top)
  }
}
