import Configuration
import NeuralNetwork
import NumericCore
import Settings

/// Turns a list of layer descriptions into a model, inferring every size that the data or an earlier layer fixes.
///
/// One method builds one kind of layer behind `node`; a new kind is a method, and a line in `add`.
struct ModelAssembly<S: Scalar> {
  var outputSize: Int
  /// The rows of an embedding that names no size.
  let indexCount: Int
  let initializer: InitializationScheme
  let customLayers: CustomLayers
  var builder = ModelBuilder<S>()
  /// What the next layer is applied to.
  var node: NodeReference
  /// The steps of each sample that are no padding, a scalar; nil where all are steps.
  var lengths: NodeReference?

  /// - Parameters:
  ///   - inputShape: of one sample, as the first layer reads it.
  ///   - outputSize: what the last dense layer gives where it names no size.
  ///   - indexCount: the rows of an embedding that names no size.
  ///   - initializer: for weights whose layer names none.
  ///   - customLayers: those of the program.
  init(
    inputShape: Shape, outputSize: Int, indexCount: Int, initializer: InitializationScheme,
    customLayers: CustomLayers
  ) {
    self.outputSize = outputSize
    self.indexCount = indexCount
    self.initializer = initializer
    self.customLayers = customLayers
    node = builder.input(inputShape)
  }

  /// Builds the layers one behind the other, named as `addSequence` says.
  mutating func makeModel(_ layers: [LayerDescription]) throws(SettingsError) -> Model<S> {
    let lastDense = layers.lastIndex { $0.name == "dense" }
    try addSequence(layers, sizelessDense: lastDense)
    // A model over sequences may give its outputs at each position.
    guard node.shape.elementCount == outputSize || node.shape.rank == 2 && node.shape[1] == outputSize else {
      throw SettingsError(
        "model: the last layer gives \(node.shape) outputs, but the data and the loss need \(outputSize); "
          + "leave the last dense layer's size out, or give \(outputSize)")
    }
    return builder.build(outputs: node)
  }

  /// Builds one layer.
  ///
  /// - Parameters:
  ///   - name: the prefix of its parameters' names.
  ///   - mayLeaveOutSize: whether a dense layer without a size gives the model's outputs.
  ///   - isRectified: whether a batch normalization takes in the ReLU that follows it.
  mutating func add(
    _ layer: LayerDescription, name: String, mayLeaveOutSize: Bool, isRectified: Bool
  ) throws(SettingsError) {
    var options = try layer.reader()
    switch layer.name {
    case "dense": try addDense(&options, name, mayLeaveOutSize)
    case "relu": addActivation(.relu, name)
    case "leaky_relu": addActivation(.leakyReLU(slope: try options.double("negative_slope") ?? 0.01), name)
    case "tanh": addActivation(.tanh, name)
    case "sigmoid": addActivation(.sigmoid, name)
    case "gelu": addActivation(.gelu, name)
    case "dropout":
      let dropout = Dropout<S>(probability: try options.double("rate") ?? 0.5, shape: node.shape)
      node = builder.add(dropout, to: node, name: name)
    case "elu": addActivation(.elu(alpha: try options.double("alpha") ?? 1), name)
    case "silu": addActivation(.silu, name)
    case "softmax": node = builder.add(Softmax(shape: node.shape), to: node, name: name)
    case "spatial_dropout": try addSpatialDropout(&options, name)
    case "batch_norm": try addBatchNorm(&options, name, rectifies: isRectified)
    case "layer_norm": try addLayerNorm(&options, name)
    case "residual": try addResidual(&options, layer, name)
    case "parallel": try addParallel(&options, layer, name)
    case "custom": try addCustom(layer, name: name)
    case let kind where Self.imageLayers.contains(kind): try addImageLayer(layer, &options, name)
    case let kind where Self.sequenceLayers.contains(kind): try addSequenceLayer(layer, &options, name)
    default: throw SettingsError("\(layer.path): there is no such layer", at: layer.position)
    }
    if node.shape.rank != 2 || Self.imageLayers.contains(layer.name) { lengths = nil }
  }

  private mutating func addDense(
    _ options: inout SettingsReader, _ name: String, _ mayLeaveOutSize: Bool
  ) throws(SettingsError) {
    guard let units = try options.integer("units") ?? (mayLeaveOutSize ? outputSize : nil) else {
      throw options.error("units", "expected the number of units; only the last dense layer may leave it out")
    }
    let law = try options.choice("initializer", of: InitializationScheme.self) ?? initializer
    // A dense layer sees an image as one row, numbered as PyTorch does.
    if node.shape.rank == 3 {
      node = builder.add(Flatten<S>(inputShape: node.shape), to: node, name: "\(name).flatten")
    }
    let dense = Dense<S>(
      inputShape: node.shape, outputSize: units, hasBias: try options.bool("bias") ?? true,
      initializer: law.initializer)
    node = builder.add(dense, to: node, name: name)
  }

  private mutating func addActivation(_ function: Activation<S>.Function, _ name: String) {
    node = builder.add(Activation(function, shape: node.shape), to: node, name: name)
  }
}
