import DataPipeline
import NeuralNetwork
import NumericCore
internal import Reports

extension Trainer {
  /// The first samples of shard 0 in its first epoch as the model sees them: scaled, and changed by the draws of the
  /// first step as if they were one micro-batch. Only where this rank has shard 0.
  func trainingSamples(_ count: Int) throws -> [JudgedSample] {
    let count = min(count, store.count(0))
    guard count > 0, exchange.shards.contains(0) else { return [] }
    let (featureSize, targetSize) = (store.source.featureShape.elementCount, store.source.targetSize)
    let features = FlatBuffer<Float>(count: count * featureSize), targets = FlatBuffer<Float>(count: count * targetSize)
    let rows = FlatBuffer<Int>(count: count)
    let order = plan.order(epoch: 0, shard: 0, seed: configuration.seed)
    let batch = BatchRows(features: features.view, targets: targets.view, sampleIDs: rows.view)
    try order.withUnsafeBufferPointer { order in
      try store.fill(batch, shard: 0, positions: UnsafeBufferPointer(rebasing: order[..<count]))
    }
    let augmentation = try? BatchAugmentation(
      configuration.data.augment.items, task: task, source: store.source,
      outputSize: model.outputShapes[0].elementCount, capacity: count)
    augmentation?.apply(
      features: features.view, targets: targets.view, sampleIDs: rows.view, random: random.stream(.dropout, 1))
    return (0..<count).map { index in
      JudgedSample(
        row: rows.view[index], loss: 0,
        features: Array(features.view.view(index * featureSize..<(index + 1) * featureSize)), outputs: [],
        target: Array(targets.view.view(index * targetSize..<(index + 1) * targetSize)))
    }
  }

  /// The rows of the training split that a step took, over all shards: a function of the seed, the shards and the
  /// number of steps in the epoch.
  ///
  /// - Returns: nothing for an epoch of another number of steps, from before a resumed run got other batches.
  func rows(of place: StepPlace) -> [Int] {
    guard place.stepsInEpoch == plan.stepsPerEpoch, (0..<plan.stepsPerEpoch).contains(place.step) else { return [] }
    return (0..<plan.partition.shardCount).flatMap { shard in
      let order = plan.order(epoch: place.epoch - 1, shard: shard, seed: configuration.seed)
      return order[plan.positions(shard: shard, step: place.step)].map {
        store.selection[plan.partition.row(shard: shard, position: Int($0))]
      }
    }
  }
}
