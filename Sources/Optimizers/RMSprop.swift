public import NumericCore

/// RMSprop (Tieleman and Hinton 2012), centered as in Graves (2013) where asked, with Polyak's momentum.
///
///     g ← g + λθ;  s ← ρs + (1 − ρ)g²;  centered: m ← ρm + (1 − ρ)g
///     d ← g / (√(s − m²) + ε)  (m = 0 where not centered)
///     θ ← θ − α·d, or with momentum: b ← μb + d;  θ ← θ − α·b
///
/// As PyTorch's `RMSprop`, except that s − m², which rounding can make negative, is at least 0.
public struct RMSprop: Optimizer {
  /// ρ, PyTorch's `alpha`.
  public let decayRate: Float
  /// μ, at least 0; 0 keeps no moment.
  public let momentum: Float
  public let centered: Bool
  public let epsilon: Float
  /// λ, at least 0.
  public let weightDecay: Float

  public init(
    decayRate: Float = 0.99, momentum: Float = 0, centered: Bool = false, epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    self.decayRate = decayRate
    self.momentum = momentum
    self.centered = centered
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public var momentNames: [String] {
    ["square_avg"] + (centered ? ["grad_avg"] : []) + (momentum > 0 ? ["momentum_buffer"] : [])
  }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let square = state.moments[0].window(range)
    // A moment that is not kept has no buffer: another stands in, untouched, so that one loop serves all four rules.
    let mean = centered ? state.moments[1].window(range) : square
    let buffer = momentum > 0 ? state.moments[centered ? 2 : 1].window(range) : square
    let decay = weightDecay * rule.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale + decay * parameters[i]
      square[i] = decayRate * square[i] + (1 - decayRate) * g * g
      var variance = square[i]
      if centered {
        mean[i] = decayRate * mean[i] + (1 - decayRate) * g
        variance = max(0, variance - mean[i] * mean[i])
      }
      var direction = g / (variance.squareRoot() + epsilon)
      if momentum > 0 {
        direction += momentum * buffer[i]
        buffer[i] = direction
      }
      parameters[i] -= rule.learningRate * direction
    }
  }
}
