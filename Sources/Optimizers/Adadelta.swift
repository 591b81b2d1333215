public import NumericCore

/// Adadelta (Zeiler 2012): steps in the units of the parameters, from running averages of squared gradients and squared steps.
///
///     g ← g + λθ;  s ← ρs + (1 − ρ)g²
///     d ← g·√(u + ε) / √(s + ε);  u ← ρu + (1 − ρ)d²;  θ ← θ − α·d
///
/// As PyTorch's `Adadelta`; the paper has α = 1.
public struct Adadelta: Optimizer {
  /// ρ.
  public let decayRate: Float
  public let epsilon: Float
  /// λ, at least 0.
  public let weightDecay: Float

  public init(decayRate: Float = 0.9, epsilon: Float = 1e-6, weightDecay: Float = 0) {
    self.decayRate = decayRate
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var momentNames: [String] { ["square_avg", "acc_delta"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let square = state.moments[0].window(range), accumulated = state.moments[1].window(range)
    let decay = weightDecay * rule.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale + decay * parameters[i]
      square[i] = decayRate * square[i] + (1 - decayRate) * g * g
      let delta = (accumulated[i] + epsilon).squareRoot() / (square[i] + epsilon).squareRoot() * g
      accumulated[i] = decayRate * accumulated[i] + (1 - decayRate) * delta * delta
      parameters[i] -= rule.learningRate * delta
    }
  }
}
