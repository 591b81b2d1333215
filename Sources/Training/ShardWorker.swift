import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

/// Puts micro-batches of this rank's shards through the model, one after another in one workspace.
final class ShardWorker {
  let workspace: Workspace<Float>
  private let targets: FlatBuffer<Float>
  private let loss: any Loss<Float>
  private let featureSize: Int
  private let targetSize: Int

  /// - Parameter capacity: samples of the largest micro-batch.
  init(model: Model<Float>, loss: any Loss<Float>, data: SplitShape, capacity: Int, parameters: ModelValues<Float>, learns: Bool) {
    workspace = Workspace(model: model, capacity: capacity, values: parameters, learns: learns)
    targets = FlatBuffer(count: capacity * data.targetSize)
    self.loss = loss
    featureSize = data.featureSize
    targetSize = data.targetSize
  }

  /// What the loss said of a micro-batch, and the outputs behind it.
  struct Result {
    let sums: LossSums
    let outputs: Window<Float>
    let sampleIDs: Window<Int>
  }

  /// Forward, loss and backward on `positions` of a shard: the gradients of the summed loss go to
  /// `values.gradients` by `rule`.
  func learn(
    _ store: ShardStore, shard: Int, positions: UnsafeBufferPointer<Int32>, values: ModelValues<Float>,
    random: RandomSource, gradients rule: Workspace<Float>.GradientRule
  ) -> LossSums {
    fill(store, shard, positions)
    workspace.forward(samples: positions.count, mode: .training(random: random), values: values)
    let sums = evaluateLoss(samples: positions.count, gradient: workspace.outputGradient())
    workspace.backward(gradients: rule)
    return sums
  }

  /// Forward and loss on `positions` of a shard. The windows of the result live until the next call.
  func evaluate(
    _ store: ShardStore, shard: Int, positions: UnsafeBufferPointer<Int32>, values: ModelValues<Float>
  ) -> Result {
    fill(store, shard, positions)
    workspace.forward(samples: positions.count, mode: .evaluation, values: values)
    let sums = targetSize > 0 ? evaluateLoss(samples: positions.count, gradient: nil) : LossSums(loss: 0)
    return Result(
      sums: sums, outputs: workspace.output(), sampleIDs: workspace.sampleIDs.window(first: positions.count))
  }

  func fill(_ store: ShardStore, _ shard: Int, _ positions: UnsafeBufferPointer<Int32>) {
    store.fill(
      shard: shard, positions: positions,
      features: workspace.input().window(first: positions.count * featureSize),
      targets: targets.window.window(first: positions.count * targetSize),
      sampleIDs: workspace.sampleIDs.window(first: positions.count))
  }

  func evaluateLoss(samples: Int, gradient: Window<Float>?) -> LossSums {
    loss.evaluate(
      outputs: workspace.output(), targets: targets.window.window(first: samples * targetSize), samples: samples,
      gradient: gradient)
  }
}

/// The sizes of a sample.
struct SplitShape {
  let featureSize: Int
  let targetSize: Int

  init(_ source: SplitSource) {
    featureSize = source.featureShape.elementCount
    targetSize = source.targetSize
  }
}
