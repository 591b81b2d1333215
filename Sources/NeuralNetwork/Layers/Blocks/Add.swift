public import NumericCore

/// The sum of its inputs, all of one shape: where a residual connection joins the main path (He et al. 2016).
public struct AddLayer<S: Scalar>: RectifyingLayer {
  public let inputShapes: [Shape]

  public init(shape: Shape, inputCount: Int = 2) {
    precondition(inputCount >= 1, "a sum of \(inputCount) inputs")
    inputShapes = [Shape](repeating: shape, count: inputCount)
  }

  public var outputShape: Shape { inputShapes[0] }

  public func forward(_ pass: LayerPass<S>) {
    let count = inputShapes.count
    guard count > 1 else {
      return pass.rectifies ? rectify(pass.input(), into: pass.output) : copy(pass.input(), into: pass.output)
    }
    add(pass.input(0), pass.input(1), rectifies: pass.rectifies && count == 2, into: pass.output)
    for index in 2..<max(2, count) {
      add(pass.output, pass.input(index), rectifies: pass.rectifies && index == count - 1, into: pass.output)
    }
  }

  public func backward(_ pass: LayerPass<S>) {
    var gradient: BufferView<S>?
    for index in inputShapes.indices {
      guard let inputGradient = pass.inputGradient(index) else { continue }
      if let gradient {
        copy(gradient, into: inputGradient)
      } else if pass.rectifies {
        rectifyBackward(output: pass.output, outputGradient: pass.outputGradient, inputGradient: inputGradient)
      } else {
        copy(pass.outputGradient, into: inputGradient)
      }
      gradient = inputGradient
    }
  }
}
