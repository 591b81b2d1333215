public import NumericCore

/// Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms"): steps by the sign of an interpolated momentum.
///
///     θ ← θ − α·(sign(β₁m + (1 − β₁)g) + λθ);  m ← β₂m + (1 − β₂)g
///
/// Every element moves by α, so rates are 3 to 10 times smaller than Adam's. The sign of zero is zero.
public struct Lion: Optimizer {
  public let beta1: Float
  public let beta2: Float
  /// λ, at least 0; decoupled.
  public let weightDecay: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.99, weightDecay: Float = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  public var momentNames: [String] { ["exp_avg"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let mean = state.moments[0].window(range)
    let kept = 1 - rule.learningRate * weightDecay * rule.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale
      let direction = beta1 * mean[i] + (1 - beta1) * g
      let sign: Float = direction > 0 ? 1 : direction < 0 ? -1 : 0
      parameters[i] = kept * parameters[i] - rule.learningRate * sign
      mean[i] = beta2 * mean[i] + (1 - beta2) * g
    }
  }
}
