import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

/// What learns from the micro-batches of this rank's shards, one after another.
protocol MicroBatchWorker: AnyObject {
  /// Forward, loss and backward on `positions` of a shard: the gradients of the summed loss go to
  /// `values.gradients` by `rule`.
  func learn(
    _ store: ShardStore, shard: Int, positions: UnsafeBufferPointer<Int32>, values: ModelValues<Float>,
    random: RandomSource, gradients rule: Workspace<Float>.GradientRule
  ) -> LossSums
}

/// Puts micro-batches through a single model in one workspace.
final class ShardWorker: MicroBatchWorker {
  let workspace: Workspace<Float>
  private let targets: FlatBuffer<Float>
  private let loss: any Loss<Float>
  private let featureSize: Int
  private let targetSize: Int
  private let augmentation: BatchAugmentation?

  /// - Parameters:
  ///   - capacity: samples of the largest micro-batch.
  ///   - augmentation: what is done to batches that are learned from.
  init(
    model: Model<Float>, loss: any Loss<Float>, data: SplitShape, capacity: Int, parameters: ModelValues<Float>,
    learns: Bool, augmentation: BatchAugmentation? = nil
  ) {
    workspace = Workspace(model: model, capacity: capacity, values: parameters, learns: learns)
    targets = FlatBuffer(count: capacity * data.targetSize)
    self.loss = loss
    featureSize = data.featureSize
    targetSize = data.targetSize
    self.augmentation = augmentation
  }

  /// What the loss said of a micro-batch, and the outputs behind it.
  struct Result {
    let sums: LossSums
    let outputs: Window<Float>
    let targets: Window<Float>
    let sampleIDs: Window<Int>
  }

  func learn(
    _ store: ShardStore, shard: Int, positions: UnsafeBufferPointer<Int32>, values: ModelValues<Float>,
    random: RandomSource, gradients rule: Workspace<Float>.GradientRule
  ) -> LossSums {
    fillAugmented(store, shard, positions, random)
    workspace.forward(samples: positions.count, mode: .training(random: random), values: values)
    let sums = evaluateTrainingLoss(samples: positions.count)
    workspace.backward(gradients: rule)
    return sums
  }

  /// Copies a batch to learn from, changed as the run augments it.
  func fillAugmented(
    _ store: ShardStore, _ shard: Int, _ positions: UnsafeBufferPointer<Int32>, _ random: RandomSource
  ) {
    fill(store, shard, positions)
    augmentation?.apply(
      features: workspace.input().window(first: positions.count * featureSize),
      targets: targets.window.window(first: positions.count * targetSize),
      sampleIDs: workspace.sampleIDs.window(first: positions.count), random: random)
  }

  /// The loss of the batch that `fillAugmented` made, and its gradient.
  func evaluateTrainingLoss(samples: Int) -> LossSums {
    let gradient = workspace.outputGradient()
    return augmentation?.evaluateMixedLoss(outputs: workspace.output(), samples: samples, gradient: gradient)
      ?? evaluateLoss(samples: samples, gradient: gradient)
  }

  /// Forward and loss on `positions` of a shard. The windows of the result live until the next call.
  func evaluate(
    _ store: ShardStore, shard: Int, positions: UnsafeBufferPointer<Int32>, values: ModelValues<Float>
  ) -> Result {
    fill(store, shard, positions)
    workspace.forward(samples: positions.count, mode: .evaluation, values: values)
    let sums = targetSize > 0 ? evaluateLoss(samples: positions.count, gradient: nil) : LossSums(loss: 0)
    return Result(
      sums: sums, outputs: workspace.output(), targets: targets.window.window(first: positions.count * targetSize),
      sampleIDs: workspace.sampleIDs.window(first: positions.count))
  }

  private func fill(_ store: ShardStore, _ shard: Int, _ positions: UnsafeBufferPointer<Int32>) {
    store.fill(
      shard: shard, positions: positions,
      features: workspace.input().window(first: positions.count * featureSize),
      targets: targets.window.window(first: positions.count * targetSize),
      sampleIDs: workspace.sampleIDs.window(first: positions.count))
  }

  private func evaluateLoss(samples: Int, gradient: Window<Float>?) -> LossSums {
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
