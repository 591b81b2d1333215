import Training
import NeuralNetwork
import NumericCore
import Settings
import Testing

/// Each layer of the catalog, read from a configuration with settings that are not the defaults, against the layer made
/// with these values.
@Suite("Layers are what their names say")
struct LayerCatalogTests {
  /// One layer with some of its settings.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// As in a configuration.
    let settings: String
    let input: Shape
    /// The built layers by name; it is number 1, behind a ReLU.
    let layers: [String: any Layer<Double>]
    var testDescription: String { "\(name): \(settings)" }

    init(_ name: String, _ settings: String, _ input: Shape, _ layers: [String: any Layer<Double>]) {
      (self.name, self.settings, self.input, self.layers) = (name, settings, input, layers)
    }

    var text: String { "{ \(name): { \(settings) } }" }
  }

  /// The layer as the second of a configuration.
  static func entry(_ text: String) throws -> LayerEntry {
    try configuration("{ layers: ['relu', \(text)] }").model.layers[1]
  }

  static let customLayers: CustomLayers = {
    var layers = CustomLayers()
    layers["Twin"] = { SoftmaxLayer<Float>(shape: $0) }
    return layers
  }()

  static func activation(_ function: ActivationLayer<Double>.Function, _ shape: Shape) -> ActivationLayer<Double> {
    ActivationLayer(function, shape: shape)
  }

  static let image: Shape = [8, 9, 4], sequence: Shape = [6, 4], row: Shape = [12]

  static let cases: [Case] = [
    Case(
      "dense", "units: 7, bias: false, initializer: 'orthogonal'", row,
      ["1": DenseLayer<Double>(inputShape: row, outputSize: 7, hasBias: false) { _, _ in .orthogonal }]),
    Case("relu", "", row, ["1": activation(.relu, row)]),
    Case("leaky_relu", "negative_slope: 0.3", row, ["1": activation(.leakyReLU(slope: 0.3), row)]),
    Case("tanh", "", row, ["1": activation(.tanh, row)]),
    Case("sigmoid", "", row, ["1": activation(.sigmoid, row)]),
    Case("gelu", "", row, ["1": activation(.gelu, row)]),
    Case("elu", "alpha: 0.7", row, ["1": activation(.elu(alpha: 0.7), row)]),
    Case("silu", "", row, ["1": activation(.silu, row)]),
    Case("softmax", "", row, ["1": SoftmaxLayer<Double>(shape: row)]),
    Case("dropout", "rate: 0.3", row, ["1": DropoutLayer<Double>(probability: 0.3, shape: row)]),
    Case("spatial_dropout", "rate: 0.3", image, ["1": SpatialDropoutLayer<Double>(probability: 0.3, shape: image)]),
    Case(
      "batch_norm", "momentum: 0.2, epsilon: 0.003, sync: true", image,
      ["1": BatchNormLayer<Double>(shape: image, epsilon: 0.003, momentum: 0.2, synchronizes: true)]),
    Case("layer_norm", "epsilon: 0.003", sequence, ["1": LayerNormLayer<Double>(shape: sequence, epsilon: 0.003)]),
    Case(
      "group_norm", "groups: 2, epsilon: 0.003, affine: false", image,
      ["1": GroupNormLayer<Double>(shape: image, groups: 2, epsilon: 0.003, isAffine: false)]),
    Case(
      "residual", "layers: ['tanh'], shortcut: ['gelu', 'silu']", row,
      [
        "1.layers.0": activation(.tanh, row), "1.shortcut.0": activation(.gelu, row),
        "1.shortcut.1": activation(.silu, row), "1": AddLayer<Double>(shape: row),
      ]),
    Case(
      "parallel", "branches: [['tanh'], [], ['gelu']], join: 'add'", row,
      [
        "1.branches.0.0": activation(.tanh, row), "1.branches.2.0": activation(.gelu, row),
        "1": AddLayer<Double>(shape: row, inputCount: 3),
      ]),
    Case(
      "conv2d",
      "filters: 6, groups: 2, bias: false, initializer: 'zero', kernel: [3, 2], stride: [1, 2], padding: [2, 0], "
        + "dilation: [2, 3]", image,
      [
        "1": Conv2DLayer<Double>(
          inputShape: image, filters: 6, kernel: Extents(height: 3, width: 2), stride: Extents(height: 1, width: 2),
          padding: Extents(height: 2, width: 0), dilation: Extents(height: 2, width: 3), groups: 2, hasBias: false
        ) { _, _ in .zeros }
      ]),
    Case(
      "conv1d",
      "filters: 6, groups: 2, bias: false, initializer: 'zero', kernel: 5, stride: 3, padding: 'same', dilation: 2",
      sequence,
      [
        "1": Conv1DLayer<Double>(
          inputShape: sequence, filters: 6, kernel: 5, stride: 3, padding: 4, dilation: 2, groups: 2, hasBias: false
        ) { _, _ in .zeros }
      ]),
    Case(
      "conv_transpose2d",
      "filters: 6, groups: 2, bias: false, initializer: 'zero', kernel: [4, 2], stride: [3, 4], padding: [1, 0], "
        + "output_padding: [2, 3], dilation: [2, 1]", image,
      [
        "1": ConvTranspose2DLayer<Double>(
          inputShape: image, filters: 6, kernel: Extents(height: 4, width: 2), stride: Extents(height: 3, width: 4),
          padding: Extents(height: 1, width: 0), outputPadding: Extents(height: 2, width: 3),
          dilation: Extents(height: 2, width: 1), groups: 2, hasBias: false
        ) { _, _ in .zeros }
      ]),
    Case(
      "max_pool2d", "size: [3, 4], stride: [2, 1], padding: [1, 2]", image,
      [
        "1": MaxPool2DLayer<Double>(
          inputShape: image, size: Extents(height: 3, width: 4), stride: Extents(height: 2, width: 1),
          padding: Extents(height: 1, width: 2))
      ]),
    Case(
      "average_pool2d", "size: [3, 4], stride: [2, 1], padding: [1, 2], count_padding: false", image,
      [
        "1": AveragePool2DLayer<Double>(
          inputShape: image, size: Extents(height: 3, width: 4), stride: Extents(height: 2, width: 1),
          padding: Extents(height: 1, width: 2), countsPadding: false)
      ]),
    Case("global_average_pool", "", image, ["1": GlobalAveragePoolLayer<Double>(inputShape: image)]),
    Case(
      "upsample", "scale: [3, 1]", image,
      ["1": UpsampleLayer<Double>(inputShape: image, scale: Extents(height: 3, width: 1))]),
    Case(
      "flatten", "order: 'channels_last'", image,
      ["1": FlattenLayer<Double>(inputShape: image, order: .channelsLast)]),
    Case(
      "reshape", "height: 3, width: 2, channels: 2, order: 'channels_last'", row,
      ["1": ReshapeLayer<Double>(outputShape: [3, 2, 2], order: .channelsLast)]),
    Case(
      "reshape", "length: 4, channels: 3", row,
      ["1": ReshapeLayer<Double>(outputShape: [4, 3], order: .channelsLast)]),
    Case(
      "embedding", "dimension: 3, size: 11, padding: 2, standard_deviation: 0.4", [5],
      [
        "1.lengths": SequenceLengthsLayer<Double>(inputShape: [5], padding: 2),
        "1": EmbeddingLayer<Double>(
          inputShape: [5], size: 11, dimension: 3, padding: 2, initializer: .normal(standardDeviation: 0.4)),
      ]),
    Case("mask", "value: -0.5", sequence, ["1": SequenceLengthsLayer<Double>(inputShape: sequence, padding: -0.5)]),
    Case(
      "positional_embedding", "standard_deviation: 0.4", sequence,
      ["1": PositionalEmbeddingLayer<Double>(shape: sequence, initializer: .normal(standardDeviation: 0.4))]),
    Case(
      "lstm", "units: 5, layers: 3, bidirectional: true, dropout: 0.3, sequence: false", sequence,
      [
        "1": Recurrent<Double>(
          .lstm, inputShape: sequence, units: 5, layers: 3, isBidirectional: true, givesSequence: false, dropout: 0.3)
      ]),
    Case(
      "gru", "units: 5, layers: 3, bidirectional: true, dropout: 0.3, sequence: false", sequence,
      [
        "1": Recurrent<Double>(
          .gru, inputShape: sequence, units: 5, layers: 3, isBidirectional: true, givesSequence: false, dropout: 0.3)
      ]),
    Case(
      "multi_head_attention", "heads: 2, causal: true, dropout: 0.3", sequence,
      ["1": MultiHeadAttentionLayer<Double>(shape: sequence, heads: 2, isCausal: true, dropout: 0.3)]),
    Case(
      "transformer_block", "heads: 2, causal: true, dropout: 0.3", sequence,
      [
        "1.attn": MultiHeadAttentionLayer<Double>(
          shape: sequence, heads: 2, isCausal: true, dropout: 0.3, initializer: .normal(standardDeviation: 0.02)),
        "1.attn.dropout": DropoutLayer<Double>(probability: 0.3, shape: sequence),
        "1.mlp.dropout": DropoutLayer<Double>(probability: 0.3, shape: sequence),
      ]),
  ]

  @Test("A configuration gives the layer that its values make", arguments: cases)
  func builds(test: Case) throws {
    let layers = try configuration("{ layers: ['relu', \(test.text)] }").model.layers
    let model = try ModelFactory(inputShape: test.input, outputSize: 5).makeNetwork(layers, of: Double.self)
    for (name, expected) in test.layers {
      // Layers are values without references: their text shows every size and setting.
      #expect(model.layer(name).map { "\($0)" } == "\(expected)")
    }
  }

  @Test("The program's own layer is found by its name, and says what it reads")
  func custom() throws {
    let entry = try Self.entry("{ custom: { name: 'Twin', reads: 'images' } }")
    #expect(entry.description.inputLayout == .images)
    let model = try ModelFactory(inputShape: [3], outputSize: 3, customLayers: Self.customLayers)
      .makeNetwork([entry], of: Float.self)
    #expect(model.layer("0") is SoftmaxLayer<Float>)
  }

  @Test("What is written back reads as the same layer", arguments: cases.map(\.text) + customTexts)
  func writesBack(text: String) throws {
    let entry = try Self.entry(text)
    let again = try Self.entry(entry.json.line)
    #expect(again == entry && again.json == entry.json)
    if case .string = entry.json.content {} else { #expect(entry.json[entry.name] != nil) }
    #expect(type(of: again.description) == type(of: entry.description))
  }

  static let customTexts = ["{ custom: { name: 'Twin', reads: 'images' } }"]

  @Test("The cases give every layer, and every setting a value that is not the default")
  func coverage() throws {
    var changed: [String: Set<String>] = [:]
    for text in Self.cases.map(\.text) + Self.customTexts {
      let entry = try Self.entry(text)
      changed[entry.name, default: []].formUnion(entry.description.changedMembers.map(\.key))
    }
    #expect(Set(changed.keys) == Set(LayerCatalog.all.names))
    for type in LayerCatalog.all.types { #expect(changed[type.name] == Set(type.help.map(\.key)), "\(type.name)") }
  }

  // MARK: Errors

  /// Every setting of every layer.
  static let settings = LayerCatalog.all.types.flatMap { type in type.help.map { (type.name, $0.key) } }

  @Test("A value of the wrong type names its key", arguments: settings)
  func wrongType(name: String, key: String) {
    let error = #expect(throws: SettingsError.self) { try Self.entry("{ \(name): { \(key): { stray: 1 } } }") }
    let message = error?.description ?? ""
    #expect(message.hasPrefix("run.json5:1:") && message.contains("layers[1].\(name).\(key): expected "), "\(message)")
  }

  /// What each limited setting does not accept.
  static let unacceptable: [(name: String, key: String, value: String)] = {
    let counts = ["units", "filters", "groups", "layers", "heads", "dimension", "size", "height", "width", "length"]
    let atLeastOne = counts + ["channels", "kernel", "stride", "dilation", "scale"]
    let values =
      Dictionary(uniqueKeysWithValues: atLeastOne.map { ($0, "0") }).merging(
        [
          "rate": "1", "dropout": "1", "negative_slope": "-1", "alpha": "-1", "momentum": "1.5", "epsilon": "0",
          "padding": "-1", "output_padding": "-1", "standard_deviation": "-1", "initializer": "'kaming'",
          "order": "'channels'", "join": "'ad'", "reads": "'pixels'", "shortcut": "[]", "branches": "[[]]",
        ]) { $1 }
    return LayerCatalog.all.types.flatMap { type in
      type.help.filter { !$0.accepted.isEmpty }.map { help in
        // A residual block's layers are a list.
        let value = type.name == "residual" && help.key == "layers" ? "[]" : values[help.key]
        return (type.name, help.key, value ?? "no value of the test")
      }
    }
  }()

  @Test("A value out of range names its key", arguments: unacceptable)
  func outOfRange(name: String, key: String, value: String) {
    let error = #expect(throws: SettingsError.self) { try Self.entry("{ \(name): { \(key): \(value) } }") }
    let message = error?.description ?? ""
    #expect(message.hasPrefix("run.json5:1:") && message.contains("layers[1].\(name).\(key): "), "\(message)")
  }
}
