public import NumericCore
public import Settings

/// Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms"): steps by the sign of an interpolated
/// momentum.
///
///     θ ← θ − α·(sign(β₁m + (1 − β₁)g) + λθ);  m ← β₂m + (1 − β₂)g
///
/// Every element moves by α, so rates are 3 to 10 times smaller than Adam's. The sign of zero is zero.
public struct Lion: Optimizer {
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// λ, decoupled.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  public init() { self.init(beta1: 0.9) }

  public static let name = "lion"
  public static let summary = "steps by the sign of an interpolated momentum"
  public static let defaultLearningRate = 1e-4
  public static let settings: [Setting<Lion>] = [
    Setting("beta1", \.beta1, .halfOpen(0, 1), "share of the momentum in the sign"),
    Setting("beta2", \.beta2, .halfOpen(0, 1), "share of the past in the momentum"),
  ]

  public var stateNames: [String] { ["exp_avg"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let mean = state.buffers[0].view(range)
    let beta1 = Float(beta1), beta2 = Float(beta2)
    let kept = 1 - step.learningRate * Float(weightDecay) * step.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale
      let direction = beta1 * mean[i] + (1 - beta1) * g
      let sign: Float = direction > 0 ? 1 : direction < 0 ? -1 : 0
      parameters[i] = kept * parameters[i] - step.learningRate * sign
      mean[i] = beta2 * mean[i] + (1 - beta2) * g
    }
  }
}
