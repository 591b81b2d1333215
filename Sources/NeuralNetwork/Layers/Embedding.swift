public import NumericCore

/// A table of vectors looked up by index: row `input` of `weight` for each element of the input.
///
/// - Shapes: `input` [T] (any shape), whole numbers from 0 up to V, held as floating point, which is exact up to 2²⁴ in single
///   precision; `output` [T, D]; `weight` [V, D], which starts standard normal, as PyTorch's `nn.Embedding`.
/// - The input has no gradient: where one is asked for, it is zero.
/// - Row `padding`, where there is one, starts as zeros and learns nothing, as PyTorch's `padding_idx`.
public struct Embedding<S: Scalar>: Layer {
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
    let law = padding.map { Initializer.zeroingRow($0, of: initializer) } ?? initializer
    parameters = [ParameterSpecification("weight", shape: [size, dimension], initializer: law)]
  }

  public var inputShapes: [Shape] { [inputShape] }

  public func forward(_ pass: LayerPass<S>) {
    gatherRows(pass.input(), of: pass.parameter(0), width: dimension, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    if let gradient = pass.parameterGradient(0) {
      scatterAddRows(pass.outputGradient, to: pass.input(), of: gradient, width: dimension, except: padding)
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
