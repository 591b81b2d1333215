public import NumericCore
public import Settings

/// One random change of the samples of a training batch, in one file with its settings. Pixels that come from outside
/// an image are 0 in scaled features.
public protocol Augmentation: Configurable {
  /// Whether it needs images. Default: no.
  static var needsImages: Bool { get }
  /// Whether things in an image change their place. Default: no.
  static var movesPixels: Bool { get }
  /// Whether it mixes the targets too. Default: no.
  static var mixesTargets: Bool { get }

  /// What makes nonsense of its settings for images of that size: a key, and what was expected. Default: nothing.
  func mismatch(_ image: ImageExtents) -> (key: String, message: String)?
  /// Changes a micro-batch in place. Allocates nothing.
  func apply(_ batch: AugmentationPass)
}

extension Augmentation {
  public static var needsImages: Bool { false }
  public static var movesPixels: Bool { false }
  public static var mixesTargets: Bool { false }
  public func mismatch(_ image: ImageExtents) -> (key: String, message: String)? { nil }
}

/// The augmentations that a configuration can name.
public enum AugmentationCatalog {
  public static let all = Catalog(
    [Flip.self, Crop.self, Shift.self, Rotate.self, Cutout.self, Noise.self, Mixup.self]
  ) { $0 as? any Augmentation }
}

/// A list of augmentations as a configuration gives it: `["flip", { crop: { padding: 4 } }]`.
public struct AugmentationList: SettingValue, Equatable {
  public var items: [any Augmentation]

  public init(_ items: [any Augmentation] = []) { self.items = items }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> AugmentationList {
    var items: [any Augmentation] = []
    for (index, element) in (try value.requireArray(subject)).enumerated() {
      items.append(
        try AugmentationCatalog.all.readTagged(
          element, path: "\(subject)[\(index)]", noun: "an augmentation, such as \"flip\" or { crop: { padding: 4 } }"
        ).item)
    }
    return AugmentationList(items)
  }

  /// All settings of each: what a run did to its samples should not depend on a later default.
  public func json(_ limits: NoLimits) -> JSONValue {
    .array(items.map { .object([JSONValue.Member($0.name, .object($0.members))]) })
  }

  public static func words(for limits: NoLimits) -> String { "list" }
  public static func == (a: AugmentationList, b: AugmentationList) -> Bool { a.json(.any) == b.json(.any) }
}

/// A micro-batch under augmentation, and the memory that an augmentation may use.
public struct AugmentationPass {
  /// [n, …] of the sample's shape.
  public let features: BufferView<Float>
  /// [n, target size].
  public let targets: BufferView<Float>
  /// [n], the keys of per-sample randomness.
  public let sampleIDs: BufferView<Int>
  /// Of this step and this augmentation's place in the list.
  public let random: RandomSource
  public let image: ImageExtents
  /// One sample.
  public let scratch: BufferView<Float>
  /// One target.
  public let targetScratch: BufferView<Float>
  /// One number for each sample.
  public let shares: BufferView<Float>

  /// Calls `change` for each sample with its features and random numbers of its own.
  func forEachSample(_ change: (_ sample: BufferView<Float>, _ generator: inout RandomSource.Generator) -> Void) {
    for sample in sampleIDs.indices {
      var generator = RandomSource.Generator(source: random, substream: sampleIDs[sample])
      change(features.view(sample * scratch.count..<(sample + 1) * scratch.count), &generator)
    }
  }

  /// Moves an image by a motion, bilinear.
  func move(_ sample: BufferView<Float>, _ motion: ImageMotion) {
    copy(sample, into: scratch)
    moveImage(
      scratch, height: image.height, width: image.width, channels: image.channels, by: motion, into: sample)
  }
}

/// The extents of an image, channels last; of other samples one row of features.
public struct ImageExtents: Sendable {
  public let height: Int, width: Int, channels: Int

  init(_ shape: Shape) {
    let isImage = shape.rank == 2 || shape.rank == 3
    height = isImage ? shape[0] : 1
    width = isImage ? shape[1] : shape.elementCount
    channels = shape.rank == 3 ? shape[2] : 1
  }

  var words: String { "images of \(height)×\(width)" }
}
