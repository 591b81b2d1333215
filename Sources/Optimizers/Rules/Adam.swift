public import NumericCore
public import Settings

/// Adam (Kingma and Ba 2015), with weight decay as L2 regularization.
///
///     g ← g + λθ;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     θ ← θ − α/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// As in PyTorch, ε is added to the corrected root.
public struct Adam: Optimizer {
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init() { self.init(beta1: 0.9) }

  public static let name = "adam"
  public static let summary = "steps scaled by running means of the gradient and of its square"
  public static let defaultLearningRate = 0.001
  public static let settings: [Setting<Adam>] = [
    Setting("beta1", \.beta1, .halfOpen(0, 1), "share of the past in the mean gradient"),
    Setting("beta2", \.beta2, .halfOpen(0, 1), "share of the past in the mean square"),
    Setting("epsilon", \.epsilon, .above(0), "added to the root of the mean square"),
  ]

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    update(range, of: state, gradient: gradient, step: step, coupled: Float(weightDecay) * step.decayFactor, kept: 1)
  }

  /// The step of Adam and of AdamW.
  ///
  /// - Parameters:
  ///   - coupled: λ of the decay that is added to the gradient.
  ///   - kept: what parameters are multiplied by.
  func update(
    _ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters, coupled: Float,
    kept: Float
  ) {
    let parameters = state.parameters.view(range), gradient = gradient.view(range)
    let mean = state.buffers[0].view(range), square = state.buffers[1].view(range)
    let beta1 = Float(beta1), beta2 = Float(beta2), epsilon = Float(epsilon)
    // The corrections in double: 1 − 0.999 loses four digits in single precision.
    let meanCorrection = 1 - power(Double(beta1), step.number)
    let squareCorrection = (1 - power(Double(beta2), step.number)).squareRoot()
    let stepSize = Float(Double(step.learningRate) / meanCorrection)
    let inverseCorrection = Float(1 / squareCorrection)
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale + coupled * parameters[i]
      mean[i] = beta1 * mean[i] + (1 - beta1) * g
      square[i] = beta2 * square[i] + (1 - beta2) * g * g
      parameters[i] = kept * parameters[i] - stepSize * mean[i] / (square[i].squareRoot() * inverseCorrection + epsilon)
    }
  }
}
