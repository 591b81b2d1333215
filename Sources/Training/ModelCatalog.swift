import Configuration
import NeuralNetwork
import NumericCore

/// Builds models from their names and descriptions in the configuration.
public struct ModelCatalog: Sendable {
  /// Features of one sample.
  public let inputSize: Int
  /// Outputs that data and loss ask for: classes, or target values.
  public let outputSize: Int
  /// For weights whose layer names no other.
  public let initializer: TrainingConfiguration.Initializer

  public init(inputSize: Int, outputSize: Int, initializer: TrainingConfiguration.Initializer = .kaiming) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.initializer = initializer
  }

  /// Hidden units of the model `mlp`.
  public static let mlpHiddenSizes = [512, 256]

  /// Builds the model. Parameters are named as by PyTorch's `nn.Sequential` of the same layers: `0.weight`, `0.bias`, `2.weight`.
  ///
  /// | name | layers |
  /// |---|---|
  /// | `linear`, `logistic` | one affine map |
  /// | `mlp` | dense 512, ReLU, dropout 0.2, dense 256, ReLU, dropout 0.2, dense to the outputs |
  ///
  /// - Throws: where a layer's option is wrong, or the last layer does not give `outputSize` outputs.
  public func makeModel<S: Scalar>(
    _ description: ModelDescription, of type: S.Type = Float.self
  ) throws(ConfigurationError) -> Model<S> {
    try makeModel(layers(of: description))
  }

  /// The number of outputs that a description fixes itself, where its last dense layer has a size.
  public static func declaredOutputSize(_ description: ModelDescription) throws(ConfigurationError) -> Int? {
    guard case .layers(let layers) = description, let last = layers.last(where: { $0.name == "dense" }) else {
      return nil
    }
    var reader = try last.reader()
    return try reader.integer("units", in: .atLeast(1))
  }

  private func layers(of description: ModelDescription) throws(ConfigurationError) -> [LayerDescription] {
    switch description {
    case .layers(let layers): return layers
    case .named("mlp"):
      let hidden: [JSONValue] = Self.mlpHiddenSizes.flatMap { size -> [JSONValue] in
        [["dense": .integer(size)], "relu", ["dropout": 0.2]]
      }
      return try (hidden + ["dense"]).map { layer throws(ConfigurationError) in
        try LayerDescription(layer, path: "model.mlp")
      }
    case .named: return [try LayerDescription("dense", path: "model")]
    }
  }

  private func makeModel<S: Scalar>(_ layers: [LayerDescription]) throws(ConfigurationError) -> Model<S> {
    var builder = ModelBuilder<S>()
    var node = builder.input([inputSize])
    let lastDense = layers.lastIndex { $0.name == "dense" }
    for (index, layer) in layers.enumerated() {
      var options = try layer.reader()
      let name = String(index)
      func activate(_ function: Activation<S>.Function) -> NodeReference {
        builder.add(Activation(function, shape: node.shape), to: node, name: name)
      }
      switch layer.name {
      case "dense":
        let declared = try options.integer("units", in: .atLeast(1))
        guard let units = declared ?? (index == lastDense ? outputSize : nil) else {
          throw options.error("units", "expected the number of units; only the last dense layer may leave it out")
        }
        let law =
          try options.choice("initializer", of: TrainingConfiguration.Initializer.self) ?? initializer
        let dense = Dense<S>(
          inputShape: node.shape, outputSize: units, hasBias: try options.bool("bias") ?? true,
          initializer: law.initializer)
        node = builder.add(dense, to: node, name: name)
      case "relu": node = activate(.relu)
      case "leaky_relu":
        node = activate(.leakyReLU(slope: try options.double("negative_slope", in: .atLeast(0)) ?? 0.01))
      case "tanh": node = activate(.tanh)
      case "sigmoid": node = activate(.sigmoid)
      case "gelu": node = activate(.gelu)
      case "dropout":
        let rate = try options.double("rate", in: .halfOpen(0, 1)) ?? 0.5
        node = builder.add(Dropout(probability: rate, shape: node.shape), to: node, name: name)
      default:
        throw ConfigurationError("\(layer.path): there is no such layer", at: layer.position)
      }
    }
    guard node.shape.elementCount == outputSize else {
      throw ConfigurationError(
        "model: the last layer gives \(node.shape.elementCount) outputs, but the data and the loss need \(outputSize); "
          + "leave the last dense layer's size out, or give \(outputSize)")
    }
    return builder.build(outputs: node)
  }
}

extension TrainingConfiguration.Initializer {
  func initializer(fanIn: Int, fanOut: Int) -> Initializer {
    switch self {
    case .kaiming: .kaimingUniform(fanIn: fanIn)
    case .xavier: .xavierUniform(fanIn: fanIn, fanOut: fanOut)
    case .zero: .zeros
    }
  }
}
