public import NumericCore

/// The sum of its inputs, all of one shape: where a residual connection joins the main path (He et al. 2016).
public struct AddLayer<S: Scalar>: Layer {
  public let inputShapes: [Shape]

  public init(shape: Shape, inputCount: Int = 2) {
    precondition(inputCount >= 1, "a sum of \(inputCount) inputs")
    inputShapes = [Shape](repeating: shape, count: inputCount)
  }

  public var outputShape: Shape { inputShapes[0] }

  public func forward(_ pass: LayerPass<S>) {
    copy(pass.input(0), into: pass.output)
    for index in inputShapes.indices.dropFirst() { add(pass.input(index), into: pass.output) }
  }

  public func backward(_ pass: LayerPass<S>) {
    for index in inputShapes.indices {
      if let inputGradient = pass.inputGradient(index) { copy(pass.outputGradient, into: inputGradient) }
    }
  }
}
