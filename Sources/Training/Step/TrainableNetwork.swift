import Basics
import NeuralNetwork
import NumericCore
import Optimizers

/// A model and how it learns: what a task gives to the trainer.
protocol TrainableNetwork: Sendable {
  /// Its layouts are those of the run's flat buffers, its names those of checkpoints.
  var model: Model<Float> { get }
  func makeLearner(_ parts: LearnerParts) throws -> any Learner
  /// Which optimizer updates which part of the parameters, in order.
  func optimizers(_ configuration: TrainingConfiguration) -> [AssignedOptimizer]
  /// The same network, in which some parameters do not learn.
  func freezing(_ names: Set<String>) -> Self
  /// Whether its learner can compute the micro-batches of several shards jointly, and gains by it.
  var isMostlyJoint: Bool { get }
  /// The layers in words for the header, a list for each chain of layers.
  var layerWords: [[String]] { get }
  /// The optimizer in words, such as `adam, learning rate 0.001`.
  /// - Parameter rate: at the schedule's full height.
  func optimizerText(_ configuration: TrainingConfiguration, rate: Double) -> String
  /// Why a test of learning rates says nothing about it; nil where it does.
  var whyNoRangeTest: String? { get }
}

/// An optimizer of a configuration, and the part of the flat buffer that it updates.
struct AssignedOptimizer {
  /// Of the configuration, such as `generator_optimizer`.
  let key: String
  let settings: OptimizerSettings
  let range: Range<Int>
}

/// What a learner is made of.
struct LearnerParts {
  let loss: any Loss
  let data: SplitShape
  /// Shards of a group.
  let slots: Int
  /// Samples of the largest micro-batch.
  let capacity: Int
  let values: ModelValues<Float>
  /// Of the shards in the slots, where layers are to compute them jointly; else nil.
  let order: ShardOrder?
  let augmentation: () throws -> BatchAugmentation?
  /// Sums one vector a slot over all shards of all ranks in the fixed tree. Collective.
  let sum: WorkspaceGroup<Float>.SharedSum<any Error>

  /// The same for one shard, whose gradients hold those of no other.
  var ofOneShard: LearnerParts {
    LearnerParts(
      loss: loss, data: data, slots: 1, capacity: capacity, values: values, order: nil, augmentation: augmentation,
      sum: sum)
  }
}

/// One model, one loss, one optimizer.
struct SingleNetwork: TrainableNetwork {
  let model: Model<Float>
  let description: ModelDescription

  func makeLearner(_ parts: LearnerParts) throws -> any Learner {
    try NetworkLearner(
      model: model, loss: parts.loss, data: parts.data, slots: parts.slots, capacity: parts.capacity,
      values: parts.values, order: parts.order, augmentation: parts.augmentation, sum: parts.sum)
  }

  var isMostlyJoint: Bool { model.isMostlyJoint }

  func optimizers(_ configuration: TrainingConfiguration) -> [AssignedOptimizer] {
    [AssignedOptimizer(key: "optimizer", settings: configuration.optimizer, range: 0..<model.parameterLayout.count)]
  }

  func freezing(_ names: Set<String>) -> SingleNetwork {
    SingleNetwork(model: model.freezing(names), description: description)
  }

  var layerWords: [[String]] { [LayerWords.words(description.layers, model)] }

  func optimizerText(_ configuration: TrainingConfiguration, rate: Double) -> String {
    "\(configuration.optimizer.name), learning rate \(trimmedNumber(rate))"
  }

  var whyNoRangeTest: String? { nil }
}
