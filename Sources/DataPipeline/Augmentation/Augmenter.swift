import Basics
public import NumericCore

/// Applies augmentations to batches of one micro-batch size, in their order.
///
/// Every draw is keyed by (seed, step, place in the list, sample), so that a batch has the same bits on any number of
/// ranks and nothing has to be saved to resume. Applying allocates nothing.
public final class Augmenter {
  public let augmentations: [any Augmentation]
  private let sampleSize: Int
  private let image: ImageExtents
  private let scratch: FlatBuffer<Float>
  private let targetScratch: FlatBuffer<Float>
  /// λ of each sample of the last batch.
  private let shares: FlatBuffer<Float>

  /// Whether targets have to be mixed.
  public var mixes: Bool { augmentations.contains { type(of: $0).mixesTargets } }

  /// - Parameters:
  ///   - sampleShape: [H, W, C] or [H, W] of images, any shape otherwise.
  ///   - targetSize: numbers that a sample's target has, as `apply` will get it.
  ///   - capacity: samples of the largest micro-batch.
  /// - Throws: if an augmentation needs images and the samples are none, or leaves nothing of images of that size.
  public init(_ augmentations: [any Augmentation], sampleShape: Shape, targetSize: Int, capacity: Int) throws {
    let isImage = sampleShape.rank == 2 || sampleShape.rank == 3
    if let first = augmentations.first(where: { type(of: $0).needsImages }), !isImage {
      throw Failure.usage(
        "data.augment: \(first.name) needs images, [H, W] or [H, W, C], but a sample has the shape \(sampleShape); "
          + "leave it out")
    }
    self.augmentations = augmentations
    sampleSize = sampleShape.elementCount
    image = ImageExtents(sampleShape)
    for (place, item) in augmentations.enumerated() {
      guard let (key, message) = item.mismatch(image) else { continue }
      throw Failure.usage("data.augment[\(place)].\(item.name).\(key): \(message)")
    }
    scratch = FlatBuffer(count: augmentations.isEmpty ? 0 : sampleSize)
    targetScratch = FlatBuffer(count: augmentations.isEmpty ? 0 : targetSize)
    shares = FlatBuffer(count: augmentations.isEmpty ? 0 : capacity)
  }

  /// Changes a micro-batch in place.
  ///
  /// - Shapes: `features` [n, …] of the sample's shape, `targets` [n, target size], `sampleIDs` [n].
  /// - Parameter random: the source of the step; the augmentation at place i draws from its stream (augmentation, i).
  public func apply(
    features: BufferView<Float>, targets: BufferView<Float>, sampleIDs: BufferView<Int>, random: RandomSource
  ) {
    precondition(
      features.count == sampleIDs.count * sampleSize, "\(features.count) features of \(sampleIDs.count) samples")
    for (place, augmentation) in augmentations.enumerated() {
      augmentation.apply(
        AugmentationPass(
          features: features, targets: targets, sampleIDs: sampleIDs, random: random.stream(.augmentation, place),
          image: image, scratch: scratch.view, targetScratch: targetScratch.view, shares: shares.view))
    }
  }
}
