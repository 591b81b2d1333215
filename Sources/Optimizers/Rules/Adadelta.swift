public import NumericCore
public import Settings

/// Adadelta (Zeiler 2012): steps in the units of the parameters, from running averages of squared gradients and squared
/// steps.
///
///     g ← g + λθ;  s ← ρs + (1 − ρ)g²
///     d ← g·√(u + ε) / √(s + ε);  u ← ρu + (1 − ρ)d²;  θ ← θ − α·d
///
/// As PyTorch's `Adadelta`; the paper has α = 1.
public struct Adadelta: Optimizer {
  /// ρ.
  public var rho: Double
  /// ε.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  public init(rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0) {
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init() { self.init(rho: 0.9) }

  public static let name = "adadelta"
  public static let summary = "steps in the units of the parameters, without a rate to choose"
  public static let defaultLearningRate = 1.0
  public static let settings: [Setting<Adadelta>] = [
    Setting("rho", \.rho, .halfOpen(0, 1), "share of the past in the averages"),
    Setting("epsilon", \.epsilon, .above(0), "added under both roots"),
  ]

  public var stateNames: [String] { ["square_avg", "acc_delta"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let square = state.buffers[0].view(range)
    let accumulated = state.buffers[1].view(range)
    let decay = Float(weightDecay) * step.decayFactor, rho = Float(rho), epsilon = Float(epsilon)
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale + decay * parameters[i]
      square[i] = rho * square[i] + (1 - rho) * g * g
      let delta = (accumulated[i] + epsilon).squareRoot() / (square[i] + epsilon).squareRoot() * g
      accumulated[i] = rho * accumulated[i] + (1 - rho) * delta * delta
      parameters[i] -= step.learningRate * delta
    }
  }
}
