import Settings

extension TrainingConfiguration {
  /// One random change of the samples of a training batch.
  ///
  /// Written as `"flip"` or `{ crop: { padding: 4 } }`.
  public enum Augmentation: Sendable, Equatable {
    /// The axis along which an image is reversed.
    public enum Axis: String, CaseIterable, Sendable {
      case horizontal, vertical
    }

    /// Mirrors an image with a probability.
    case flip(probability: Double, axis: Axis)
    /// Pads an image by so many pixels on each side and cuts out a window of its own size.
    case crop(padding: Int)
    /// Moves an image by up to so large a fraction of its height and width.
    case shift(fraction: Double)
    /// Turns an image by up to so many degrees.
    case rotate(degrees: Double)
    /// Clears a square of so many pixels a side.
    case cutout(size: Int)
    /// Adds Gaussian noise to every feature.
    case noise(standardDeviation: Double)
    /// Mixes each sample with another one; Beta(α, α) gives the share.
    case mixup(alpha: Double)

    /// The names, in the order of the cases.
    public static let knownNames = ["flip", "crop", "shift", "rotate", "cutout", "noise", "mixup"]
  }
}

extension TrainingConfiguration.Augmentation {
  /// - Parameter path: the keys that lead to `value`, for errors.
  init(_ value: JSONValue, path: String) throws(SettingsError) {
    let nameValue: JSONValue
    var options = JSONValue.null
    switch value.content {
    case .string: nameValue = value
    case .object(let members) where members.count == 1:
      nameValue = JSONValue(.string(members[0].key), at: members[0].keyPosition)
      options = members[0].value
    default: throw value.mismatch(path, "an augmentation, such as \"flip\" or { crop: { padding: 4 } }")
    }
    let name = try nameValue.requireName(path, of: Self.knownNames)
    var reader = try SettingsReader(options, path: "\(path).\(name)")
    switch name {
    case "flip":
      self = .flip(
        probability: try reader.double("probability", in: .closed(0, 1)) ?? 0.5,
        axis: try reader.choice("axis") ?? .horizontal)
    case "crop": self = .crop(padding: try reader.integer("padding", in: .atLeast(1)) ?? 4)
    case "shift": self = .shift(fraction: try reader.double("fraction", in: .halfOpen(0, 1)) ?? 0.1)
    case "rotate": self = .rotate(degrees: try reader.double("degrees", in: .closed(0, 180)) ?? 10)
    case "cutout": self = .cutout(size: try reader.integer("size", in: .atLeast(1)) ?? 8)
    case "noise":
      self = .noise(standardDeviation: try reader.double("standard_deviation", in: .atLeast(0)) ?? 0.1)
    default: self = .mixup(alpha: try reader.double("alpha", in: .above(0)) ?? 0.2)
    }
    try reader.finish()
  }

  var name: String {
    switch self {
    case .flip: "flip"
    case .crop: "crop"
    case .shift: "shift"
    case .rotate: "rotate"
    case .cutout: "cutout"
    case .noise: "noise"
    case .mixup: "mixup"
    }
  }

  /// The value that reads back as this augmentation.
  var json: JSONValue {
    let options: JSONValue =
      switch self {
      case .flip(let probability, let axis): ["probability": .number(probability), "axis": .string(axis.rawValue)]
      case .crop(let padding): ["padding": .integer(padding)]
      case .shift(let fraction): ["fraction": .number(fraction)]
      case .rotate(let degrees): ["degrees": .number(degrees)]
      case .cutout(let size): ["size": .integer(size)]
      case .noise(let standardDeviation): ["standard_deviation": .number(standardDeviation)]
      case .mixup(let alpha): ["alpha": .number(alpha)]
      }
    return .object([JSONValue.Member(name, options)])
  }
}
