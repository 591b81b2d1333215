public import NumericCore
public import Settings

/// Adam with layer-wise adaptive rates (You et al. 2020, "Large batch optimization for deep learning", algorithm 2).
///
///     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     u ← m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε) + λθ
///     θ ← θ − α·q·u,  q = ‖θ‖ / ‖u‖
///
/// with the norms over a whole parameter and the paper's φ the identity. q = 1 where a norm is zero, and for a
/// parameter without weight decay, as is usual for biases and norms.
public struct LAMB: LayerwiseOptimizer {
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε.
  public var epsilon: Double
  /// λ, decoupled.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init() { self.init(beta1: 0.9) }

  public static let name = "lamb"
  public static let summary = "Adam with a rate for each layer, for large batches"
  public static let defaultLearningRate = 0.001
  public static let decaysBiases = false
  public static let settings: [Setting<LAMB>] = [
    Setting("beta1", \.beta1, .halfOpen(0, 1), "share of the past in the mean gradient"),
    Setting("beta2", \.beta2, .halfOpen(0, 1), "share of the past in the mean square"),
    Setting("epsilon", \.epsilon, .above(0), "added to the root of the mean square"),
  ]

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  /// Updates the averages and leaves u in `gradient`.
  public func prepare(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters)
  {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let mean = state.buffers[0].view(range)
    let square = state.buffers[1].view(range)
    let beta1 = Float(beta1), beta2 = Float(beta2), epsilon = Float(epsilon)
    let meanScale = Float(1 / (1 - power(Double(beta1), step.number)))
    let rootScale = Float(1 / (1 - power(Double(beta2), step.number)).squareRoot())
    let decay = Float(weightDecay) * step.decayFactor
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale
      mean[i] = beta1 * mean[i] + (1 - beta1) * g
      square[i] = beta2 * square[i] + (1 - beta2) * g * g
      gradient[i] = meanScale * mean[i] / (square[i].squareRoot() * rootScale + epsilon) + decay * parameters[i]
    }
  }

  public func trustRatio(parameterNorm: Double, gradientNorm: Double, step: StepHyperparameters) -> Float {
    guard parameterNorm > 0, gradientNorm > 0, step.decayFactor > 0 else { return 1 }
    return Float(parameterNorm / gradientNorm)
  }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let rate = step.learningRate * step.trustRatio
    for i in parameters.indices { parameters[i] -= rate * gradient[i] }
  }
}
