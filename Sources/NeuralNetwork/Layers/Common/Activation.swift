public import NumericCore
public import Settings

// The activations by name, each over `ActivationLayer`.

/// max(x, 0).
public struct ReLU: LayerDescription {
  public init() {}

  public static let name = "relu"
  public static let summary = "max(x, 0)"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.relu, shape: model.shape), named: name)
  }
}

/// x above zero, `negativeSlope` · x below (Maas, Hannun and Ng 2013).
public struct LeakyReLU: LayerDescription {
  /// At least 0.
  public var negativeSlope = 0.01

  public init() {}
  public init(_ negativeSlope: Double) { self.negativeSlope = negativeSlope }

  public static let name = "leaky_relu"
  public static let summary = "x above zero, a small multiple of x below"
  public static let shorthand: String? = "negative_slope"
  public static let settings: [Setting<LeakyReLU>] = [
    Setting("negative_slope", \.negativeSlope, .atLeast(0), "factor of x below zero")
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.leakyReLU(slope: negativeSlope), shape: model.shape), named: name)
  }
}

/// tanh x.
public struct Tanh: LayerDescription {
  public init() {}

  public static let name = "tanh"
  public static let summary = "tanh x"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.tanh, shape: model.shape), named: name)
  }
}

/// σ(x) = 1 / (1 + e⁻ˣ).
public struct Sigmoid: LayerDescription {
  public init() {}

  public static let name = "sigmoid"
  public static let summary = "1 / (1 + e⁻ˣ)"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.sigmoid, shape: model.shape), named: name)
  }
}

/// x · Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016).
public struct GELU: LayerDescription {
  public init() {}

  public static let name = "gelu"
  public static let summary = "x · Φ(x)"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.gelu, shape: model.shape), named: name)
  }
}

/// x above zero, `alpha` · (eˣ − 1) below (Clevert, Unterthiner and Hochreiter 2016).
public struct ELU: LayerDescription {
  /// At least 0.
  public var alpha = 1.0

  public init() {}
  public init(_ alpha: Double) { self.alpha = alpha }

  public static let name = "elu"
  public static let summary = "x above zero, alpha · (eˣ − 1) below"
  public static let shorthand: String? = "alpha"
  public static let settings: [Setting<ELU>] = [
    Setting("alpha", \.alpha, .atLeast(0), "factor of eˣ − 1 below zero")
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.elu(alpha: alpha), shape: model.shape), named: name)
  }
}

/// x · σ(x).
public struct SiLU: LayerDescription {
  public init() {}

  public static let name = "silu"
  public static let summary = "x · σ(x)"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(ActivationLayer(.silu, shape: model.shape), named: name)
  }
}

/// A function applied to each element by itself.
public struct ActivationLayer<S: Scalar>: Layer {
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
    case .relu: rectify(pass.input(), into: pass.output)
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
      rectifyBackward(output: pass.output, outputGradient: outputGradient, inputGradient: inputGradient)
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
