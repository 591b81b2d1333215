import Configuration
import NeuralNetwork
import NumericCore

/// Builds models from their names and descriptions in the configuration.
public struct ModelCatalog: Sendable {
  /// The shape of one sample's features.
  public let inputShape: Shape
  /// Outputs that data and loss ask for: classes, or target values.
  public let outputSize: Int
  /// For weights whose layer names no other.
  public let initializer: TrainingConfiguration.Initializer

  public init(inputShape: Shape, outputSize: Int, initializer: TrainingConfiguration.Initializer = .kaiming) {
    self.inputShape = inputShape
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
    var assembly = ModelAssembly<S>(inputShape: inputShape, outputSize: outputSize, initializer: initializer)
    return try assembly.makeModel(Self.layers(of: description))
  }

  /// The number of outputs that a description fixes itself, where its last dense layer has a size.
  public static func declaredOutputSize(_ description: ModelDescription) throws(ConfigurationError) -> Int? {
    guard case .layers(let layers) = description, let last = layers.last(where: { $0.name == "dense" }) else {
      return nil
    }
    var reader = try last.reader()
    return try reader.integer("units", in: .atLeast(1))
  }

  /// The layers that a description stands for.
  static func layers(of description: ModelDescription) throws(ConfigurationError) -> [LayerDescription] {
    switch description {
    case .layers(let layers): return layers
    case .named("mlp"):
      let hidden: [JSONValue] = mlpHiddenSizes.flatMap { size -> [JSONValue] in
        [["dense": .integer(size)], "relu", ["dropout": 0.2]]
      }
      return try (hidden + ["dense"]).map { layer throws(ConfigurationError) in
        try LayerDescription(layer, path: "model.mlp")
      }
    case .named: return [try LayerDescription("dense", path: "model")]
    }
  }
}

extension TrainingConfiguration.Initializer {
  func initializer(fanIn: Int, fanOut: Int) -> Initializer {
    switch self {
    case .kaiming, .kaimingUniform: .kaimingUniform(fanIn: fanIn)
    case .kaimingNormal: .kaimingNormal(fanIn: fanIn)
    case .xavier, .xavierUniform: .xavierUniform(fanIn: fanIn, fanOut: fanOut)
    case .xavierNormal: .xavierNormal(fanIn: fanIn, fanOut: fanOut)
    case .orthogonal: .orthogonal
    case .truncatedNormal: .truncatedNormal(standardDeviation: 0.02)
    case .zero: .zeros
    }
  }
}
