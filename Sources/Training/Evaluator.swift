import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

/// The figures of a split, from sums over all samples of all ranks.
public struct SplitMetrics: Sendable, Equatable {
  /// Mean over the samples.
  public let loss: Double
  /// Share of right samples; nil for a loss without classes.
  public let accuracy: Double?
  public let sampleCount: Int
}

/// Evaluates a model on a split, shard by shard, with the same bits on any number of ranks.
public final class Evaluator {
  private let store: ShardStore
  private let plan: EpochPlan
  private let worker: ShardWorker
  private let assignment: ShardAssignment
  private let communicator: any Communicator
  private let hasAccuracy: Bool
  /// A shard's positions in order.
  private let positions: FlatBuffer<Int32>

  /// - Parameter batchSize: samples that all shards together take at a time; part of what decides the bits.
  init(
    _ store: ShardStore, model: Model<Float>, objective: Objective, batchSize: Int, values: ModelValues<Float>,
    assignment: ShardAssignment, communicator: any Communicator
  ) {
    self.store = store
    self.assignment = assignment
    self.communicator = communicator
    hasAccuracy = objective.hasAccuracy
    plan = EpochPlan(dealing: store.dealing, globalBatchSize: batchSize)
    positions = FlatBuffer(Array(0..<Int32(store.shards.map(store.count).max() ?? 0)))
    worker = ShardWorker(
      model: model, loss: objective.loss, data: SplitShape(store.source),
      capacity: store.shards.map(plan.largestMicroBatch).max() ?? 1, parameters: values, learns: false)
  }

  /// Loss and accuracy over the whole split. Collective.
  ///
  /// - Parameter visit: is given the outputs [n, K] and row numbers [n] of each micro-batch of this rank.
  public func evaluate(
    _ values: ModelValues<Float>, visit: (_ outputs: Window<Float>, _ rows: Window<Int>) -> Void = { _, _ in }
  ) throws(CollectiveError) -> SplitMetrics {
    var shardSums: [[Double]] = []
    for shard in store.shards {
      var sums = [0.0, 0.0]
      for step in 0..<plan.stepsPerEpoch {
        let range = plan.positions(shard: shard, step: step)
        let result = worker.evaluate(
          store, shard: shard, positions: UnsafeBufferPointer(positions.window.window(range)), values: values)
        sums[0] += result.sums.loss
        sums[1] += result.sums.correct ?? 0
        visit(result.outputs, result.sampleIDs)
      }
      shardSums.append(sums)
    }
    let sums = try communicator.treeSum(shardSums, over: assignment)
    let count = store.dealing.sampleCount
    return SplitMetrics(
      loss: sums[0] / Double(count), accuracy: hasAccuracy ? sums[1] / Double(count) : nil, sampleCount: count)
  }
}
