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
    let ranges = exchange.shards.map { plan.positions(shard: $0, step: progress.stepInEpoch) }
    for (index, shard) in exchange.shards.enumerated() {
      workers[index].fill(store, shard, UnsafeBufferPointer(order[index].window.window(ranges[index])))
    }
    let group = workers.map(\.workspace)
    try Workspace.forward(
      group, samples: ranges.map(\.count), mode: .training(random: random), values: exchange.shards.map(values(ofShard:))
    ) { local throws(CollectiveError) in try treeSum(local) }
    let sums = zip(workers, ranges).map { worker, range in
      worker.evaluateLoss(samples: range.count, gradient: worker.workspace.outputGradient())
    }
    try Workspace.backward(group, gradients: .overwrite) { local throws(CollectiveError) in try treeSum(local) }
    return sums
  }
}
