public import NumericCore

/// One random change of the samples of a training batch. Pixels that come from outside an image are 0 in scaled
/// features.
public enum Augmentation: Sendable, Equatable {
  public enum Axis: Sendable {
    case horizontal, vertical
  }

  /// Mirrors an image with probability p.
  case flip(probability: Double, axis: Axis)
  /// Pads an image with p pixels on each side and cuts out a window of its own size, at any place alike.
  case crop(padding: Int)
  /// Moves an image down and right by up to so large a fraction of its height and width, either way; bilinear.
  case shift(fraction: Double)
  /// Turns an image about its centre by up to so many degrees either way; bilinear.
  case rotate(degrees: Double)
  /// Clears a square around a pixel anywhere in the image, as far as it lies in it (DeVries and Taylor 2017).
  case cutout(size: Int)
  /// Adds Gaussian noise to every feature.
  case noise(standardDeviation: Double)
  /// Makes each sample λ · itself + (1 − λ) · the next one of its micro-batch, its target alike, λ from Beta(α, α)
  /// (Zhang et al. 2018). The order of a micro-batch is random, so the next is any sample; the last one's next is the
  /// first.
  case mixup(alpha: Double)

  /// Whether it needs images.
  public var needsImages: Bool {
    switch self {
    case .flip, .crop, .shift, .rotate, .cutout: true
    case .noise, .mixup: false
    }
  }

  /// Whether things in an image change their place.
  public var movesPixels: Bool {
    switch self {
    case .flip, .crop, .shift, .rotate: true
    case .cutout, .noise, .mixup: false
    }
  }

  /// As in a configuration.
  public var name: String { String("\(self)".prefix { $0 != "(" }) }
}

/// Applies augmentations to batches of one micro-batch size, in their order.
///
/// Every draw is keyed by (seed, step, place in the list, sample), so that a batch has the same bits on any number of
/// ranks and nothing has to be saved to resume. Applying allocates nothing.
public final class Augmenter {
  public let augmentations: [Augmentation]
  private let sampleSize: Int
  private let height: Int, width: Int, channels: Int
  private let scratch: FlatBuffer<Float>
  private let targetScratch: FlatBuffer<Float>
  /// λ of each sample of the last batch.
  private let shares: FlatBuffer<Float>

  /// Whether targets have to be mixed.
  public var mixes: Bool { augmentations.contains { if case .mixup = $0 { true } else { false } } }

  /// - Parameters:
  ///   - sampleShape: [H, W, C] or [H, W] of images, any shape otherwise.
  ///   - targetSize: numbers that a sample's target has, as `apply` will get it.
  ///   - capacity: samples of the largest micro-batch.
  /// - Throws: if an augmentation needs images and the samples are none.
  public init(
    _ augmentations: [Augmentation], sampleShape: Shape, targetSize: Int, capacity: Int
  ) throws(DataError) {
    let isImage = sampleShape.rank == 2 || sampleShape.rank == 3
    if let first = augmentations.first(where: \.needsImages), !isImage {
      throw DataError(
        "data.augment: \(first.name) needs images, [H, W] or [H, W, C], but a sample has the shape \(sampleShape); leave it out",
        exitCode: .usage)
    }
    self.augmentations = augmentations
    sampleSize = sampleShape.elementCount
    height = isImage ? sampleShape[0] : 1
    width = isImage ? sampleShape[1] : sampleSize
    channels = sampleShape.rank == 3 ? sampleShape[2] : 1
    scratch = FlatBuffer(count: augmentations.isEmpty ? 0 : sampleSize)
    targetScratch = FlatBuffer(count: augmentations.isEmpty ? 0 : targetSize)
    shares = FlatBuffer(count: augmentations.isEmpty ? 0 : capacity)
  }

  /// Changes a micro-batch in place.
  ///
  /// - Shapes: `features` [n, …] of the sample's shape, `targets` [n, target size], `sampleIDs` [n].
  /// - Parameter random: the source of the step; the augmentation at place i draws from its stream (augmentation, i).
  public func apply(
    features: Window<Float>, targets: Window<Float>, sampleIDs: Window<Int>, random: RandomSource
  ) {
    precondition(
      features.count == sampleIDs.count * sampleSize, "\(features.count) features of \(sampleIDs.count) samples")
    for (place, augmentation) in augmentations.enumerated() {
      let source = random.stream(.augmentation, place)
      if case .mixup(let alpha) = augmentation {
        mix(features, targets, sampleIDs, source, alpha)
        continue
      }
      for sample in sampleIDs.indices {
        change(
          features.window(sample * sampleSize..<(sample + 1) * sampleSize), augmentation, source, sampleIDs[sample])
      }
    }
  }

  private func change(_ image: Window<Float>, _ augmentation: Augmentation, _ source: RandomSource, _ id: Int) {
    var generator = RandomSource.Generator(source: source, substream: id)
    switch augmentation {
    case .flip(let probability, let axis):
      guard generator.uniform() < probability else { return }
      switch axis {
      case .horizontal: flipColumns(image, width: width, channels: channels)
      case .vertical: flipRows(image, rowSize: width * channels)
      }
    case .crop(let padding):
      let places = UInt32(2 * padding + 1)
      let down = Int(generator.next(upperBound: places)) - padding
      let right = Int(generator.next(upperBound: places)) - padding
      copy(image, into: scratch.window)
      moveImage(
        scratch.window, height: height, width: width, channels: channels, down: down, right: right, into: image)
    case .shift(let fraction):
      let down = (2 * generator.uniform() - 1) * fraction * Double(height)
      let right = (2 * generator.uniform() - 1) * fraction * Double(width)
      move(image, ImageMotion(down: down, right: right))
    case .rotate(let degrees):
      move(image, ImageMotion(angle: (2 * generator.uniform() - 1) * degrees * .pi / 180))
    case .cutout(let size):
      let y = Int(generator.next(upperBound: UInt32(height))), x = Int(generator.next(upperBound: UInt32(width)))
      clearSquare(
        image, height: height, width: width, channels: channels, top: y - size / 2, left: x - size / 2, size: size)
    case .noise(let standardDeviation):
      source.addNormal(to: image, standardDeviation: standardDeviation, substream: id)
    case .mixup: break
    }
  }

  private func move(_ image: Window<Float>, _ motion: ImageMotion) {
    copy(image, into: scratch.window)
    moveImage(scratch.window, height: height, width: width, channels: channels, by: motion, into: image)
  }

  /// Row by row from the first on, the next row still as it was; the first row's copy is the last one's next.
  private func mix(
    _ features: Window<Float>, _ targets: Window<Float>, _ sampleIDs: Window<Int>, _ source: RandomSource,
    _ alpha: Double
  ) {
    for sample in sampleIDs.indices {
      var generator = RandomSource.Generator(source: source, substream: sampleIDs[sample])
      shares.window[sample] = Float(generator.symmetricBeta(alpha))
    }
    mixRows(of: features, size: sampleSize, count: sampleIDs.count, keeping: scratch.window)
    mixRows(of: targets, size: targetScratch.count, count: sampleIDs.count, keeping: targetScratch.window)
  }

  private func mixRows(of rows: Window<Float>, size: Int, count: Int, keeping first: Window<Float>) {
    precondition(rows.count == size * count, "\(rows.count) elements for \(count) rows of \(size)")
    guard count > 1 else { return }
    copy(rows.window(first: size), into: first)
    for row in 0..<count {
      let next = row + 1 < count ? rows.window((row + 1) * size..<(row + 2) * size) : first
      NumericCore.mix(next, into: rows.window(row * size..<(row + 1) * size), share: shares.window[row])
    }
  }
}
