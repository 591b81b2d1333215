public import NumericCore

/// Adam with layer-wise adaptive rates (You et al. 2020, "Large batch optimization for deep learning", algorithm 2).
///
///     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     u ← m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε) + λθ
///     θ ← θ − α·q·u,  q = ‖θ‖ / ‖u‖
///
/// with the norms over a whole parameter and the paper's φ the identity. q = 1 where a norm is zero, and for a parameter
/// without weight decay, as is usual for biases and norms.
public struct LAMB: LayerwiseOptimizer {
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  /// λ, at least 0; decoupled.
  public let weightDecay: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-6, weightDecay: Float = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var momentNames: [String] { ["exp_avg", "exp_avg_sq"] }

  /// Moves the moments and leaves u in `gradient`.
  public func prepare(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let mean = state.moments[0].window(range), square = state.moments[1].window(range)
    let meanScale = Float(1 / (1 - power(Double(beta1), rule.step)))
    let rootScale = Float(1 / (1 - power(Double(beta2), rule.step)).squareRoot())
    let decay = weightDecay * rule.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale
      mean[i] = beta1 * mean[i] + (1 - beta1) * g
      square[i] = beta2 * square[i] + (1 - beta2) * g * g
      gradient[i] = meanScale * mean[i] / (square[i].squareRoot() * rootScale + epsilon) + decay * parameters[i]
    }
  }

  public func trustRatio(parameterNorm: Double, gradientNorm: Double, rule: StepRule) -> Float {
    guard parameterNorm > 0, gradientNorm > 0, rule.decayFactor > 0 else { return 1 }
    return Float(parameterNorm / gradientNorm)
  }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let step = rule.learningRate * rule.trustRatio
    for i in parameters.indices { parameters[i] -= step * gradient[i] }
  }
}
