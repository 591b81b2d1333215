/// The model as the configuration describes it, before the data have given it its sizes.
public enum ModelDescription: Sendable, Equatable {
  /// One of `knownNames`.
  case named(String)
  /// Layers in the order in which a sample passes them.
  case layers([LayerDescription])

  /// The models that a name alone describes.
  public static let knownNames = ["linear", "logistic", "mlp", "cnn"]

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
