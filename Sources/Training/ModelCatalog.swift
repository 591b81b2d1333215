import Configuration
import DataPipeline
import NeuralNetwork
import NumericCore
import Settings

/// Builds models from their names and descriptions in the configuration.
public struct ModelCatalog: Sendable {
  /// The shape of one sample's features, channels last where the model reads images or sequences.
  public let inputShape: Shape
  /// Outputs that data and loss ask for: classes, or target values.
  public let outputSize: Int
  /// The numbers that features can be, from 0 on: the vectors of an embedding whose size nobody gave.
  public let indexCount: Int
  /// For weights whose layer names no other.
  public let initializer: InitializationScheme
  /// Layers that descriptions name beside those of the configuration.
  public let customLayers: CustomLayers

  /// - Parameter indexCount: nil for as many as outputs, as where characters follow characters.
  public init(
    inputShape: Shape, outputSize: Int, indexCount: Int? = nil,
    initializer: InitializationScheme = .kaiming, customLayers: CustomLayers = CustomLayers()
  ) {
    self.inputShape = inputShape
    self.outputSize = outputSize
    self.indexCount = indexCount ?? outputSize
    self.initializer = initializer
    self.customLayers = customLayers
  }

  /// Hidden units of the model `mlp`.
  public static let mlpHiddenSizes = [512, 256]

  /// Builds the model. Parameters are named as by PyTorch's `nn.Sequential` of the same layers: `0.weight`, `0.bias`, `2.weight`.
  ///
  /// | name | layers |
  /// |---|---|
  /// | `linear`, `logistic` | one affine map |
  /// | `mlp` | dense 512, ReLU, dropout 0.2, dense 256, ReLU, dropout 0.2, dense to the outputs |
  /// | `cnn` | twice: 3×3 convolution to 32 and 64 channels, ReLU, max-pooling 2×2; then dense 128, ReLU, dense to the outputs |
  /// | `resnet20` | see `resNet20` |
  /// | `autoencoder` | dense 128, ReLU, dense 64, ReLU, dense 8: the code; dense 64, ReLU, dense 128, ReLU, dense to the features |
  /// | `detector` | 3×3 convolutions to 16 channels and, of stride 2, to 32, 64 and 64, ReLU behind each; dense 128, ReLU, dense to K + 4 |
  /// | `lstm` | over the rows of a sample: LSTM 128, its last state, dense to the outputs |
  /// | `speech` | over the frames of a spectrogram: convolution 32 of 5 steps, every second one, ReLU, bidirectional GRU 32, its last states, dense to the outputs |
  /// | `sentiment` | embedding 32 with padding 0, LSTM 32 up to the end of the text, its last state, dense to the outputs |
  /// | `char-lstm` | embedding 64, two LSTM layers of 256 with dropout 0.2 between, dense at each position |
  /// | `char-transformer` | embedding 128 with positions, four transformer blocks of 4 heads, layer norm, dense at each position |
  /// | `gan` | generator and discriminator of images, joined: see `ganGenerator` and `ganDiscriminator` |
  ///
  /// - Throws: where a layer's option is wrong, or the last layer does not give `outputSize` outputs.
  public func makeModel<S: Scalar>(
    _ description: ModelDescription, of type: S.Type = Float.self
  ) throws(SettingsError) -> Model<S> {
    if let networks = try makeAdversarialModel(description, of: type) { return networks.joined }
    let layers = try Self.layers(of: description)
    // Dense layers see a sample as one row of features, whatever its shape.
    let shape: Shape = try Self.sampleForm(layers) ?? .rows == .rows ? [inputShape.elementCount] : inputShape
    var assembly = ModelAssembly<S>(
      inputShape: shape, outputSize: outputSize, indexCount: indexCount, initializer: initializer,
      customLayers: customLayers)
    return try assembly.makeModel(layers)
  }

  /// The number of outputs that a description fixes itself, where its last dense layer has a size.
  public static func declaredOutputSize(_ description: ModelDescription) throws(SettingsError) -> Int? {
    guard case .layers(let layers) = description, let last = layers.last(where: { $0.name == "dense" }) else {
      return nil
    }
    var reader = try last.reader()
    return try reader.integer("units", in: .atLeast(1))
  }

  /// What a model takes a sample for: that of its first layer that is not alike for all.
  public static func sampleForm(_ description: ModelDescription) throws(SettingsError) -> SampleForm {
    try sampleForm(try layers(of: description)) ?? .rows
  }

  private static func sampleForm(_ layers: [LayerDescription]) throws(SettingsError) -> SampleForm? {
    for layer in layers {
      switch layer.name {
      case "conv2d", "conv_transpose2d", "max_pool2d", "average_pool2d", "global_average_pool", "upsample":
        return .images
      case "conv1d", "lstm", "gru", "multi_head_attention", "transformer_block", "positional_embedding", "mask":
        return .sequences
      case "embedding": return .indices
      case "dense", "flatten", "reshape": return .rows
      case "custom":
        var options = try layer.reader()
        if let reading = try options.choice("reads", of: LayerDescription.SampleReading.self) {
          return SampleForm(reading)
        }
      default:
        if let form = try sampleForm(try layer.innerLayers()) { return form }
      }
    }
    return nil
  }

  /// The layers that a description stands for, those of the discriminator where it is of a GAN.
  static func layers(of description: ModelDescription) throws(SettingsError) -> [LayerDescription] {
    switch description {
    case .layers(let layers): return layers
    case .adversarial(let networks): return networks.discriminator
    case .named("gan"): return try descriptions(ganDiscriminator, path: "model.gan.discriminator")
    case .named("mlp"):
      let hidden: [JSONValue] = mlpHiddenSizes.flatMap { size -> [JSONValue] in
        [["dense": .integer(size)], "relu", ["dropout": 0.2]]
      }
      return try descriptions(hidden + ["dense"], path: "model.mlp")
    case .named("resnet20"): return try resNet20()
    case .named("cnn"):
      let blocks: [JSONValue] = [32, 64].flatMap { filters -> [JSONValue] in
        [["conv2d": ["filters": .integer(filters), "kernel": 3, "padding": 1]], "relu", ["max_pool2d": 2]]
      }
      return try descriptions(blocks + ["flatten", ["dense": 128], "relu", "dense"], path: "model.cnn")
    case .named(let name):
      if let layers = sequenceModels[name] ?? taskModels[name] { return try descriptions(layers, path: "model.\(name)") }
      return try descriptions(["dense"], path: "model")
    }
  }

  static func descriptions(_ layers: [JSONValue], path: String) throws(SettingsError) -> [LayerDescription] {
    try layers.map { layer throws(SettingsError) in try LayerDescription(layer, path: path) }
  }
}

extension SampleForm {
  init(_ reading: LayerDescription.SampleReading) {
    switch reading {
    case .rows: self = .rows
    case .images: self = .images
    case .sequences: self = .sequences
    case .indices: self = .indices
    }
  }
}

extension InitializationScheme {
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
