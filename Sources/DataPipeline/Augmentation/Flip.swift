import NumericCore
public import Settings

/// Mirrors an image with a probability.
public struct Flip: Augmentation {
  /// The axis along which an image is reversed.
  public enum Axis: String, SettingChoice {
    case horizontal, vertical
  }

  public var probability: Double
  public var axis: Axis

  public init(probability: Double = 0.5, axis: Axis = .horizontal) {
    self.probability = probability
    self.axis = axis
  }

  public init() { self.init(probability: 0.5) }

  public static let name = "flip"
  public static let summary = "mirrors images"
  public static let settings: [Setting<Flip>] = [
    Setting("probability", \.probability, .closed(0, 1), "share of the samples"),
    Setting("axis", \.axis, "along which an image is reversed"),
  ]
  public static let needsImages = true
  public static let movesPixels = true

  public func apply(_ batch: AugmentationPass) {
    batch.forEachSample { sample, generator in
      guard generator.uniform() < probability else { return }
      switch axis {
      case .horizontal: flipColumns(sample, width: batch.image.width, channels: batch.image.channels)
      case .vertical: flipRows(sample, rowSize: batch.image.width * batch.image.channels)
      }
    }
  }
}
