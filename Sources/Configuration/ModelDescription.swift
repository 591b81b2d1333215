/// The model as the configuration describes it, before the data have given it its sizes.
public enum ModelDescription: Sendable, Equatable {
  /// One of `knownNames`.
  case named(String)
  /// Layers in the order in which a sample passes them.
  case layers([LayerDescription])

  /// The models that a name alone describes.
  public static let knownNames = [
    "linear", "logistic", "mlp", "cnn", "resnet20", "lstm", "speech", "sentiment", "char-lstm", "char-transformer",
  ]

  /// Reads a name, `{ name: … }`, `{ layers: [ … ] }` or a list of layers.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(ConfigurationError) {
    switch value.content {
    case .string: self = .named(try value.requireName(path, of: Self.knownNames))
    case .array: self = .layers(try LayerDescription.list(value, path: path))
    case .object:
      var reader = try ConfigurationReader(value, path: path)
      let name = try reader.name("name", of: Self.knownNames)
      let layers = reader.value("layers")
      try reader.finish()
      switch (name, layers) {
      case (let name?, nil): self = .named(name)
      case (nil, let layers?): self = .layers(try LayerDescription.list(layers, path: reader.path(of: "layers")))
      default: throw ConfigurationError("\(path): expected a name or layers, one of the two", at: value.position)
      }
    default: throw value.mismatch(path, "a model's name or a list of layers")
    }
  }

  /// The value that reads back as this description.
  public var json: JSONValue {
    switch self {
    case .named(let name): .string(name)
    case .layers(let layers): ["layers": .array(layers.map(\.json))]
    }
  }
}
