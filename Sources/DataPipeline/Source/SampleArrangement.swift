import Basics
public import NumericCore
public import Settings

/// Where the channels of an image, or the features of a step, stand in a file.
public enum ChannelLayout: String, SettingChoice {
  /// To be guessed from the shape.
  case auto
  case channelsFirst = "channels_first"
  case channelsLast = "channels_last"
}

/// How the features of a sample lie in memory, where that is not as in the file.
struct SampleArrangement: Sendable {
  /// Channels last.
  let shape: Shape
  /// Whether the file has the channels first.
  let isTransposed: Bool
}

/// How the features of a sample lie in a file.
public struct FeatureStorage: Sendable, Equatable {
  public let shape: Shape
  /// Whether the channels, which are last in memory, are first in the file.
  public let isChannelsFirst: Bool

  public init(shape: Shape, isChannelsFirst: Bool) {
    self.shape = shape
    self.isChannelsFirst = isChannelsFirst
  }
}

extension DataSource {
  /// The same samples with their channels last, as layers for sequences and images read them.
  ///
  /// - Rows stay as they are. Sequences are [T, F], or [T] for one feature a step.
  /// - Images are [H, W] for one channel, [C, H, W] or [H, W, C]. Guessed from three extents: channels first where the
  ///   first is 1, 3 or 4 and smaller than the others, otherwise channels last where the last is 1, 3 or 4.
  ///
  /// - Throws: where the samples have another number of axes, or their layout cannot be guessed.
  public func arranged(as inputLayout: InputLayout, _ layout: ChannelLayout) throws -> DataSource {
    var arranged = self
    for (name, split) in splits { arranged.splits[name] = try split.arranged(as: inputLayout, layout) }
    return arranged
  }
}

extension SplitSource {
  func arranged(as inputLayout: InputLayout, _ layout: ChannelLayout) throws -> SplitSource {
    var result = self
    result.arrangement = try arrangement(as: inputLayout, layout)
    return result
  }

  private func arrangement(as inputLayout: InputLayout, _ layout: ChannelLayout) throws -> SampleArrangement? {
    let shape = parts[0].features.shape
    switch (inputLayout, shape.rank) {
    case (.rows, _), (.indices, _): return nil
    case (.sequences, 1), (.images, 2): return SampleArrangement(shape: Shape(shape.extents + [1]), isTransposed: false)
    case (.sequences, 2): return channelsLast(shape, isFirst: layout == .channelsFirst)
    case (.images, 3):
      return channelsLast(shape, isFirst: layout == .auto ? try guess(shape) : layout == .channelsFirst)
    default:
      let (noun, expected, option) =
        inputLayout == .images
        ? ("images", "[H, W], [C, H, W] or [H, W, C]", "{ height: …, width: …, channels: … }")
        : ("sequences", "[T] or [T, F]", "{ length: …, channels: … }")
      throw Failure.data(
        "\(place(.features, row: 0)): the model reads \(noun), expected samples of \(expected), found \(shape); use "
          + "a model for rows of numbers, such as mlp, or one of layers that begin with { reshape: \(option) } if "
          + "these are \(noun) written as rows")
    }
  }

  private func channelsLast(_ shape: Shape, isFirst: Bool) -> SampleArrangement {
    guard isFirst else { return SampleArrangement(shape: shape, isTransposed: false) }
    return SampleArrangement(shape: Shape(shape.extents.dropFirst() + [shape[0]]), isTransposed: true)
  }

  /// Whether the channels are first in `shape`.
  private func guess(_ shape: Shape) throws -> Bool {
    let usual = [1, 3, 4]
    if usual.contains(shape[0]) && shape[0] < shape[1] && shape[0] < shape[2] { return true }
    if usual.contains(shape[2]) { return false }
    throw Failure.usage(
      "\(place(.features, row: 0)): samples of \(shape) do not show where the channels are; say it with --set "
        + "data.layout=channels_first or --set data.layout=channels_last")
  }
}
