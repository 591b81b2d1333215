import Diagnostics

/// The model as the configuration describes it, before the data have given it its sizes.
public enum ModelDescription: Sendable, Equatable {
  /// One of `knownNames`.
  case named(String)
  /// Layers in the order in which a sample passes them.
  case layers([LayerDescription])

  /// The models that a name alone describes.
  public static let knownNames = ["linear", "logistic", "mlp"]

  /// Reads a name, `{ name: … }`, `{ layers: [ … ] }` or a list of layers.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(ConfigurationError) {
    switch value.content {
    case .string: self = .named(try value.requireName(path, of: Self.knownNames))
    case .array(let elements): self = try Self.layers(elements, of: value, path: path)
    case .object:
      var reader = try ConfigurationReader(value, path: path)
      let name = try reader.name("name", of: Self.knownNames)
      let list = reader.value("layers")
      let elements = try reader.array("layers")
      try reader.finish()
      switch (name, list, elements) {
      case (let name?, nil, _): self = .named(name)
      case (nil, let list?, let elements?): self = try Self.layers(elements, of: list, path: reader.path(of: "layers"))
      default: throw ConfigurationError("\(path): expected a name or layers, one of the two", at: value.position)
      }
    default: throw value.mismatch(path, "a model's name or a list of layers")
    }
  }

  private static func layers(
    _ elements: [JSONValue], of list: JSONValue, path: String
  ) throws(ConfigurationError) -> ModelDescription {
    guard !elements.isEmpty else { throw list.mismatch(path, "at least one layer") }
    var layers: [LayerDescription] = []
    for (index, element) in elements.enumerated() {
      layers.append(try LayerDescription(element, path: "\(path)[\(index)]"))
    }
    return .layers(layers)
  }

  /// The value that reads back as this description.
  public var json: JSONValue {
    switch self {
    case .named(let name): .string(name)
    case .layers(let layers): ["layers": .array(layers.map(\.json))]
    }
  }
}

/// One layer of a model: a name and options, of which whoever builds the layer checks the values.
///
/// Written as `"relu"`, `{ dense: 128 }` or `{ dense: { units: 128, initializer: "xavier" } }`.
public struct LayerDescription: Sendable, Equatable {
  /// A kind of layer and the options that it takes.
  public struct Kind: Sendable {
    public let name: String
    /// The option that a bare value stands for, if the kind has one: `{ dense: 128 }` gives `units`.
    public let mainOption: String?
    public let options: [String]

    init(_ name: String, main: String? = nil, options: [String] = []) {
      self.name = name
      mainOption = main
      self.options = (main.map { [$0] } ?? []) + options
    }
  }

  /// The layers that a configuration can name.
  public static let kinds = [
    Kind("dense", main: "units", options: ["bias", "initializer"]), Kind("relu"),
    Kind("leaky_relu", main: "negative_slope"), Kind("tanh"), Kind("sigmoid"), Kind("gelu"),
    Kind("dropout", main: "rate"),
  ]

  public let name: String
  /// An object, whose keys are options of the kind.
  public let options: JSONValue
  /// The keys that lead to the options, such as `model.layers[0].dense`, for errors.
  public let path: String
  public let position: SourcePosition?

  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(ConfigurationError) {
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
    let name = try nameValue.requireName(path, of: Self.kinds.map(\.name))
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
    for option in kind?.options ?? [] { _ = reader.value(option) }
    try reader.finish()
  }

  /// A reader of the options, for whoever builds the layer.
  public func reader() throws(ConfigurationError) -> ConfigurationReader {
    try ConfigurationReader(options, path: path)
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
