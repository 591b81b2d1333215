import Basics
import DataPipeline
import NeuralNetwork
import NumericCore

/// What training does to a batch before the forward pass, and the loss of targets that it has mixed.
final class BatchAugmentation {
  private let augmenter: Augmenter
  private let mixingLoss: (any Loss)?
  private let labelsAreMixed: Bool
  private let outputSize: Int
  /// Targets as distributions, where labels are mixed.
  private let distributions: FlatBuffer<Float>
  /// The last batch's targets, mixed.
  private var mixedTargets: BufferView<Float>

  /// - Parameters:
  ///   - outputSize: outputs of a sample.
  ///   - capacity: samples of the largest micro-batch.
  /// - Returns: nil where there is nothing to do.
  /// - Throws: where samples or targets are not what an augmentation needs.
  init?(
    _ augmentations: [any Augmentation], task: any LearningTask, source: SplitSource, outputSize: Int, capacity: Int
  ) throws {
    guard !augmentations.isEmpty else { return nil }
    if let places = task.placesInImage, let moving = augmentations.first(where: { type(of: $0).movesPixels }) {
      throw Failure.usage(
        "data.augment: \(moving.name) moves the pixels of a sample, but not \(places) that it is held against; leave "
          + "it out (cutout and noise may stay)")
    }
    self.outputSize = outputSize
    labelsAreMixed = task.isLabelled
    let mixedSize = labelsAreMixed ? outputSize : source.targetSize
    augmenter = try Augmenter(
      augmentations, sampleShape: source.featureShape, targetSize: mixedSize, capacity: capacity)
    if augmenter.mixes && labelsAreMixed && source.targetSize > 1 {
      throw Failure.usage(
        "data.augment: mixup mixes one label a sample, but the data has \(source.targetSize); leave it out")
    }
    if augmenter.mixes, let path = source.weightsPath {
      throw Failure.usage(
        "data.augment: mixup mixes samples, which count differently by \(path.shownName); leave it out, or give --set "
          + "data.weights=none")
    }
    if augmenter.mixes, task.loss.ignoredLabel != nil {
      throw Failure.usage(
        "data.augment: mixup mixes labels, of which loss.ignore_index leaves some out; leave out one of the two")
    }
    mixingLoss = augmenter.mixes ? try task.lossOfMixtures() : nil
    distributions = FlatBuffer(count: augmenter.mixes && labelsAreMixed ? capacity * mixedSize : 0)
    mixedTargets = distributions.view
  }

  /// Changes a micro-batch in place.
  ///
  /// - Shapes: as `Augmenter.apply`; `targets` as the data has them.
  func apply(features: BufferView<Float>, targets: BufferView<Float>, sampleIDs: BufferView<Int>, random: RandomSource)
  {
    mixedTargets = targets
    if augmenter.mixes && labelsAreMixed {
      mixedTargets = distributions.view.view(first: sampleIDs.count * outputSize)
      fillOneHot(mixedTargets, labels: targets)
    }
    augmenter.apply(features: features, targets: mixedTargets, sampleIDs: sampleIDs, random: random)
  }

  /// The loss of the last batch compared with mixed targets; nil where nothing mixes.
  func evaluateMixedLoss(outputs: BufferView<Float>, samples: Int, gradient: BufferView<Float>?) -> StepScalars? {
    mixingLoss?.evaluate(outputs: outputs, targets: mixedTargets, samples: samples, gradient: gradient)
  }
}
