import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

extension Trainer {
  /// Forward, loss and backward of this rank's shards at once, for a model whose layers compute over all shards together.
  /// Collective: every rank calls it, whether its shards have samples in this step or not.
  ///
  /// - Returns: what the loss said of each shard.
  func learnInLockstep(_ random: RandomSource) throws(CollectiveError) -> [LossSums] {
    var sums = exchange.shards.map { _ in LossSums(loss: 0) }
    for microStep in 0..<configuration.accumulate {
      let ranges = exchange.shards.map {
        part(microStep, of: plan.positions(shard: $0, step: progress.stepInEpoch))
      }
      for (index, shard) in exchange.shards.enumerated() {
        lockstepWorkers[index].fillAugmented(
          store, shard, UnsafeBufferPointer(order[index].window.window(ranges[index])), random)
      }
      let group = lockstepWorkers.map(\.workspace)
      try Workspace.forward(
        group, samples: ranges.map(\.count), mode: .training(random: random),
        values: exchange.shards.map(values(ofShard:))
      ) { local throws(CollectiveError) in try treeSum(local) }
      for (index, worker) in lockstepWorkers.enumerated() {
        sums[index] += worker.evaluateTrainingLoss(samples: ranges[index].count)
      }
      try Workspace.backward(group, gradients: microStep == 0 ? .overwrite : .add) { local throws(CollectiveError) in
        try treeSum(local)
      }
    }
    return sums
  }
}
