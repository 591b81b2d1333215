import Settings

/// The model as the configuration describes it, before the data have given it its sizes.
public enum ModelDescription: Sendable, Equatable {
  /// One of `knownNames`.
  case named(String)
  /// Layers in the order in which a sample passes them.
  case layers([LayerDescription])
  /// A generator and a discriminator.
  case adversarial(AdversarialDescription)

  /// The models that a name alone describes.
  public static let knownNames = [
    "linear", "logistic", "mlp", "cnn", "resnet20", "lstm", "char-lstm", "char-transformer", "autoencoder", "gan",
    "sentiment", "detector", "speech",
  ]

  /// Whether it is a generative adversarial network, whose two networks are trained against each other.
  public var isAdversarial: Bool {
    switch self {
    case .named(let name): name == "gan"
    case .layers: false
    case .adversarial: true
    }
  }

  /// Reads a name, `{ name: … }`, `{ layers: [ … ] }`, a list of layers, or `{ generator: [ … ], discriminator: [ … ], latent: … }`.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(SettingsError) {
    switch value.content {
    case .string: self = .named(try value.requireName(path, of: Self.knownNames))
    case .array: self = .layers(try LayerDescription.list(value, path: path))
    case .object:
      var reader = try SettingsReader(value, path: path)
      let name = try reader.name("name", of: Self.knownNames)
      let layers = reader.value("layers")
      let networks = try AdversarialDescription(&reader)
      try reader.finish()
      switch (name, layers, networks) {
      case (let name?, nil, nil): self = .named(name)
      case (nil, let layers?, nil): self = .layers(try LayerDescription.list(layers, path: reader.path(of: "layers")))
      case (nil, nil, let networks?): self = .adversarial(networks)
      default:
        throw SettingsError(
          "\(path): expected a name, or layers, or a generator and a discriminator: one of the three",
          at: value.position)
      }
    default: throw value.mismatch(path, "a model's name or a list of layers")
    }
  }

  /// The value that reads back as this description.
  public var json: JSONValue {
    switch self {
    case .named(let name): .string(name)
    case .layers(let layers): ["layers": .array(layers.map(\.json))]
    case .adversarial(let networks): networks.json
    }
  }
}

extension ModelDescription: SettingValue {
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> ModelDescription { try ModelDescription(value, path: subject) }

  public func json(_ limits: NoLimits) -> JSONValue { json }
}
