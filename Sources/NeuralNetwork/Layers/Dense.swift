public import NumericCore

/// Affine map `output = input · weightᵀ + bias`.
///
/// - Shapes: `input` [N, in] with the last axis as `in` (leading axes count as samples), `output` [N, out], `weight`
///   [out, in] row-major, `bias` [out].
public struct Dense<S: Scalar>: Layer {
  public let inputShape: Shape
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  private let inputSize: Int
  private let outputSize: Int
  private let hasBias: Bool

  /// Maps the last axis of `inputShape`.
  /// - Parameter initializer: of the weight, from its fan-in and fan-out; the bias starts at zero.
  public init(
    inputShape: Shape, outputSize: Int, hasBias: Bool = true,
    initializer: (_ fanIn: Int, _ fanOut: Int) -> Initializer = { fanIn, _ in .kaimingUniform(fanIn: fanIn) }
  ) {
    precondition(inputShape.rank >= 1 && outputSize >= 1, "Dense maps the last axis of \(inputShape) to \(outputSize)")
    inputSize = inputShape[inputShape.rank - 1]
    self.inputShape = inputShape
    self.outputSize = outputSize
    self.hasBias = hasBias
    outputShape = Shape(inputShape.extents.dropLast() + [outputSize])
    let weight = ParameterSpecification(
      "weight", shape: [outputSize, inputSize], initializer: initializer(inputSize, outputSize))
    let bias = ParameterSpecification("bias", shape: [outputSize], initializer: .zeros)
    parameters = hasBias ? [weight, bias] : [weight]
  }

  public init(inputSize: Int, outputSize: Int) { self.init(inputShape: [inputSize], outputSize: outputSize) }

  public var inputShapes: [Shape] { [inputShape] }

  public func forward(_ pass: LayerPass<S>) {
    let rows = rows(pass)
    multiply(
      Matrix(pass.input(), rows: rows, columns: inputSize), weight(pass.parameter(0)).transposed,
      into: Matrix(pass.output, rows: rows, columns: outputSize))
    if hasBias { addRow(pass.parameter(1), toRowsOf: pass.output) }
  }

  public func backward(_ pass: LayerPass<S>) {
    let rows = rows(pass)
    let outputGradient = Matrix(pass.outputGradient, rows: rows, columns: outputSize)
    if let (weightGradient, adds) = pass.freshParameterGradient(0) {
      multiply(
        outputGradient.transposed, Matrix(pass.input(), rows: rows, columns: inputSize), into: weight(weightGradient),
        adding: adds)
    }
    if hasBias, let biasGradient = pass.parameterGradient(1) {
      addColumnSums(of: pass.outputGradient, to: biasGradient)
    }
    if let inputGradient = pass.inputGradient() {
      multiply(
        outputGradient, weight(pass.parameter(0)), into: Matrix(inputGradient, rows: rows, columns: inputSize))
    }
  }

  private func rows(_ pass: LayerPass<S>) -> Int { pass.output.count / outputSize }
  private func weight(_ window: Window<S>) -> Matrix<S> { Matrix(window, rows: outputSize, columns: inputSize) }
}
