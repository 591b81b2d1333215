public import NumericCore

/// Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) where weight decay is decoupled.
///
///     Adam: g ← g + λθ        AdamW: θ ← θ − αλθ
///     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     θ ← θ − α/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// As in PyTorch, ε is added to the corrected root.
public struct Adam: Optimizer {
  /// Where the weight decay λ acts.
  public enum Decay: Sendable, Equatable {
    /// Adds λθ to the gradient (L2 regularisation): Adam.
    case coupled
    /// Shrinks the parameters directly: AdamW.
    case decoupled
  }

  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let weightDecay: Float
  public let decay: Decay

  public init(
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0, decay: Decay = .coupled
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.decay = decay
  }

  public var momentNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let mean = state.moments[0].window(range), square = state.moments[1].window(range)
    // The corrections in double: 1 − 0.999 loses four digits in single precision.
    let meanCorrection = 1 - power(Double(beta1), rule.step)
    let squareCorrection = (1 - power(Double(beta2), rule.step)).squareRoot()
    let stepSize = Float(Double(rule.learningRate) / meanCorrection)
    let inverseCorrection = Float(1 / squareCorrection)
    let weightDecay = weightDecay * rule.decayFactor
    let coupled = decay == .coupled ? weightDecay : 0
    let kept = decay == .decoupled ? 1 - rule.learningRate * weightDecay : 1
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale + coupled * parameters[i]
      mean[i] = beta1 * mean[i] + (1 - beta1) * g
      square[i] = beta2 * square[i] + (1 - beta2) * g * g
      parameters[i] = kept * parameters[i] - stepSize * mean[i] / (square[i].squareRoot() * inverseCorrection + epsilon)
    }
  }
}
