public import NumericCore
public import Settings

/// SGD with layer-wise adaptive rates (You, Gitman and Ginsburg 2017, "Large batch training of convolutional
/// networks").
///
///     q ← η‖θ‖ / (‖g‖ + λ‖θ‖ + ε);  v ← μv + q·(g + λθ);  θ ← θ − α·v
///
/// with the norms over a whole parameter. As in the common PyTorch implementations the learning rate stands outside of
/// the momentum, where the paper has it inside: the same for a constant α. q = 1 where a norm is zero, and for a
/// parameter without weight decay, as is usual for biases and norms.
public struct LARS: LayerwiseOptimizer {
  /// μ.
  public var momentum: Double
  /// η.
  public var trustCoefficient: Double
  /// ε.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  public init(
    momentum: Double = 0.9, trustCoefficient: Double = 0.001, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.momentum = momentum
    self.trustCoefficient = trustCoefficient
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init() { self.init(momentum: 0.9) }

  public static let name = "lars"
  public static let summary = "SGD with a rate for each layer, for large batches"
  public static let defaultLearningRate = 1.0
  public static let decaysBiases = false
  public static let settings: [Setting<LARS>] = [
    Setting("momentum", \.momentum, .halfOpen(0, 1), "share of the past steps in a step"),
    Setting("trust_coefficient", \.trustCoefficient, .above(0), "step in terms of the norm of the weights"),
    Setting("epsilon", \.epsilon, .above(0), "added to the norm of the gradient"),
  ]

  public var stateNames: [String] { ["momentum_buffer"] }

  /// Leaves the mean gradient in `gradient`.
  public func prepare(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters)
  {
    scale(gradient.view(range), by: step.gradientScale)
  }

  public func trustRatio(parameterNorm: Double, gradientNorm: Double, step: StepHyperparameters) -> Float {
    guard parameterNorm > 0, gradientNorm > 0, step.decayFactor > 0 else { return 1 }
    let decay = Double(Float(weightDecay) * step.decayFactor)
    return Float(
      Double(Float(trustCoefficient)) * parameterNorm
        / (gradientNorm + decay * parameterNorm + Double(Float(epsilon))))
  }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let velocity = state.buffers[0].view(range)
    let decay = Float(weightDecay) * step.decayFactor, momentum = Float(momentum)
    for i in parameters.indices {
      velocity[i] = momentum * velocity[i] + step.trustRatio * (gradient[i] + decay * parameters[i])
      parameters[i] -= step.learningRate * velocity[i]
    }
  }
}
