public import NumericCore
public import Settings

/// A model that a name alone describes. Each stands in a file of its own, or with its family.
public struct NamedModel: Sendable {
  public let name: String
  /// Its layers in words, for `--help`.
  public let summary: String
  /// The name of the task that it is made for; nil where the data tell.
  public let task: String?
  /// Its layers; of two networks those that read the data.
  public let layers: [LayerEntry]

  /// All models that have a name, in the order of `--help`.
  public static let all = [
    linear, logistic, mlp, cnn, resNet20, lstm, characterLSTM, characterTransformer, autoencoder, gan, sentiment,
    detector, speech,
  ]

  init(
    _ name: String, _ summary: String, task: String? = nil, @SequentialBuilder _ layers: () -> [LayerEntry]
  ) {
    (self.name, self.summary, self.task) = (name, summary, task)
    self.layers = LayerEntry.list(layers(), at: "model.\(name)")
  }
}

extension NamedModel: Equatable {
  public static func == (a: NamedModel, b: NamedModel) -> Bool { a.name == b.name }
}

/// A model as it is described before the data have given it its sizes.
public enum ModelDescription: Sendable, Equatable {
  case named(NamedModel)
  /// Layers in the order in which a sample passes them.
  case layers([LayerEntry])
  /// A generator and a discriminator.
  case adversarial(AdversarialDescription)

  /// The models that a name alone describes.
  public static var knownNames: [String] { NamedModel.all.map(\.name) }

  /// Its layers; of two networks those that read the data.
  public var layers: [LayerEntry] {
    switch self {
    case .named(let model): model.layers
    case .layers(let layers): layers
    case .adversarial(let networks): networks.discriminator
    }
  }

  /// The layers of all networks that are written out.
  public var allLayers: [LayerEntry] {
    switch self {
    case .named, .layers: layers
    case .adversarial(let networks): networks.generator + networks.discriminator
    }
  }

  /// The name of the task that it is made for; nil where the data tell.
  public var task: String? {
    switch self {
    case .named(let model): model.task
    case .layers: nil
    case .adversarial: NamedModel.gan.task
    }
  }
}

// MARK: As a setting

extension ModelDescription: SettingValue {
  public static var shorthand: String? { "name" }

  /// Reads a name, `{ name: … }`, `{ layers: [ … ] }`, a list of layers, or
  /// `{ generator: [ … ], discriminator: [ … ], latent: … }`.
  ///
  /// - Parameter path: the keys that lead to `value`, for errors.
  public init(_ value: JSONValue, path: String) throws(SettingsError) {
    switch value.content {
    case .string: self = .named(try NamedModel(value, path))
    case .array: self = .layers(try LayerEntry.list(value, path: path))
    case .object:
      var reader = try SettingsReader(value, path: path)
      let name = reader.value("name")
      let layers = reader.value("layers")
      let networks = try AdversarialDescription(&reader)
      try reader.finish()
      switch (name, layers, networks) {
      case (let name?, nil, nil): self = .named(try NamedModel(name, reader.path(of: "name")))
      case (nil, let layers?, nil): self = .layers(try LayerEntry.list(layers, path: reader.path(of: "layers")))
      case (nil, nil, let networks?): self = .adversarial(networks)
      default:
        let ways = ["layers", "generator", "discriminator"].map { reader.wayOut(leaving: $0, for: "name") }
        throw SettingsError(
          "\(path): expected a name, or layers, or a generator and a discriminator: one of the three"
            + (name == nil ? "" : ways.joined()), at: value.position)
      }
    default: throw value.mismatch(path, "a model's name or a list of layers")
    }
  }

  /// The value that reads back as this description.
  public var json: JSONValue {
    switch self {
    case .named(let model): .string(model.name)
    case .layers(let layers): ["layers": .array(layers.map(\.json))]
    case .adversarial(let networks): networks.json
    }
  }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> ModelDescription { try ModelDescription(value, path: subject) }
  public func json(_ limits: NoLimits) -> JSONValue { json }
}

extension NamedModel {
  fileprivate init(_ value: JSONValue, _ path: String) throws(SettingsError) {
    let name = try value.requireName(path, of: ModelDescription.knownNames)
    guard let model = Self.all.first(where: { $0.name == name }) else { preconditionFailure("\(name) is no model") }
    self = model
  }
}

// MARK: What it asks of the data

extension ModelDescription {
  /// What it takes a sample for: that of its first layer that does not take all samples alike.
  public var inputLayout: InputLayout { Self.inputLayout(layers) ?? .rows }

  private static func inputLayout(_ layers: [LayerEntry]) -> InputLayout? {
    for layer in layers {
      if let layout = layer.description.inputLayout ?? inputLayout(layer.description.innerLayers) { return layout }
    }
    return nil
  }

  /// The number of outputs that it fixes itself, where its last dense layer has a size.
  public var declaredOutputSize: Int? {
    guard case .layers(let layers) = self else { return nil }
    return layers.lazy.compactMap { $0.description as? Dense }.last?.units
  }

  /// Whether it looks for padding among the features themselves.
  public var masksFeatures: Bool { layers.first?.description.masksFeatures == true }

  /// The vectors of the embedding that it begins with; nil where it begins with another layer.
  ///
  /// - Parameter indexCount: the size of an embedding that gives none.
  public func indexLimit(indexCount: Int) -> Int? {
    guard inputLayout == .indices else { return nil }
    return layers.lazy.compactMap { $0.description as? Embedding }.first?.size ?? indexCount
  }
}
