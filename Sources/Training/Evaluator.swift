import Collectives
import DataPipeline
public import Metrics
import NeuralNetwork
import NumericCore

/// The figures of a split, from sums over all samples of all ranks.
public struct SplitMetrics: Sendable, Equatable {
  /// Mean over the samples, weighted where the loss has class weights.
  public let loss: Double
  /// Share of right samples; nil for a loss without classes.
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
}

/// Evaluates a model on a split, shard by shard, with the same bits on any number of ranks.
public final class Evaluator {
  private let store: ShardStore
  private let plan: EpochPlan
  private let worker: ShardWorker
  private let assignment: ShardAssignment
  private let communicator: any Communicator
  private let hasAccuracy: Bool
  private let metrics: MetricSelection?
  /// A shard's positions in order.
  private let positions: FlatBuffer<Int32>

  /// - Parameters:
  ///   - batchSize: samples that all shards together take at a time; part of what decides the bits.
  ///   - metrics: what is computed beside loss and accuracy; nil for nothing.
  init(
    _ store: ShardStore, model: Model<Float>, objective: Objective, batchSize: Int, values: ModelValues<Float>,
    assignment: ShardAssignment, communicator: any Communicator,
    metrics: MetricSelection? = nil
  ) {
    self.store = store
    self.assignment = assignment
    self.communicator = communicator
    self.metrics = metrics
    hasAccuracy = objective.hasAccuracy
    plan = EpochPlan(dealing: store.dealing, globalBatchSize: batchSize)
    positions = FlatBuffer(Array(0..<Int32(store.shards.map(store.count).max() ?? 0)))
    worker = ShardWorker(
      model: model, loss: objective.loss, data: SplitShape(store.source),
      capacity: max(1, store.shards.map(plan.largestMicroBatch).max() ?? 1), parameters: values, learns: false)
  }

  /// Loss, accuracy and metrics over the whole split. Collective.
  ///
  /// - Parameter visit: is given the outputs [n, K] and row numbers [n] of each micro-batch of this rank.
  public func evaluate(
    _ values: ModelValues<Float>, visit: (_ outputs: Window<Float>, _ rows: Window<Int>) -> Void = { _, _ in }
  ) throws(CollectiveError) -> SplitMetrics {
    var shardSums: [[Double]] = []
    var recorder = metrics.map(MetricRecorder.init)
    for shard in store.shards {
      var sums = [0.0, 0.0, 0.0]
      recorder?.startShard()
      for step in 0..<plan.stepsPerEpoch {
        let range = plan.positions(shard: shard, step: step)
        let result = worker.evaluate(
          store, shard: shard, positions: UnsafeBufferPointer(positions.window.window(range)), values: values)
        sums[0] += result.sums.loss
        sums[1] += result.sums.correct ?? 0
        sums[2] += result.sums.weight ?? Double(range.count)
        recorder?.add(outputs: result.outputs, targets: result.targets)
        visit(result.outputs, result.sampleIDs)
      }
      shardSums.append(sums)
    }
    let sums = try communicator.treeSum(shardSums, over: assignment)
    let count = store.dealing.sampleCount
    return SplitMetrics(
      loss: sums[0] / sums[2], accuracy: hasAccuracy ? sums[1] / Double(count) : nil, sampleCount: count,
      report: try recorder?.report(communicator, assignment))
  }
}
