import Basics
import Collectives
import DataPipeline
public import Metrics
import NeuralNetwork
import NumericCore

/// The figures of a split, from sums over all samples of all ranks.
public struct SplitMetrics: Sendable, Equatable {
  /// Mean over the samples, weighted where classes or samples have weights.
  public let loss: Double
  /// Share of right samples, weighted where samples have weights; nil for a loss without classes.
  public let accuracy: Double?
  public let sampleCount: Int
  /// nil where none was asked for.
  public let report: MetricReport?

  public init(loss: Double, accuracy: Double?, sampleCount: Int, report: MetricReport? = nil) {
    self.loss = loss
    self.accuracy = accuracy
    self.sampleCount = sampleCount
    self.report = report
  }

  /// Above which logits the answers were yes; empty where that was 0.
  package var thresholds: [Float] { report?.thresholds ?? [] }
  /// Above which probabilities the answers were yes; empty where that was one half.
  public var decisionThresholds: [Double] { DecisionThreshold.probabilities(thresholds) }

  /// Metrics by name, those that are defined.
  func figures(_ names: [MetricName]) -> [String: Double] {
    let known = names.compactMap { name in report?[name].map { (name.rawValue, $0) } }
    return Dictionary(known.filter { $0.1.isFinite }, uniquingKeysWith: { first, _ in first })
  }

  /// A metric by its name; nil where it was not asked for, is not one of this task, or is not defined.
  public subscript(name: MetricName) -> Double? { report?[name] ?? (name == .accuracy ? accuracy : nil) }
}

/// Evaluates a model on a split, shard by shard, with the same bits on any number of ranks.
///
/// What a sample gives does not depend on the samples beside it; see `EvaluationPlan`.
package final class Evaluator {
  private let store: ShardStore
  private let plan: EvaluationPlan
  private let task: any LearningTask
  private let workspace: Workspace<Float>
  private let batch: Batch
  private let assignment: ShardAssignment
  private let communicator: any Communicator
  private let metrics: MetricSelection?

  /// - Parameters:
  ///   - store: dealt by `plan`.
  ///   - metrics: what is computed beside loss and accuracy; nil for nothing.
  init(
    _ store: ShardStore, plan: EvaluationPlan, model: Model<Float>, task: any LearningTask, values: ModelValues<Float>,
    assignment: ShardAssignment, communicator: any Communicator, metrics: MetricSelection? = nil
  ) {
    precondition(store.partition == plan.partition, "a store that another plan has dealt")
    self.store = store
    self.plan = plan
    self.task = task
    self.assignment = assignment
    self.communicator = communicator
    self.metrics = metrics
    workspace = Workspace(model: model, capacity: plan.batchSize, values: values, learns: false)
    batch = Batch(workspace: workspace, data: SplitShape(store))
  }

  /// Loss, accuracy and metrics over the whole split. Collective.
  ///
  /// - Parameters:
  ///   - progress: is given, after each batch, the share of this rank's batches that are done.
  ///   - survey: looks at each batch of this rank, and at its targets.
  ///   - visit: is given the outputs [n, K] and row numbers [n] of each batch of this rank.
  /// - Returns: nil where a rank was asked to stop meanwhile.
  func evaluate(
    _ values: ModelValues<Float>, progress: (Double) -> Void = { _ in }, survey: EvaluationSurvey? = nil,
    visit: (_ outputs: BufferView<Float>, _ rows: BufferView<Int>) -> Void = { _, _ in }
  ) throws -> SplitMetrics? {
    try Timeline.wholeSpan(.evaluation) {
      try measure(values, progress: progress, survey: survey, visit: visit)
    }
  }

  private func measure(
    _ values: ModelValues<Float>, progress: (Double) -> Void, survey: EvaluationSurvey?,
    visit: (_ outputs: BufferView<Float>, _ rows: BufferView<Int>) -> Void
  ) throws -> SplitMetrics? {
    let shards = store.shards
    var shardSums = [StepScalars](repeating: StepScalars(), count: shards.count)
    var recorder = metrics.map(MetricRecorder.init)
    for _ in shards {
      recorder?.startShard()
      survey?.startShard()
    }
    let batchCount = shards.reduce(0) { $0 + store.partition.blockCount(ofShard: $1) }
    let feed = store.orderedFeed()
    // In the order of the rows, so that files are read from front to back; each shard has sums of its own.
    for (index, block) in store.partition.blocks(ofShards: shards).enumerated() where !StopSignal.isRequested {
      let shard = block.shard - shards.lowerBound
      try batch.fill(block.positions, ofShard: block.shard, from: feed)
      // Always as many: those behind the samples of a last batch are of an earlier one, and of no effect.
      workspace.forward(samples: plan.batchSize, mode: .evaluation, values: values)
      let outputs = workspace.output().view(first: batch.count * workspace.model.outputShapes[0].elementCount)
      batch.leaveOutPadding(for: task.loss)
      if !batch.targets.isEmpty {
        shardSums[shard] += task.loss.evaluate(
          outputs: outputs, targets: batch.targets, weights: batch.weights, samples: batch.count, gradient: nil)
        recorder?.add(outputs: outputs, targets: batch.targets, weights: batch.weights, shard: shard)
      }
      survey?.add(batch, outputs: outputs, shard: shard)
      visit(outputs, batch.sampleIDs)
      progress(Double(index + 1) / Double(batchCount))
    }
    let isStopped = StopSignal.isRequested ? 1.0 : 0
    let sums = try communicator.treeSum(
      shardSums.map { [$0.loss, $0.correct, $0.weight, isStopped, $0.counted] }, over: assignment)
    guard sums[3] == 0 else { return nil }
    let report = try recorder?.report(communicator, assignment)
    // The loss counts answers by one half.
    let isDecided = report?.thresholds.isEmpty == false
    return SplitMetrics(
      loss: sums[0] / sums[2],
      accuracy: task.hasAccuracy ? isDecided ? report?[.accuracy] : sums[1] / sums[4] : nil,
      sampleCount: store.partition.sampleCount, report: report)
  }
}
