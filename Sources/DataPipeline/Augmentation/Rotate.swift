import NumericCore
public import Settings

/// Turns an image about its centre by up to so many degrees either way; bilinear.
public struct Rotate: Augmentation {
  public var degrees: Double

  public init(degrees: Double = 10) { self.degrees = degrees }

  public init() { self.init(degrees: 10) }

  public static let name = "rotate"
  public static let summary = "turns images about their centre"
  public static let settings: [Setting<Rotate>] = [
    Setting("degrees", \.degrees, .closed(0, 180), "greatest angle either way")
  ]
  public static let needsImages = true
  public static let movesPixels = true

  public func apply(_ batch: AugmentationPass) {
    batch.forEachSample { sample, generator in
      batch.move(sample, ImageMotion(angle: (2 * generator.uniform() - 1) * degrees * .pi / 180))
    }
  }
}
