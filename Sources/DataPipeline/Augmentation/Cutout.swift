import NumericCore
public import Settings

/// Clears a square around a pixel anywhere in the image, clipped to the image (DeVries and Taylor 2017).
public struct Cutout: Augmentation {
  public var size: Int

  public init(size: Int = 8) { self.size = size }

  public init() { self.init(size: 8) }

  public static let name = "cutout"
  public static let summary = "clears a square of an image"
  public static let settings: [Setting<Cutout>] = [Setting("size", \.size, .atLeast(1), "pixels a side")]
  public static let needsImages = true

  public func mismatch(_ image: ImageExtents) -> (key: String, message: String)? {
    let limit = 2 * max(image.height, image.width)
    return size < limit
      ? nil : ("size", "expected less than \(limit), which would clear \(image.words) whole, found \(size)")
  }

  public func apply(_ batch: AugmentationPass) {
    let image = batch.image
    batch.forEachSample { sample, generator in
      let y = Int(generator.next(upperBound: UInt32(image.height)))
      let x = Int(generator.next(upperBound: UInt32(image.width)))
      clearSquare(
        sample, height: image.height, width: image.width, channels: image.channels, top: y - size / 2,
        left: x - size / 2, size: size)
    }
  }
}
