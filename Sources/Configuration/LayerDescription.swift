import Settings

/// One layer of a model: a name and options of the right type and range.
///
/// Written as `"relu"`, `{ dense: 128 }` or `{ dense: { units: 128, initializer: "xavier" } }`.
public struct LayerDescription: Sendable, Equatable {
  /// What an option of a layer must be.
  enum OptionType: Sendable {
    case integer(Interval<Int>)
    case number(Interval<Double>)
    case bool
    case text
    case name([String])
    /// One number for both axes of an image, or [height, width].
    case extents(Interval<Int>)
    /// The same, or "same".
    case padding
    /// A list of layers.
    case layers
    /// Lists of layers.
    case branches
  }

  /// A kind of layer and the options that it takes.
  struct Kind: Sendable {
    let name: String
    /// The option that a bare value stands for, if the kind has one: `{ dense: 128 }` gives `units`.
    var mainOption: String?
    var options: [(name: String, type: OptionType)] = []
    /// Options that must be given, and what is expected of them.
    var required: [(name: String, expected: String)] = []
  }

  private static let kinds = commonKinds + normalizationKinds + blockKinds + imageKinds + sequenceKinds + customKinds

  private static let commonKinds = [
    Kind(
      name: "dense", mainOption: "units",
      options: [
        ("units", .integer(.atLeast(1))), ("bias", .bool),
        ("initializer", .name(InitializationScheme.allCases.map(\.rawValue))),
      ]),
    Kind(name: "relu"),
    Kind(name: "leaky_relu", mainOption: "negative_slope", options: [("negative_slope", .number(.atLeast(0)))]),
    Kind(name: "tanh"),
    Kind(name: "sigmoid"),
    Kind(name: "gelu"),
    Kind(name: "elu", mainOption: "alpha", options: [("alpha", .number(.atLeast(0)))]),
    Kind(name: "silu"),
    Kind(name: "softmax"),
    Kind(name: "dropout", mainOption: "rate", options: [("rate", .number(.halfOpen(0, 1)))]),
  ]

  /// The layers that a configuration can name.
  public static var knownNames: [String] { kinds.map(\.name) }

  public let name: String
  /// An object, whose keys are options of the kind.
  public let options: JSONValue
  /// The keys that lead to the options, such as `model.layers[0].dense`, for errors.
  public let path: String
  public let position: SourcePosition?

  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(SettingsError) {
    let nameValue: JSONValue
    let given: JSONValue
    switch value.content {
    case .string:
      nameValue = value
      given = .null
    case .object(let members) where members.count == 1:
      nameValue = JSONValue(.string(members[0].key), at: members[0].keyPosition)
      given = members[0].value
    default: throw value.mismatch(path, "a layer, such as \"relu\" or { dense: 128 }")
    }
    let name = try nameValue.requireName(path, of: Self.knownNames)
    let kind = Self.kinds.first { $0.name == name }
    self.name = name
    self.path = "\(path).\(name)"
    position = value.position
    switch given.content {
    case .null: options = .object([])
    case .object: options = given
    default:
      guard let mainOption = kind?.mainOption else { throw given.mismatch(self.path, "no value: it has no options") }
      options = JSONValue(.object([JSONValue.Member(mainOption, given)]), at: given.position)
    }
    var reader = try reader()
    for option in kind?.options ?? [] {
      switch option.type {
      case .integer(let interval): _ = try reader.integer(option.name, in: interval)
      case .number(let interval): _ = try reader.double(option.name, in: interval)
      case .bool: _ = try reader.bool(option.name)
      case .text: _ = try reader.string(option.name)
      case .name(let known): _ = try reader.name(option.name, of: known)
      case .extents(let interval): _ = try reader.extents(option.name, in: interval)
      case .padding: _ = try reader.padding(option.name)
      case .layers: _ = try reader.layers(option.name)
      case .branches: _ = try reader.branches(option.name)
      }
    }
    if let missing = kind?.required.first(where: { reader.value($0.name) == nil }) {
      throw reader.error(missing.name, "expected \(missing.expected)")
    }
    try reader.finish()
  }

  /// A reader of the options, for whoever builds the layer.
  public func reader() throws(SettingsError) -> SettingsReader {
    try SettingsReader(options, path: path)
  }

  /// The value that reads back as this description.
  public var json: JSONValue {
    options == .object([]) ? .string(name) : .object([JSONValue.Member(name, options)])
  }

  /// Descriptions compare by what they describe, not by where they were written.
  public static func == (a: LayerDescription, b: LayerDescription) -> Bool {
    a.name == b.name && a.options == b.options
  }
}
