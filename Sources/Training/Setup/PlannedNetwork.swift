import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore
import Optimizers

/// The network that a configuration makes for the data, and what updates it, before there is memory for either.
struct PlannedNetwork {
  let network: any TrainableNetwork
  let update: ParameterUpdate
  /// Whether each rank computes the micro-batches of its shards jointly. It is the same on all ranks, and on any number
  /// of them: the products have other bits than OpenBLAS's.
  let isJoint: Bool

  /// - Throws: where model, loss and data do not fit together.
  init(
    _ configuration: TrainingConfiguration, layers: CustomLayers, task: any LearningTask, split: SplitSource,
    outputSize: Int, plan: EpochPlan
  ) throws {
    let factory = ModelFactory(
      inputShape: split.featureShape, outputSize: outputSize, indexCount: split.indexCount,
      initializer: configuration.initializer, customLayers: layers, precision: configuration.precision)
    let whole = try task.makeNetwork(factory, configuration.model)
    network = whole.freezing(try configuration.frozenParameters(in: whole.model.parameterLayout))
    try task.check(output: network.model.outputShapes[0], outputSize: outputSize, data: split)
    update = ParameterUpdate(
      network.updateParts(configuration), layout: network.model.parameterLayout,
      exceptions: try network.updateExceptions(configuration),
      transform: GradientTransform(
        clipValue: configuration.clipValue.map { Float($0) }, l1: Float(configuration.regularization.l1),
        l2: Float(configuration.regularization.l2)),
      averaging: configuration.emaDecay.map { WeightAveraging(decay: $0) })
    let shards = plan.partition.shardCount
    // A larger one fills the caches by itself.
    let isSmall = (0..<shards).allSatisfy { plan.largestMicroBatch(shard: $0) <= 256 }
    isJoint =
      shards > 1 && isSmall && configuration.accumulate == 1 && network.isMostlyJoint && !network.model.synchronizes
      && ShardProducts.areUsed(configuration.precision)
  }

  /// What ranks exchange in a step.
  var exchangeLayout: ExchangeLayout {
    let model = network.model
    return ExchangeLayout(
      parameterCount: model.parameterLayout.count, statisticCount: model.statisticLayout.count,
      stateCount: update.stateNames.count,
      layerRanges: update.isLayerwise ? model.parameterLayout.entries.map(\.range) : [],
      frozenRanges: model.frozenRanges, jointRanges: isJoint ? model.jointRanges : [])
  }
}
