public import NumericCore
public import Settings

/// Adagrad (Duchi, Hazan and Singer 2011): every element's step shrinks with the gradients it has seen.
///
///     g ← g + λθ;  s ← s + g²;  θ ← θ − α·g / (√s + ε)
///
/// As PyTorch's `Adagrad` with no decay of the learning rate, which is the schedule's business, and s starting at 0.
public struct Adagrad: Optimizer {
  /// ε.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double

  public init(epsilon: Double = 1e-10, weightDecay: Double = 0) {
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  public init() { self.init(epsilon: 1e-10) }

  public static let name = "adagrad"
  public static let summary = "steps that shrink with the gradients seen so far"
  public static let defaultLearningRate = 0.01
  public static let settings: [Setting<Adagrad>] = [
    Setting("epsilon", \.epsilon, .above(0), "added to the root of the sum of squares")
  ]

  public var stateNames: [String] { ["sum"] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range)
    let gradient = gradient.view(range)
    let sum = state.buffers[0].view(range)
    let decay = Float(weightDecay) * step.decayFactor, epsilon = Float(epsilon)
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale + decay * parameters[i]
      sum[i] += g * g
      parameters[i] -= step.learningRate * g / (sum[i].squareRoot() + epsilon)
    }
  }
}
