import Configuration
import DataPipeline
import NeuralNetwork
import NumericCore
import Settings

extension ModelCatalog {
  /// The discriminator of `gan`: two strided convolutions with leaky ReLU, and one logit. It has no dropout, with which MNIST's
  /// samples take half as many epochs again to be as clear.
  static let ganDiscriminator: [JSONValue] =
    [32, 64].flatMap { filters -> [JSONValue] in
      [["conv2d": ["filters": .integer(filters), "kernel": 4, "stride": 2, "padding": 1]], ["leaky_relu": 0.2]]
    } + ["dense"]

  /// The generator of `gan` for images of C channels that are four times `height` by `width`: a dense layer to 64 channels, and
  /// two transposed convolutions, in the manner of DCGAN (Radford, Metz and Chintala 2016). Its last layer gives 0 to 1.
  static func ganGenerator(height: Int, width: Int, channels: Int) -> [JSONValue] {
    func enlarging(_ filters: Int, bias: Bool) -> JSONValue {
      [
        "conv_transpose2d": [
          "filters": .integer(filters), "kernel": 4, "stride": 2, "padding": 1, "bias": .bool(bias),
        ]
      ]
    }
    return [
      ["dense": ["units": .integer(64 * height * width), "bias": false]],
      ["reshape": ["height": .integer(height), "width": .integer(width), "channels": 64]], "batch_norm", "relu",
      enlarging(32, bias: false), "batch_norm", "relu", enlarging(channels, bias: true), "sigmoid",
    ]
  }

  /// The layers of all networks that a description names.
  static func allLayers(of description: ModelDescription) throws(SettingsError) -> [LayerDescription] {
    guard case .adversarial(let networks) = description else { return try layers(of: description) }
    return networks.generator + networks.discriminator
  }

  /// The two networks that a description stands for; nil where it is of a single model.
  private func adversarialLayers(
    of description: ModelDescription
  ) throws(SettingsError) -> AdversarialDescription? {
    switch description {
    case .adversarial(let networks): return networks
    case .named("gan"):
      guard inputShape.rank == 3, inputShape[0] % 4 == 0, inputShape[1] % 4 == 0 else {
        throw SettingsError(
          "model: gan makes images whose height and width are divisible by 4, found samples of \(inputShape); describe the networks "
            + "with model.generator and model.discriminator")
      }
      let generator = Self.ganGenerator(
        height: inputShape[0] / 4, width: inputShape[1] / 4, channels: inputShape[2])
      return AdversarialDescription(
        generator: try Self.descriptions(generator, path: "model.gan.generator"),
        discriminator: try Self.layers(of: description))
    default: return nil
    }
  }

  /// Builds the two networks of a GAN; nil for a description of a single model.
  ///
  /// A dense layer without a size gives a sample at the end of the generator, and one logit at the end of the discriminator.
  ///
  /// - Throws: where a layer's option is wrong, the generator does not give samples, or no gradient can reach it.
  func makeAdversarialModel<S: Scalar>(
    _ description: ModelDescription, of type: S.Type = Float.self
  ) throws(SettingsError) -> AdversarialModel<S>? {
    guard let networks = try adversarialLayers(of: description) else { return nil }
    let form = try Self.sampleForm(description)
    guard form != .indices else {
      throw SettingsError(
        "model.discriminator: an embedding looks up whole numbers, through which no gradient reaches the generator; begin it with "
          + "another layer")
    }
    let sample: Shape = form == .rows ? [inputShape.elementCount] : inputShape
    var assembly: ModelAssembly<S> = makeAssembly(inputShape: [networks.latent], outputSize: sample.elementCount)
    let generator = try assembly.makeNetwork(networks.generator, prefix: AdversarialModel<S>.generatorPrefix)
    guard generator.outputShapes[0] == sample else {
      throw SettingsError(
        "model.generator: gives \(generator.outputShapes[0]) a sample, but the data and the discriminator have \(sample)"
      )
    }
    assembly = makeAssembly(inputShape: sample, outputSize: 1)
    let discriminator = try assembly.makeNetwork(
      networks.discriminator, prefix: AdversarialModel<S>.discriminatorPrefix)
    let joined: Model<S> = try makeJoined(networks, sample: sample)
    guard !joined.synchronizes else {
      throw SettingsError(
        "model: batch_norm with sync: true is not for a GAN, whose networks take turns; leave sync out")
    }
    return AdversarialModel(joined: joined, generator: generator, discriminator: discriminator, layers: networks)
  }

  /// Both networks side by side in one model: its inputs are the latent vector and the sample.
  private func makeJoined<S: Scalar>(
    _ networks: AdversarialDescription, sample: Shape
  ) throws(SettingsError) -> Model<S> {
    var assembly: ModelAssembly<S> = makeAssembly(inputShape: [networks.latent], outputSize: sample.elementCount)
    let input = assembly.builder.input(sample)
    _ = try assembly.makeNetwork(networks.generator, prefix: AdversarialModel<S>.generatorPrefix)
    let generated = assembly.node
    (assembly.node, assembly.lengths) = (input, nil)
    assembly.outputSize = 1
    _ = try assembly.makeNetwork(networks.discriminator, prefix: AdversarialModel<S>.discriminatorPrefix)
    return assembly.builder.build(outputs: generated, assembly.node)
  }

  private func makeAssembly<S: Scalar>(inputShape: Shape, outputSize: Int) -> ModelAssembly<S> {
    ModelAssembly(
      inputShape: inputShape, outputSize: outputSize, indexCount: outputSize, initializer: initializer,
      customLayers: customLayers)
  }
}

extension ModelAssembly {
  /// Builds the layers one behind the other, all that they name beginning with `prefix`.
  mutating func makeNetwork(_ layers: [LayerDescription], prefix: String) throws(SettingsError) -> Model<S> {
    try addSequence(layers, prefix: prefix, sizelessDense: layers.lastIndex { $0.name == "dense" })
    return builder.build(outputs: node)
  }
}
