public import Configuration
public import NumericCore
import Settings

// Layers for images [H, W, C] and sequences [T, C], and those that lead to and from them. Extents are one number for both axes,
// or `Extents(height:width:)`. Options that are nil keep the configuration's defaults.

/// The border of zeros of a convolution.
public enum Padding: Sendable, ExpressibleByIntegerLiteral {
  /// As wide as keeps the size where the stride is 1.
  case same
  case extents(Extents)

  public init(integerLiteral size: Int) { self = .extents(Extents(height: size, width: size)) }

  var json: JSONValue {
    switch self {
    case .same: "same"
    case .extents(let extents): extents.json
    }
  }
}

extension Extents {
  var json: JSONValue { height == width ? .integer(height) : [.integer(height), .integer(width)] }
}

extension JSONValue {
  static func optional(_ value: Bool?) -> JSONValue { value.map(bool) ?? .null }
  static func optional(_ value: Extents?) -> JSONValue { value?.json ?? .null }
  static func optional(_ value: Padding?) -> JSONValue { value?.json ?? .null }
}

/// Convolution of images [H, W, in] to [H′, W′, filters] (cross-correlation, as in PyTorch); kernel 3, stride 1, no padding.
public func conv2d(
  _ filters: Int, kernel: Extents? = nil, stride: Extents? = nil, padding: Padding? = nil, dilation: Extents? = nil,
  groups: Int? = nil, bias: Bool? = nil, initializer: InitializationScheme? = nil
) -> LayerComponent {
  LayerComponent(
    "conv2d",
    [
      "filters": .integer(filters), "kernel": .optional(kernel), "stride": .optional(stride),
      "padding": .optional(padding), "dilation": .optional(dilation), "groups": .optional(groups),
      "bias": .optional(bias), "initializer": .optional(initializer?.rawValue),
    ])
}

/// Convolution of sequences [T, in] to [T′, filters]; kernel 3, stride 1, no padding.
public func conv1d(
  _ filters: Int, kernel: Int? = nil, stride: Int? = nil, padding: Padding? = nil, dilation: Int? = nil,
  groups: Int? = nil, bias: Bool? = nil, initializer: InitializationScheme? = nil
) -> LayerComponent {
  LayerComponent(
    "conv1d",
    [
      "filters": .integer(filters), "kernel": .optional(kernel), "stride": .optional(stride),
      "padding": .optional(padding), "dilation": .optional(dilation), "groups": .optional(groups),
      "bias": .optional(bias), "initializer": .optional(initializer?.rawValue),
    ])
}

/// Transposed convolution of images [H, W, in] to larger ones [H′, W′, filters]; kernel 3, stride 1, no padding.
public func convTranspose2d(
  _ filters: Int, kernel: Extents? = nil, stride: Extents? = nil, padding: Extents? = nil,
  outputPadding: Extents? = nil, dilation: Extents? = nil, groups: Int? = nil, bias: Bool? = nil,
  initializer: InitializationScheme? = nil
) -> LayerComponent {
  LayerComponent(
    "conv_transpose2d",
    [
      "filters": .integer(filters), "kernel": .optional(kernel), "stride": .optional(stride),
      "padding": .optional(padding), "output_padding": .optional(outputPadding), "dilation": .optional(dilation),
      "groups": .optional(groups), "bias": .optional(bias), "initializer": .optional(initializer?.rawValue),
    ])
}

/// The greatest element of each window of `size` (2) in each channel; the stride is the size where none is given.
public func maxPool2d(_ size: Extents? = nil, stride: Extents? = nil, padding: Extents? = nil) -> LayerComponent {
  LayerComponent(
    "max_pool2d", ["size": .optional(size), "stride": .optional(stride), "padding": .optional(padding)])
}

/// The mean of each window of `size` (2) in each channel; the stride is the size where none is given.
///
/// - Parameter countPadding: whether zeros of the border count (true).
public func averagePool2d(
  _ size: Extents? = nil, stride: Extents? = nil, padding: Extents? = nil, countPadding: Bool? = nil
) -> LayerComponent {
  LayerComponent(
    "average_pool2d",
    [
      "size": .optional(size), "stride": .optional(stride), "padding": .optional(padding),
      "count_padding": .optional(countPadding),
    ])
}

/// The mean of each channel: [H, W, C] or [T, C] to [C].
public func globalAveragePool() -> LayerComponent { LayerComponent("global_average_pool") }

/// Repeats each pixel `scale` (2) times along both axes.
public func upsample(_ scale: Extents? = nil) -> LayerComponent {
  LayerComponent("upsample", ["scale": .optional(scale)])
}

/// The order in which the elements of an image stand in a row.
public enum ElementOrdering: String, Sendable {
  /// As PyTorch numbers them: the default for images.
  case channelsFirst = "channels_first"
  /// As they lie in memory: the default for all else.
  case channelsLast = "channels_last"
}

/// One row of all elements.
public func flatten(_ order: ElementOrdering? = nil) -> LayerComponent {
  LayerComponent("flatten", ["order": .optional(order?.rawValue)])
}

/// The same elements as images [height, width, channels]; one channel where none is given.
public func reshape(
  height: Int, width: Int, channels: Int? = nil, order: ElementOrdering? = nil
) -> LayerComponent {
  LayerComponent(
    "reshape",
    [
      "height": .integer(height), "width": .integer(width), "channels": .optional(channels),
      "order": .optional(order?.rawValue),
    ])
}

/// The same elements as sequences [length, channels]; one channel where none is given.
public func reshape(length: Int, channels: Int? = nil, order: ElementOrdering? = nil) -> LayerComponent {
  LayerComponent(
    "reshape",
    ["length": .integer(length), "channels": .optional(channels), "order": .optional(order?.rawValue)])
}
