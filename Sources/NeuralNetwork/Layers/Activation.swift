public import NumericCore

/// A function applied to each element by itself.
public struct Activation<S: Scalar>: Layer {
  /// Which function; the formulas stand with the kernels of the same names.
  public enum Function: Sendable, Equatable {
    case relu
    /// slope · x below zero.
    case leakyReLU(slope: Double)
    case tanh
    case sigmoid
    case gelu
    /// alpha · (eˣ − 1) below zero.
    case elu(alpha: Double)
    case silu
  }

  public let function: Function
  public let outputShape: Shape

  public init(_ function: Function, shape: Shape) {
    self.function = function
    outputShape = shape
  }

  public var inputShapes: [Shape] { [outputShape] }

  public func forward(_ pass: LayerPass<S>) {
    switch function {
    case .relu: leakyReLU(pass.input(), slope: 0, into: pass.output)
    case .leakyReLU(let slope): leakyReLU(pass.input(), slope: S(slope), into: pass.output)
    case .tanh: hyperbolicTangent(pass.input(), into: pass.output)
    case .sigmoid: NumericCore.sigmoid(pass.input(), into: pass.output)
    case .gelu: NumericCore.gelu(pass.input(), into: pass.output)
    case .elu(let alpha): exponentialLinearUnit(pass.input(), alpha: S(alpha), into: pass.output)
    case .silu: sigmoidLinearUnit(pass.input(), into: pass.output)
    }
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    let outputGradient = pass.outputGradient
    switch function {
    case .relu:
      leakyReLUBackward(input: pass.input(), slope: 0, outputGradient: outputGradient, inputGradient: inputGradient)
    case .leakyReLU(let slope):
      leakyReLUBackward(
        input: pass.input(), slope: S(slope), outputGradient: outputGradient, inputGradient: inputGradient)
    case .tanh:
      hyperbolicTangentBackward(output: pass.output, outputGradient: outputGradient, inputGradient: inputGradient)
    case .sigmoid:
      sigmoidBackward(output: pass.output, outputGradient: outputGradient, inputGradient: inputGradient)
    case .gelu:
      geluBackward(input: pass.input(), outputGradient: outputGradient, inputGradient: inputGradient)
    case .elu(let alpha):
      exponentialLinearUnitBackward(
        input: pass.input(), alpha: S(alpha), outputGradient: outputGradient, inputGradient: inputGradient)
    case .silu:
      sigmoidLinearUnitBackward(input: pass.input(), outputGradient: outputGradient, inputGradient: inputGradient)
    }
  }
}
