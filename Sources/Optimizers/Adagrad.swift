public import NumericCore

/// Adagrad (Duchi, Hazan and Singer 2011): every element's step shrinks with the gradients it has seen.
///
///     g ← g + λθ;  s ← s + g²;  θ ← θ − α·g / (√s + ε)
///
/// As PyTorch's `Adagrad` with no decay of the learning rate, which is the schedule's business, and s starting at 0.
public struct Adagrad: Optimizer {
  public let epsilon: Float
  /// λ, at least 0.
  public let weightDecay: Float

  public init(epsilon: Float = 1e-10, weightDecay: Float = 0) {
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var momentNames: [String] { ["sum"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let sum = state.moments[0].window(range)
    let decay = weightDecay * rule.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale + decay * parameters[i]
      sum[i] += g * g
      parameters[i] -= rule.learningRate * g / (sum[i].squareRoot() + epsilon)
    }
  }
}
