import NumericCore
public import Settings

/// Moves an image down and right by up to so large a fraction of its height and width, either way; bilinear.
public struct Shift: Augmentation {
  public var fraction: Double

  public init(fraction: Double = 0.1) { self.fraction = fraction }

  public init() { self.init(fraction: 0.1) }

  public static let name = "shift"
  public static let summary = "moves images up, down, left and right"
  public static let settings: [Setting<Shift>] = [
    Setting("fraction", \.fraction, .halfOpen(0, 1), "greatest way, as a share of the image")
  ]
  public static let needsImages = true
  public static let movesPixels = true

  public func apply(_ batch: AugmentationPass) {
    batch.forEachSample { sample, generator in
      let down = (2 * generator.uniform() - 1) * fraction * Double(batch.image.height)
      let right = (2 * generator.uniform() - 1) * fraction * Double(batch.image.width)
      batch.move(sample, ImageMotion(down: down, right: right))
    }
  }
}
