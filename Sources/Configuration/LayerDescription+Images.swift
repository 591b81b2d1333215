import Settings

extension LayerDescription {
  /// Layers for images, and those that lead to and from them.
  static let imageKinds = [
    Kind(
      name: "conv2d", mainOption: "filters",
      options: filterOptions + [
        ("kernel", .extents(.atLeast(1))), ("stride", .extents(.atLeast(1))), ("padding", .padding),
        ("dilation", .extents(.atLeast(1))),
      ]),
    Kind(
      name: "conv1d", mainOption: "filters",
      options: filterOptions + [
        ("kernel", .integer(.atLeast(1))), ("stride", .integer(.atLeast(1))), ("padding", .padding),
        ("dilation", .integer(.atLeast(1))),
      ]),
    Kind(
      name: "conv_transpose2d", mainOption: "filters",
      options: filterOptions + [
        ("kernel", .extents(.atLeast(1))), ("stride", .extents(.atLeast(1))), ("padding", .extents(.atLeast(0))),
        ("output_padding", .extents(.atLeast(0))), ("dilation", .extents(.atLeast(1))),
      ]),
    Kind(name: "max_pool2d", mainOption: "size", options: poolOptions),
    Kind(name: "average_pool2d", mainOption: "size", options: poolOptions + [("count_padding", .bool)]),
    Kind(name: "global_average_pool"),
    Kind(name: "upsample", mainOption: "scale", options: [("scale", .extents(.atLeast(1)))]),
    Kind(name: "flatten", mainOption: "order", options: [("order", .name(["channels_first", "channels_last"]))]),
    Kind(
      name: "reshape",
      options: [
        ("height", .integer(.atLeast(1))), ("width", .integer(.atLeast(1))), ("length", .integer(.atLeast(1))),
        ("channels", .integer(.atLeast(1))), ("order", .name(["channels_first", "channels_last"])),
      ]),
  ]

  private static let filterOptions: [(name: String, type: OptionType)] = [
    ("filters", .integer(.atLeast(1))), ("groups", .integer(.atLeast(1))), ("bias", .bool),
    ("initializer", .name(InitializationScheme.allCases.map(\.rawValue))),
  ]

  private static let poolOptions: [(name: String, type: OptionType)] = [
    ("size", .extents(.atLeast(1))), ("stride", .extents(.atLeast(1))), ("padding", .extents(.atLeast(0))),
  ]
}

extension SettingsReader {
  /// What a border of zeros is to be.
  public enum Padding: Sendable, Equatable {
    /// As wide as keeps the size where the stride is 1.
    case same
    case extents(height: Int, width: Int)
  }

  /// One number for both axes of an image, or `[height, width]`.
  public mutating func extents(
    _ key: String, in interval: Interval<Int> = .any
  ) throws(SettingsError) -> (height: Int, width: Int)? {
    guard let value = value(key) else { return nil }
    guard case .array(let elements) = value.content else {
      let both = try value.requireInteger(path(of: key), in: interval)
      return (both, both)
    }
    guard elements.count == 2 else { throw value.mismatch(path(of: key), "a number or [height, width]") }
    return (
      try elements[0].requireInteger("\(path(of: key))[0]", in: interval),
      try elements[1].requireInteger("\(path(of: key))[1]", in: interval)
    )
  }

  /// `"same"`, a number of at least 0, or two of them.
  public mutating func padding(_ key: String) throws(SettingsError) -> Padding? {
    guard let value = value(key) else { return nil }
    if case .string = value.content {
      _ = try value.requireName(path(of: key), of: ["same"])
      return .same
    }
    return try extents(key, in: .atLeast(0)).map { .extents(height: $0.height, width: $0.width) }
  }
}
