public import NumericCore
public import Settings

/// A vector of `dimension` for each whole number: [T] to [T, dimension].
public struct Embedding: LayerDescription {
  /// The length of the vectors; it has to be given.
  public var dimension: Int?
  /// How many vectors there are; nil for as many as the data set says, or else one for each of the model's outputs.
  public var size: Int?
  /// The number that fills short sequences up: its vector is zero, and recurrent layers behind stop before it.
  public var padding: Int?
  /// Of the initial vectors.
  public var standardDeviation: Double

  public init(_ dimension: Int?, size: Int? = nil, padding: Int? = nil, standardDeviation: Double = 1) {
    (self.dimension, self.size, self.padding) = (dimension, size, padding)
    self.standardDeviation = standardDeviation
  }
  public init() { self.init(nil) }

  public static let name = "embedding"
  public static let summary = "a learned vector for each whole number"
  public static let shorthand: String? = "dimension"
  public static let settings: [Setting<Embedding>] = [
    Setting("dimension", \.dimension, .atLeast(1), "length of the vectors"),
    Setting("size", \.size, .atLeast(1), "how many vectors; else by the data"),
    Setting("padding", \.padding, .atLeast(0), "number that fills up short sequences, which end before it"),
    Setting("standard_deviation", \.standardDeviation, .atLeast(0), "of the initial vectors"),
  ]
  public var inputLayout: InputLayout? { .indices }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard let dimension else { throw .setting("dimension", "expected the length of the vectors") }
    let size = size ?? model.indexCount
    if let padding {
      guard padding < size else {
        throw .setting("padding", "expected one of the numbers 0 to \(size - 1), found \(padding)")
      }
      model.lengths = model.builder.add(
        SequenceLengthsLayer(inputShape: model.shape, padding: S(padding)), to: model.node, name: "\(name).lengths")
    }
    model.apply(
      EmbeddingLayer(
        inputShape: model.shape, size: size, dimension: dimension, padding: padding,
        initializer: .normal(standardDeviation: standardDeviation)),
      named: name)
  }
}

/// Adds a learned vector to each position of a sequence [T, F].
public struct PositionalEmbedding: LayerDescription {
  /// Of the initial vectors.
  public var standardDeviation = 1.0

  public init() {}
  public init(standardDeviation: Double) { self.standardDeviation = standardDeviation }

  public static let name = "positional_embedding"
  public static let summary = "adds a learned vector to each position of a sequence"
  public static let settings: [Setting<PositionalEmbedding>] = [
    Setting("standard_deviation", \.standardDeviation, .atLeast(0), "of the initial vectors")
  ]
  public var inputLayout: InputLayout? { .sequences }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requireSequences()
    model.apply(
      PositionalEmbeddingLayer(
        shape: model.shape, initializer: .normal(standardDeviation: standardDeviation)),
      named: name)
  }
}

/// A table of vectors looked up by index: row `input` of `weight` for each element of the input.
///
/// - Shapes: `input` [T] (any shape), whole numbers from 0 up to V, held as floating point, which is exact up to 2²⁴ in
///   single precision; `output` [T, D]; `weight` [V, D], which starts standard normal, as PyTorch's `nn.Embedding`.
/// - The input has no gradient: where one is asked for, it is zero.
/// - Row `padding`, where there is one, starts as zeros and learns nothing, as PyTorch's `padding_idx`.
public struct EmbeddingLayer<S: Scalar>: Layer {
  /// V, the number of vectors.
  public let size: Int
  public let inputShape: Shape
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  private let dimension: Int
  private let padding: Int?

  /// - Parameters:
  ///   - dimension: D.
  ///   - padding: the row of what stands behind the end of a sequence.
  ///   - initializer: of the table.
  public init(
    inputShape: Shape, size: Int, dimension: Int, padding: Int? = nil,
    initializer: Initializer = .normal(standardDeviation: 1)
  ) {
    precondition((1...1 << 24).contains(size) && dimension >= 1, "\(size) vectors of \(dimension)")
    precondition(padding.map { (0..<size).contains($0) } ?? true, "padding \(padding ?? 0) of \(size) vectors")
    self.inputShape = inputShape
    self.size = size
    self.dimension = dimension
    self.padding = padding
    outputShape = Shape(inputShape.extents + [dimension])
    let rows = padding.map { Initializer.zeroingRow($0, of: initializer) } ?? initializer
    parameters = [ParameterSpecification("weight", shape: [size, dimension], initializer: rows)]
  }

  public var inputShapes: [Shape] { [inputShape] }

  public func forward(_ pass: LayerPass<S>) {
    gatherRows(pass.input(), of: pass.parameter(0), width: dimension, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    if let gradient = pass.parameterGradient(0) {
      scatterAddRows(pass.outputGradient, to: pass.input(), of: gradient, width: dimension, except: padding)
    }
    pass.inputGradient()?.zero()
  }
}

/// Adds a learned vector to each position: `output[t] = input[t] + weight[t]` (Gehring et al. 2017; GPT-2's `wpe`).
///
/// - Shapes: `input`, `output` and `weight` [T, D]. `weight` starts standard normal, as PyTorch's `nn.Embedding`.
public struct PositionalEmbeddingLayer<S: Scalar>: Layer {
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]

  public init(shape: Shape, initializer: Initializer = .normal(standardDeviation: 1)) {
    precondition(shape.rank == 2, "positions of \(shape)")
    outputShape = shape
    parameters = [ParameterSpecification("weight", shape: shape, initializer: initializer)]
  }

  public var inputShapes: [Shape] { [outputShape] }

  public func forward(_ pass: LayerPass<S>) {
    copy(pass.input(), into: pass.output)
    addRow(pass.parameter(0), toRowsOf: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    if let gradient = pass.parameterGradient(0) { addColumnSums(of: pass.outputGradient, to: gradient) }
    if let gradient = pass.inputGradient() { copy(pass.outputGradient, into: gradient) }
  }
}
