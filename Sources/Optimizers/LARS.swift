public import NumericCore

/// SGD with layer-wise adaptive rates (You, Gitman and Ginsburg 2017, "Large batch training of convolutional networks").
///
///     q ← η‖θ‖ / (‖g‖ + λ‖θ‖ + ε);  v ← μv + q·(g + λθ);  θ ← θ − α·v
///
/// with the norms over a whole parameter. As in the common PyTorch implementations the learning rate stands outside of the
/// momentum, where the paper has it inside: the same for a constant α. q = 1 where a norm is zero, and for a parameter
/// without weight decay, as is usual for biases and norms.
public struct LARS: LayerwiseOptimizer {
  /// μ, at least 0.
  public let momentum: Float
  /// λ, at least 0.
  public let weightDecay: Float
  /// η.
  public let trustCoefficient: Float
  public let epsilon: Float

  public init(
    momentum: Float = 0.9, weightDecay: Float = 0, trustCoefficient: Float = 0.001, epsilon: Float = 1e-8
  ) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.trustCoefficient = trustCoefficient
    self.epsilon = epsilon
  }

  public var momentNames: [String] { ["momentum_buffer"] }

  /// Leaves the mean gradient in `gradient`.
  public func prepare(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    scale(gradient.window(range), by: rule.gradientScale)
  }

  public func trustRatio(parameterNorm: Double, gradientNorm: Double, rule: StepRule) -> Float {
    guard parameterNorm > 0, gradientNorm > 0, rule.decayFactor > 0 else { return 1 }
    let decay = Double(weightDecay * rule.decayFactor)
    return Float(
      Double(trustCoefficient) * parameterNorm / (gradientNorm + decay * parameterNorm + Double(epsilon)))
  }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let velocity = state.moments[0].window(range)
    let decay = weightDecay * rule.decayFactor
    for i in parameters.indices {
      velocity[i] = momentum * velocity[i] + rule.trustRatio * (gradient[i] + decay * parameters[i])
      parameters[i] -= rule.learningRate * velocity[i]
    }
  }
}
