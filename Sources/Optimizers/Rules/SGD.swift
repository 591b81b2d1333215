public import NumericCore
public import Settings

/// Stochastic gradient descent with momentum (Polyak 1964; Nesterov 1983 as in Sutskever et al. 2013) and L2 weight
/// decay.
///
///     g ← g + λθ;  v ← μv + g;  θ ← θ − α·(nesterov ? g + μv : v)
///
/// As PyTorch's `SGD` with no dampening: v starts as the first gradient, which μ·0 + g also gives.
public struct SGD: Optimizer {
  /// μ; 0 keeps no state.
  public var momentum: Double
  /// Needs momentum.
  public var nesterov: Bool
  /// λ.
  public var weightDecay: Double

  public init(momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  public init() { self.init(momentum: 0) }

  public static let name = "sgd"
  public static let summary = "stochastic gradient descent, with momentum where asked"
  public static let defaultLearningRate = 0.01
  public static let settings: [Setting<SGD>] = [
    Setting("momentum", \.momentum, .halfOpen(0, 1), "share of the past steps in a step"),
    Setting("nesterov", \.nesterov, "Nesterov's momentum"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !nesterov || momentum > 0 else {
      throw reader.error("nesterov", "needs \(reader.path(of: "momentum")) above 0")
    }
  }

  public var stateNames: [String] { momentum > 0 ? ["momentum_buffer"] : [] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: BufferView<Float>, step: StepHyperparameters) {
    let parameters = state.parameters.view(range), gradient = gradient.view(range)
    let momentum = Float(momentum), weightDecay = Float(weightDecay) * step.decayFactor
    guard momentum > 0 else {
      for i in parameters.indices {
        let g = gradient[i] * step.gradientScale + weightDecay * parameters[i]
        parameters[i] -= step.learningRate * g
      }
      return
    }
    let velocity = state.buffers[0].view(range)
    // One loop for both rules: the step is a·g + b·v, with (1, μ) for Nesterov's and (0, 1) for Polyak's.
    let a: Float = nesterov ? 1 : 0, b: Float = nesterov ? momentum : 1
    for i in parameters.indices {
      let g = gradient[i] * step.gradientScale + weightDecay * parameters[i]
      velocity[i] = momentum * velocity[i] + g
      parameters[i] -= step.learningRate * (a * g + b * velocity[i])
    }
  }
}
