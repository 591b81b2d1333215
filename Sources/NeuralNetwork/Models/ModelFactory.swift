public import NumericCore
public import Settings

/// Builds models of their descriptions, given what the data ask for.
public struct ModelFactory: Sendable {
  /// The shape of one sample's features, channels last where the model reads images or sequences.
  public let inputShape: Shape
  /// Outputs that data and loss ask for: classes, or target values.
  public let outputSize: Int
  /// The numbers that features can be, from 0 on: the size of an embedding that gives none.
  public let indexCount: Int
  /// For weights whose layer names no other.
  public let initializer: InitializationScheme
  /// Layers of the program that descriptions may name.
  public let customLayers: CustomLayers
  /// Of matrix products.
  public let precision: ProductPrecision

  /// - Parameter indexCount: nil for as many as outputs, as where characters follow characters.
  public init(
    inputShape: Shape, outputSize: Int, indexCount: Int? = nil, initializer: InitializationScheme = .kaiming,
    customLayers: CustomLayers = CustomLayers(), precision: ProductPrecision = .float32
  ) {
    self.inputShape = inputShape
    self.outputSize = outputSize
    self.indexCount = indexCount ?? outputSize
    self.initializer = initializer
    self.customLayers = customLayers
    self.precision = precision
  }

  /// Builds the model; of two networks both, joined. Parameters are named as by PyTorch's `nn.Sequential` of the same
  /// layers: `0.weight`, `0.bias`, `2.weight`.
  ///
  /// - Throws: where a layer does not fit, or the last one does not give `outputSize` outputs.
  public func makeModel<S: Scalar>(
    _ description: ModelDescription, of type: S.Type = Float.self
  ) throws(SettingsError) -> Model<S> {
    if let joined = try makeJoinedModel(description, of: type) { return joined }
    // Dense layers see a sample as one row of features, whatever its shape.
    let shape: Shape = description.inputLayout == .rows ? [inputShape.elementCount] : inputShape
    var assembly: ModelAssembly<S> = makeAssembly(inputShape: shape, outputSize: outputSize, indexCount: indexCount)
    return try assembly.makeModel(description.layers)
  }

  /// Builds layers one behind the other for inputs of `inputShape` as it is, whatever they give.
  public func makeNetwork<S: Scalar>(
    _ layers: [LayerEntry], of type: S.Type = Float.self
  ) throws(SettingsError) -> Model<S> {
    var assembly: ModelAssembly<S> = makeAssembly(
      inputShape: inputShape, outputSize: outputSize, indexCount: indexCount)
    return try assembly.makeNetwork(layers)
  }

  func makeAssembly<S: Scalar>(inputShape: Shape, outputSize: Int, indexCount: Int) -> ModelAssembly<S> {
    ModelAssembly(
      inputShape: inputShape, outputSize: outputSize, indexCount: indexCount, initializer: initializer,
      customLayers: customLayers, precision: precision)
  }
}
