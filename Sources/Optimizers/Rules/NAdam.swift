public import NumericCore
public import Settings

/// NAdam (Dozat 2016): Adam whose mean gradient looks one step ahead, with weight decay as L2 regularization.
///
///     μₜ = β₁ (1 − ½ · 0.96^(ψt));  Πₜ = μ₁ μ₂ … μₜ
///     g ← g + λθ;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     θ ← θ − α (μₜ₊₁/(1 − Πₜ₊₁) · m + (1 − μₜ)/(1 − Πₜ) · g) / (√v / √(1 − β₂ᵗ) + ε)
///
/// As in PyTorch. Πₜ, which PyTorch keeps as `mu_product`, is found anew at each step, so that the moments are the
/// whole state.
public struct NAdam: Optimizer {
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε.
  public var epsilon: Double
  /// ψ.
  public var momentumDecay: Double
  /// λ.
  public var weightDecay: Double

  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, momentumDecay: Double = 0.004,
    weightDecay: Double = 0
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.momentumDecay = momentumDecay
    self.weightDecay = weightDecay
  }

  public init() { self.init(beta1: 0.9) }

  public static let name = "nadam"
  public static let summary = "Adam with Nesterov's momentum"
  public static let defaultLearningRate = 0.002
  public static let settings: [Setting<NAdam>] = [
    Setting("beta1", \.beta1, .halfOpen(0, 1), "share of the past in the mean gradient"),
    Setting("beta2", \.beta2, .halfOpen(0, 1), "share of the past in the mean square"),
    Setting("epsilon", \.epsilon, .above(0), "added to the root of the mean square"),
    Setting("momentum_decay", \.momentumDecay, .atLeast(0), "how fast the momentum rises from half of beta1 to all"),
  ]

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range), gradient = gradient.view(range)
    let mean = state.buffers[0].view(range), square = state.buffers[1].view(range)
    let beta1 = Float(beta1), beta2 = Float(beta2), epsilon = Float(epsilon)
    let decay = Float(weightDecay) * step.decayFactor
    let (ofGradient, ofMean) = shares(at: step.number)
    let gradientStep = Float(Double(step.learningRate) * ofGradient)
    let meanStep = Float(Double(step.learningRate) * ofMean)
    let inverseCorrection = Float(1 / (1 - power(Double(beta2), step.number)).squareRoot())
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale + decay * parameters[i]
      mean[i] = beta1 * mean[i] + (1 - beta1) * g
      square[i] = beta2 * square[i] + (1 - beta2) * g * g
      parameters[i] -=
        (gradientStep * g + meanStep * mean[i]) / (square[i].squareRoot() * inverseCorrection + epsilon)
    }
  }

  /// (1 − μₜ)/(1 − Πₜ) and μₜ₊₁/(1 − Πₜ₊₁) of step t, in double.
  private func shares(at step: Int) -> (gradient: Double, mean: Double) {
    /// 0.96^ψ.
    let fading = Double.exponential(momentumDecay * -0.040821994520255166)
    func momentum(_ faded: Double) -> Double { beta1 * (1 - faded / 2) }
    var (factors, faded, product) = (0, 1.0, 1.0)
    // Once 1 − Π rounds to 1 no further factor counts: after some 50 steps, unless β₁ is close to 1.
    while factors < step && product > 0x1p-54 {
      factors += 1
      faded *= fading
      product *= momentum(faded)
    }
    let now = momentum(power(fading, step)), next = momentum(power(fading, step + 1))
    return ((1 - now) / (1 - product), next / (1 - product * next))
  }
}
