public import NumericCore
public import Settings

/// The two networks of a generative adversarial network (Goodfellow et al. 2014, "Generative adversarial nets").
public struct AdversarialDescription: Sendable, Equatable {
  /// From a row of `latent` standard normal numbers to a sample.
  public let generator: [LayerEntry]
  /// From a sample to the logit of its being real.
  public let discriminator: [LayerEntry]
  /// Numbers that the generator makes a sample of, at least 1.
  public let latent: Int

  public init(generator: [LayerEntry], discriminator: [LayerEntry], latent: Int = 64) {
    self.generator = generator
    self.discriminator = discriminator
    self.latent = latent
  }

  /// Reads `generator`, `discriminator` and `latent`; nil where none of them is there.
  init?(_ reader: inout SettingsReader) throws(SettingsError) {
    func layers(_ key: String) throws(SettingsError) -> [LayerEntry]? {
      guard let value = reader.value(key) else { return nil }
      return try LayerEntry.list(value, path: reader.path(of: key))
    }
    let generator = try layers("generator")
    let discriminator = try layers("discriminator")
    let latent = try reader.integer("latent", in: .atLeast(1))
    switch (generator, discriminator) {
    case (nil, nil) where latent == nil: return nil
    case (let generator?, let discriminator?):
      if let latent {
        self.init(generator: generator, discriminator: discriminator, latent: latent)
      } else {
        self.init(generator: generator, discriminator: discriminator)
      }
    case (nil, _): throw reader.error("generator", "expected a list of layers in brackets, beside the discriminator")
    case (_, nil): throw reader.error("discriminator", "expected a list of layers in brackets, beside the generator")
    }
  }

  var json: JSONValue {
    [
      "generator": .array(generator.map(\.json)), "discriminator": .array(discriminator.map(\.json)),
      "latent": .integer(latent),
    ]
  }
}

// MARK: The model gan

extension NamedModel {
  /// Generator and discriminator of images, in the manner of DCGAN (Radford, Metz and Chintala 2016). The layers are
  /// the discriminator's: two strided convolutions with leaky ReLU, and one logit. It has no dropout, with which
  /// MNIST's samples take half as many epochs again to be as clear.
  public static let gan = NamedModel(
    "gan",
    "generator: dense to 64 channels, batch norm, two transposed convolutions, sigmoid; discriminator: convolutions of "
      + "stride 2 to 32 and 64 channels, leaky ReLU behind each, dense",
    task: "adversarial"
  ) {
    for filters in [32, 64] {
      Conv2D(filters, kernel: 4, stride: 2, padding: 1)
      LeakyReLU(0.2)
    }
    Dense()
  }
}

extension AdversarialDescription {
  /// Those of the model `gan` for images of `channels` that are four times `height` by `width`: the generator is a
  /// dense layer to 64 channels and two transposed convolutions, the last of which gives 0 to 1.
  init(imagesOf channels: Int, quarterHeight height: Int, quarterWidth width: Int) {
    @SequentialBuilder func generator() -> [LayerEntry] {
      Dense(64 * height * width, bias: false)
      Reshape(height: height, width: width, channels: 64)
      BatchNorm()
      ReLU()
      ConvTranspose2D(32, kernel: 4, stride: 2, padding: 1, bias: false)
      BatchNorm()
      ReLU()
      ConvTranspose2D(channels, kernel: 4, stride: 2, padding: 1)
      Sigmoid()
    }
    self.init(
      generator: LayerEntry.list(generator(), at: "model.gan.generator"), discriminator: NamedModel.gan.layers)
  }
}

extension ModelDescription {
  /// Whether it is a generative adversarial network, whose two networks are trained against each other.
  public var isAdversarial: Bool { task == NamedModel.gan.task }
}

// MARK: Building both networks

/// The networks of a GAN: each by itself for its passes, and both joined in one model whose layouts are those of the
/// run, so that they share one exchange, one update and one checkpoint.
///
/// The generator's parameters and statistics stand before the discriminator's; each network's flat buffers are windows
/// of the joined ones. Names begin with `generator.` and `discriminator.`, as in a PyTorch module of two
/// `nn.Sequential`.
public struct AdversarialModel<S: Scalar>: Sendable {
  public let joined: Model<S>
  /// From latent vectors [N, `layers.latent`] to samples.
  public let generator: Model<S>
  /// From samples to logits.
  public let discriminator: Model<S>
  /// What they were built of.
  public let layers: AdversarialDescription

  /// The same networks, in which some parameters do not learn; see `Model.freezing(_:)`.
  public func freezing(_ names: Set<String>) -> AdversarialModel {
    AdversarialModel(
      joined: joined.freezing(names), generator: generator.freezing(names),
      discriminator: discriminator.freezing(names), layers: layers)
  }

  public static var generatorPrefix: String { "generator." }
  public static var discriminatorPrefix: String { "discriminator." }

  /// - Precondition: built of the same layers, the generator's first.
  init(
    joined: Model<S>, generator: Model<S>, discriminator: Model<S>, layers: AdversarialDescription
  ) {
    self.layers = layers
    for layout in [\Model<S>.parameterLayout, \.statisticLayout] {
      let (whole, first, second) = (joined[keyPath: layout], generator[keyPath: layout], discriminator[keyPath: layout])
      precondition(
        whole.count == first.count + second.count
          && whole.entries.map(\.name) == (first.entries + second.entries).map(\.name)
          && whole.entries.map(\.range)
            == first.entries.map(\.range)
            + second.entries.map { $0.range.lowerBound + first.count..<$0.range.upperBound + first.count },
        "layouts of two networks that are not windows of the joined one")
    }
    (self.joined, self.generator, self.discriminator) = (joined, generator, discriminator)
  }

