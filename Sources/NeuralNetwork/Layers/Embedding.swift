public import NumericCore

/// A table of vectors looked up by index: row `input` of `weight` for each element of the input.
///
/// - Shapes: `input` [T] (any shape), whole numbers from 0 up to V, held as floating point, which is exact up to 2²⁴ in single
///   precision; `output` [T, D]; `weight` [V, D], which starts standard normal, as PyTorch's `nn.Embedding`.
/// - The input has no gradient: where one is asked for, it is zero.
public struct Embedding<S: Scalar>: Layer {
  /// V, the number of vectors.
  public let size: Int
  public let inputShape: Shape
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  private let dimension: Int

  /// - Parameters:
  ///   - dimension: D.
  ///   - initializer: of the table.
  public init(
    inputShape: Shape, size: Int, dimension: Int, initializer: Initializer = .normal(standardDeviation: 1)
  ) {
    precondition((1...1 << 24).contains(size) && dimension >= 1, "\(size) vectors of \(dimension)")
    self.inputShape = inputShape
    self.size = size
    self.dimension = dimension
    outputShape = Shape(inputShape.extents + [dimension])
    parameters = [ParameterSpecification("weight", shape: [size, dimension], initializer: initializer)]
  }

  public var inputShapes: [Shape] { [inputShape] }

  public func forward(_ pass: LayerPass<S>) {
    gatherRows(pass.input(), of: pass.parameter(0), width: dimension, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    if let gradient = pass.parameterGradient(0) {
      scatterAddRows(pass.outputGradient, to: pass.input(), of: gradient, width: dimension)
    }
    pass.inputGradient()?.update(repeating: 0)
  }
}

/// Adds a learned vector to each position: `output[t] = input[t] + weight[t]` (Gehring et al. 2017; GPT-2's `wpe`).
///
/// - Shapes: `input`, `output` and `weight` [T, D]. `weight` starts standard normal, as PyTorch's `nn.Embedding`.
public struct PositionalEmbedding<S: Scalar>: Layer {
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
