import NumericCore
public import Settings

/// Pads an image with p pixels on each side and cuts out a window of its own size, at any place alike.
public struct Crop: Augmentation {
  /// p.
  public var padding: Int

  public init(padding: Int = 4) { self.padding = padding }

  public init() { self.init(padding: 4) }

  public static let name = "crop"
  public static let summary = "cuts a window of the image's size out of the padded image"
  public static let settings: [Setting<Crop>] = [
    Setting("padding", \.padding, .atLeast(1), "pixels of padding on each side")
  ]
  public static let needsImages = true
  public static let movesPixels = true

  public func mismatch(_ image: ImageExtents) -> (key: String, message: String)? {
    let most = min(image.height, image.width)
    return padding <= most ? nil : ("padding", "expected at most \(most) for \(image.words), found \(padding)")
  }

  public func apply(_ batch: AugmentationPass) {
    let places = UInt32(2 * padding + 1), image = batch.image
    batch.forEachSample { sample, generator in
      let down = Int(generator.next(upperBound: places)) - padding
      let right = Int(generator.next(upperBound: places)) - padding
      copy(sample, into: batch.scratch)
      moveImage(
        batch.scratch, height: image.height, width: image.width, channels: image.channels, down: down, right: right,
        into: sample)
    }
  }
}
