import DataPipeline
import NeuralNetwork
import NumericCore

/// What takes the micro-batches of a group of shards forward and backward, one slot a shard.
///
/// A group is one shard, or all shards of this rank where layers compute over all of them together; see
/// `SynchronizingLayer`. A step calls these four in order, several times where it accumulates gradients.
protocol Learner: AnyObject {
  /// Fills a slot with the samples at some places of a shard's order: gathered, scaled and augmented.
  func load(
    _ places: Range<Int>, ofShard shard: Int, from feed: any SampleFeed, slot: Int, random: RandomSource
  ) throws
  /// Computes the outputs of all slots.
  ///
  /// - Parameter values: of each slot; `backward` leaves the gradients there.
  func forward(_ values: [ModelValues<Float>], random: RandomSource) throws
  /// The loss of a slot's outputs; leaves its gradient for `backward`.
  func loss(slot: Int) -> StepScalars
  /// Propagates the gradients of all slots to the parameters.
  ///
  /// - Parameter progress: told how far all slots have come.
  func backward(_ rule: Workspace<Float>.GradientRule, progress: BackwardProgress?) throws
  /// Where the layers' values of the last pass of a slot stand.
  func workspaces(ofSlot slot: Int) -> [Workspace<Float>]
}

/// A learner for a single network.
final class NetworkLearner: Learner {
  /// A workspace for each slot.
  private let group: WorkspaceGroup<Float>
  private let batches: [Batch]
  private let loss: any Loss
  private let sum: WorkspaceGroup<Float>.SharedSum<any Error>

  /// - Parameters:
  ///   - slots: shards of a group.
  ///   - capacity: samples of the largest micro-batch.
  ///   - order: of the shards in the slots, where layers compute them jointly; else nil.
  ///   - augmentation: makes what is done to the batches of a slot.
  ///   - sum: sums one vector a slot over all shards of all ranks in the fixed tree.
  init(
    model: Model<Float>, loss: any Loss, data: SplitShape, slots: Int, capacity: Int, values: ModelValues<Float>,
    order: ShardOrder?, augmentation: () throws -> BatchAugmentation?,
    sum: @escaping WorkspaceGroup<Float>.SharedSum<any Error>
  ) rethrows {
    group =
      order.map { WorkspaceGroup(model: model, capacity: capacity, values: values, order: $0) }
      ?? WorkspaceGroup((0..<slots).map { _ in Workspace(model: model, capacity: capacity, values: values) })
    batches = try group.workspaces.map { workspace in
      Batch(workspace: workspace, data: data, augmentation: try augmentation())
    }
    self.loss = loss
    self.sum = sum
  }

  func load(
    _ places: Range<Int>, ofShard shard: Int, from feed: any SampleFeed, slot: Int, random: RandomSource
  ) throws {
    group.setSamples(places.count, ofWorkspace: slot)
    try batches[slot].fill(places, ofShard: shard, from: feed)
    batches[slot].augment(random: random)
  }

  func forward(_ values: [ModelValues<Float>], random: RandomSource) throws {
    try group.forward(mode: .training(random: random), values: values, sum: sum)
  }

  func workspaces(ofSlot slot: Int) -> [Workspace<Float>] { [group.workspaces[slot]] }

  func loss(slot: Int) -> StepScalars {
    let (workspace, batch) = (group.workspaces[slot], batches[slot])
    batch.leaveOutPadding(for: loss)
    let (outputs, gradient) = (workspace.output(), workspace.outputGradient())
    return batch.augmentation?.evaluateMixedLoss(outputs: outputs, samples: batch.count, gradient: gradient)
      ?? loss.evaluate(
        outputs: outputs, targets: batch.targets, weights: batch.weights, samples: batch.count, gradient: gradient)
  }

  func backward(_ rule: Workspace<Float>.GradientRule, progress: BackwardProgress?) throws {
    try group.backward(gradients: rule, sum: sum, progress: progress)
  }
}

/// The samples that stand in the input of a workspace, and their targets.
final class Batch {
  let augmentation: BatchAugmentation?
  private let workspace: Workspace<Float>
  private let data: SplitShape
  private let memory: FlatBuffer<Float>
  private let weightMemory: FlatBuffer<Float>
  private(set) var count = 0

  /// - Parameter augmentation: what is done to samples that are learned from; nil for nothing.
  init(workspace: Workspace<Float>, data: SplitShape, augmentation: BatchAugmentation? = nil) {
    self.workspace = workspace
    self.data = data
    self.augmentation = augmentation
    memory = FlatBuffer(count: workspace.capacity * data.targetSize)
    weightMemory = FlatBuffer(count: data.weights == nil ? 0 : workspace.capacity)
  }

  /// [count, feature size].
  var features: BufferView<Float> { workspace.input().view(first: count * data.featureSize) }
  /// [count, target size].
  var targets: BufferView<Float> { memory.view.view(first: count * data.targetSize) }
  /// [count], what each sample counts in the loss; nil where all count the same.
  var weights: BufferView<Float>? { data.weights == nil ? nil : weightMemory.view.view(first: count) }
  /// [count], rows of the split.
  var sampleIDs: BufferView<Int> { workspace.sampleIDs.view(first: count) }

  /// Gathers samples of a shard and scales them.
  func fill(_ places: Range<Int>, ofShard shard: Int, from feed: any SampleFeed) throws {
    count = places.count
    try feed.fill(
      BatchRows(features: features, targets: targets, sampleIDs: sampleIDs), shard: shard, places: places)
    if let weights { data.weights?.fillWeights(ofRows: sampleIDs, into: weights) }
  }

  /// Labels of steps that the model takes for padding then stand for no class. After a forward pass.
  func leaveOutPadding(for loss: any Loss) {
    guard loss.targetKind == .classIndex, data.targetSize > 1, let lengths = workspace.outputLengths else { return }
    let steps = data.targetSize, targets = targets
    for sample in 0..<count {
      for step in min(steps, Int(lengths[sample]))..<steps { targets[sample * steps + step] = -1 }
    }
  }

  func augment(random: RandomSource) {
    augmentation?.apply(features: features, targets: targets, sampleIDs: sampleIDs, random: random)
  }
}

/// The sizes of a sample, and what it counts.
struct SplitShape {
  let featureSize: Int
  let targetSize: Int
  /// What gives samples their weights; nil where all count the same.
  let weights: ShardStore?

  init(_ store: ShardStore) {
    featureSize = store.source.featureShape.elementCount
    targetSize = store.source.targetSize
    weights = store.hasWeights ? store : nil
  }
}
