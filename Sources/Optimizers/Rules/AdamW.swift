public import NumericCore
public import Settings

/// AdamW (Loshchilov and Hutter 2019): Adam whose weight decay shrinks the parameters themselves, θ ← θ − αλθ, in place
/// of adding λθ to the gradient.
public struct AdamW: Optimizer {
  /// Decides the step; the decay is apart.
  public var adam: Adam
  /// λ.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01) {
    adam = Adam(beta1: beta1, beta2: beta2, epsilon: epsilon)
    self.weightDecay = weightDecay
  }

  public init() { self.init(beta1: 0.9) }

  public static let name = "adamw"
  public static let summary = "Adam with weight decay beside the gradient"
  public static let defaultLearningRate = Adam.defaultLearningRate
  public static let settings: [Setting<AdamW>] = Adam.settings.map { $0.lifted(\.adam) }

  public var stateNames: [String] { adam.stateNames }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let decay = Float(weightDecay) * step.decayFactor
    adam.update(range, of: state, gradient: gradient, step: step, coupled: 0, kept: 1 - step.learningRate * decay)
  }
}
