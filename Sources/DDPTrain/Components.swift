public import Configuration
public import NeuralNetwork
public import NumericCore
import Settings
import Training

// Layers that map features, activations, normalization and dropout. Options that are nil keep the configuration's defaults.

/// A layer of the program's own, made for what flows in: `layer(LearnedSwish.init)`.
///
/// It may stand several times; each has parameters of its own. Checkpoints name it by its type.
///
/// - Parameters:
///   - reading: what it takes a sample for, where it is the model's first layer and that is not one row of features.
///   - make: makes the layer for one input of the given shape, sample axis left out; throws, with a reason for people, where it
///     cannot take that shape.
public func layer<L: Layer<Float>>(
  reading: LayerDescription.SampleReading? = nil, _ make: @escaping @Sendable (_ shape: Shape) throws -> L
) -> LayerComponent {
  let type = String("\(L.self)".prefix { $0 != "<" })
  return LayerComponent { customLayers in
    var name = type
    var number = 1
    while customLayers[name] != nil {
      number += 1
      name = "\(type) \(number)"
    }
    customLayers[name] = make
    var options = [JSONValue.Member("name", .string(name))]
    if let reading { options.append(.init("reads", .string(reading.rawValue))) }
    return ["custom": .object(options)]
  }
}

/// A layer by its name in a configuration: `layer(named: "dropout", ["rate": 0.2])`.
public func layer(named name: String, _ options: JSONValue = [:]) -> LayerComponent { LayerComponent(name, options) }

/// Affine map of the last axis [in] to [units]; images [H, W, C] are flattened first.
///
/// - Parameters:
///   - units: nil, in the last dense layer alone: the outputs that data and loss need.
///   - initializer: of the weight; nil: the configuration's `initializer`.
public func dense(
  _ units: Int? = nil, bias: Bool? = nil, initializer: InitializationScheme? = nil
) -> LayerComponent {
  LayerComponent(
    "dense",
    ["units": .optional(units), "bias": .optional(bias), "initializer": .optional(initializer?.rawValue)])
}

// MARK: Activations, element by element

/// max(x, 0).
public func relu() -> LayerComponent { LayerComponent("relu") }
/// x above zero, `negativeSlope` · x (0.01 · x) below.
public func leakyRelu(_ negativeSlope: Double? = nil) -> LayerComponent {
  LayerComponent("leaky_relu", ["negative_slope": .optional(negativeSlope)])
}
/// tanh x.
public func tanh() -> LayerComponent { LayerComponent("tanh") }
/// σ(x) = 1 / (1 + e⁻ˣ).
public func sigmoid() -> LayerComponent { LayerComponent("sigmoid") }
/// x · Φ(x), with the normal distribution's Φ.
public func gelu() -> LayerComponent { LayerComponent("gelu") }
/// x above zero, `alpha` · (eˣ − 1) below; α is 1 where none is given.
public func elu(_ alpha: Double? = nil) -> LayerComponent { LayerComponent("elu", ["alpha": .optional(alpha)]) }
/// x · σ(x).
public func silu() -> LayerComponent { LayerComponent("silu") }
/// eˣ divided by the sum over the last axis.
public func softmax() -> LayerComponent { LayerComponent("softmax") }

// MARK: Dropout and normalization

/// Zeroes each element with probability `rate` (0.5) in training, and divides the others by 1 − rate.
public func dropout(_ rate: Double? = nil) -> LayerComponent { LayerComponent("dropout", ["rate": .optional(rate)]) }
/// Zeroes whole channels with probability `rate` (0.5) in training, and divides the others by 1 − rate.
public func spatialDropout(_ rate: Double? = nil) -> LayerComponent {
  LayerComponent("spatial_dropout", ["rate": .optional(rate)])
}
/// Batch normalization of the last axis.
///
/// - Parameters:
///   - momentum: the share of the newest step in running statistics (0.1).
///   - epsilon: what the variance is raised by (1e-5).
///   - sync: whether statistics are of the whole batch (false: of a shard's part of it).
public func batchNorm(momentum: Double? = nil, epsilon: Double? = nil, sync: Bool? = nil) -> LayerComponent {
  LayerComponent(
    "batch_norm", ["momentum": .optional(momentum), "epsilon": .optional(epsilon), "sync": .optional(sync)])
}
/// Normalization of the last axis of each row by itself; `epsilon` (1e-5) raises the variance.
public func layerNorm(epsilon: Double? = nil) -> LayerComponent {
  LayerComponent("layer_norm", ["epsilon": .optional(epsilon)])
}

// MARK: Blocks

/// What the layers make of the input, added to the input.
public func residual(@SequentialBuilder _ layers: () -> [LayerComponent]) -> LayerComponent {
  residual(layers, shortcut: nil)
}
/// What the layers make of the input, added to what the shortcut makes of it.
public func residual(
  @SequentialBuilder _ layers: () -> [LayerComponent], @SequentialBuilder shortcut: () -> [LayerComponent]
) -> LayerComponent {
  residual(layers, shortcut: shortcut())
}

private func residual(_ layers: () -> [LayerComponent], shortcut: [LayerComponent]?) -> LayerComponent {
  let layers = layers()
  return LayerComponent { customLayers in
    var options = [JSONValue.Member("layers", .array(layers.map { $0.describe(&customLayers) }))]
    if let shortcut {
      options.append(.init("shortcut", .array(shortcut.map { $0.describe(&customLayers) })))
    }
    return ["residual": .object(options)]
  }
}

/// How the outputs of parallel branches are joined.
public enum Join: String, Sendable {
  /// Side by side along the last axis.
  case concat
  /// Their sum.
  case add
}

/// Branches that read the same input, their outputs joined: `parallel(join: .add, [Sequential { … }, Sequential { }])`.
///
/// - Parameter branches: two or more; an empty one passes its input on.
public func parallel(join: Join = .concat, _ branches: [Branch]) -> LayerComponent {
  LayerComponent { customLayers in
    let lists = branches.map { branch in JSONValue.array(branch.layers.map { $0.describe(&customLayers) }) }
    return ["parallel": ["branches": .array(lists), "join": .string(join.rawValue)]]
  }
}

/// One of the branches of `parallel`.
public struct Branch: Sendable {
  let layers: [LayerComponent]
  public init(@SequentialBuilder _ layers: () -> [LayerComponent]) { self.layers = layers() }
}
