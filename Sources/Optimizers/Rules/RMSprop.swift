public import NumericCore
public import Settings

/// RMSprop (Tieleman and Hinton 2012), centered as in Graves (2013) where asked, with Polyak's momentum.
///
///     g ← g + λθ;  s ← ρs + (1 − ρ)g²;  centered: m ← ρm + (1 − ρ)g
///     d ← g / (√(s − m²) + ε)  (m = 0 where not centered)
///     θ ← θ − α·d, or with momentum: b ← μb + d;  θ ← θ − α·b
///
/// As PyTorch's `RMSprop`, except that s − m², which rounding can make negative, is at least 0.
public struct RMSprop: Optimizer {
  /// ρ, PyTorch's `alpha`.
  public var alpha: Double
  /// Whether steps are divided by the standard deviation of the gradients instead of their root mean square.
  public var centered: Bool
  /// μ; 0 keeps no state for it.
  public var momentum: Double
  /// ε.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  public init(
    alpha: Double = 0.99, centered: Bool = false, momentum: Double = 0, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.alpha = alpha
    self.centered = centered
    self.momentum = momentum
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init() { self.init(alpha: 0.99) }

  public static let name = "rmsprop"
  public static let summary = "steps divided by the root mean square of the gradients"
  public static let defaultLearningRate = 0.01
  public static let settings: [Setting<RMSprop>] = [
    Setting("alpha", \.alpha, .halfOpen(0, 1), "share of the past in the averages"),
    Setting("centered", \.centered, "divides by the standard deviation instead"),
    Setting("momentum", \.momentum, .halfOpen(0, 1), "share of the past steps in a step"),
    Setting("epsilon", \.epsilon, .above(0), "added to the root"),
  ]

  public var stateNames: [String] {
    ["square_avg"] + (centered ? ["grad_avg"] : []) + (momentum > 0 ? ["momentum_buffer"] : [])
  }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let square = state.buffers[0].view(range)
    // A moment that is not kept has no buffer: another stands in, untouched, so that one loop serves all four rules.
    let mean = centered ? state.buffers[1].view(range) : square
    let buffer = momentum > 0 ? state.buffers[centered ? 2 : 1].view(range) : square
    let decay = Float(weightDecay) * step.decayFactor, momentum = Float(momentum), epsilon = Float(epsilon)
    let rho = Float(alpha)
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale + decay * parameters[i]
      square[i] = rho * square[i] + (1 - rho) * g * g
      var variance = square[i]
      if centered {
        mean[i] = rho * mean[i] + (1 - rho) * g
        variance = max(0, variance - mean[i] * mean[i])
      }
      var direction = g / (variance.squareRoot() + epsilon)
      if momentum > 0 {
        direction += momentum * buffer[i]
        buffer[i] = direction
      }
      parameters[i] -= step.learningRate * direction
    }
  }
}