  /// Where the discriminator's elements begin in a flat buffer of the joined model.
  public static func discriminatorStart(in layout: ParameterLayout) -> Int {
    layout.entries.first { $0.name.hasPrefix(discriminatorPrefix) }?.range.lowerBound ?? layout.count
  }

  /// The generator's part of the values of both.
  public func generatorValues(_ values: ModelValues<S>) -> ModelValues<S> {
    part(values, parameters: 0..<generator.parameterLayout.count, statistics: 0..<generator.statisticLayout.count)
  }

  /// The discriminator's part of the values of both.
  public func discriminatorValues(_ values: ModelValues<S>) -> ModelValues<S> {
    part(
      values, parameters: generator.parameterLayout.count..<joined.parameterLayout.count,
      statistics: generator.statisticLayout.count..<joined.statisticLayout.count)
  }

  private func part(_ values: ModelValues<S>, parameters: Range<Int>, statistics: Range<Int>) -> ModelValues<S> {
    ModelValues(
      parameters: values.parameters.view(parameters), gradients: values.gradients?.view(parameters),
      statistics: values.statistics.view(statistics), batchStatistics: values.batchStatistics?.view(statistics))
  }
}

extension ModelFactory {
  /// Builds the two networks of a GAN; nil for a description of a single model.
  ///
  /// A dense layer without a size gives a sample at the end of the generator, and one logit at the end of the
  /// discriminator.
  ///
  /// - Throws: where a layer does not fit, the generator does not give samples, or no gradient can reach it.
  public func makeAdversarialModel<S: Scalar>(
    _ description: ModelDescription, of type: S.Type = Float.self
  ) throws(SettingsError) -> AdversarialModel<S>? {
    guard let networks = try adversarialLayers(of: description) else { return nil }
    let layout = description.inputLayout
    guard layout != .indices else {
      throw SettingsError(
        "model.discriminator: an embedding looks up whole numbers, through which no gradient reaches the generator; "
          + "begin it with another layer")
    }
    let sample: Shape = layout == .rows ? [inputShape.elementCount] : inputShape
    var assembly: ModelAssembly<S> = makeNetworkAssembly(
      inputShape: [networks.latent], outputSize: sample.elementCount)
    let generator = try assembly.makeNetwork(networks.generator, prefix: AdversarialModel<S>.generatorPrefix)
    guard generator.outputShapes[0] == sample else {
      throw SettingsError(
        "model.generator: gives \(generator.outputShapes[0]) a sample, but the data and the discriminator have "
          + "\(sample)")
    }
    assembly = makeNetworkAssembly(inputShape: sample, outputSize: 1)
    let discriminator = try assembly.makeNetwork(
      networks.discriminator, prefix: AdversarialModel<S>.discriminatorPrefix)
    let joined: Model<S> = try makeJoined(networks, sample: sample)
    guard !joined.synchronizes else {
      throw SettingsError(
        "model: batch_norm with sync: true is not for a GAN, whose networks take turns; leave sync out")
    }
    return AdversarialModel(joined: joined, generator: generator, discriminator: discriminator, layers: networks)
  }

  /// Both networks in one model; nil for a description of a single one.
  func makeJoinedModel<S: Scalar>(
    _ description: ModelDescription, of type: S.Type
  ) throws(SettingsError) -> Model<S>? { try makeAdversarialModel(description, of: type)?.joined }

  /// The two networks that a description stands for; nil where it is of a single model.
  private func adversarialLayers(
    of description: ModelDescription
  ) throws(SettingsError) -> AdversarialDescription? {
    switch description {
    case .adversarial(let networks): return networks
    case .named(.gan):
      guard inputShape.rank == 3, inputShape[0] % 4 == 0, inputShape[1] % 4 == 0 else {
        throw SettingsError(
          "model: gan makes images whose height and width are divisible by 4, found samples of \(inputShape); describe "
            + "the networks with model.generator and model.discriminator")
      }
      return AdversarialDescription(
        imagesOf: inputShape[2], quarterHeight: inputShape[0] / 4, quarterWidth: inputShape[1] / 4)
    case .named, .layers: return nil
    }
  }

  /// Both networks side by side in one model: its inputs are the latent vector and the sample.
  private func makeJoined<S: Scalar>(
    _ networks: AdversarialDescription, sample: Shape
  ) throws(SettingsError) -> Model<S> {
    var assembly: ModelAssembly<S> = makeNetworkAssembly(
      inputShape: [networks.latent], outputSize: sample.elementCount)
    let input = assembly.builder.input(sample)
    _ = try assembly.makeNetwork(networks.generator, prefix: AdversarialModel<S>.generatorPrefix)
    let generated = assembly.node
    (assembly.node, assembly.lengths) = (input, nil)
    assembly.outputSize = 1
    _ = try assembly.makeNetwork(networks.discriminator, prefix: AdversarialModel<S>.discriminatorPrefix)
    return assembly.builder.build(outputs: generated, assembly.node)
  }

  /// Embeddings inside of a network that name no size have as many vectors as it has outputs.
  private func makeNetworkAssembly<S: Scalar>(inputShape: Shape, outputSize: Int) -> ModelAssembly<S> {
    makeAssembly(inputShape: inputShape, outputSize: outputSize, indexCount: outputSize)
  }
}
