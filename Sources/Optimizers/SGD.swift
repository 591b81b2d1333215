public import NumericCore

/// Stochastic gradient descent with momentum (Polyak 1964; Nesterov 1983 as in Sutskever et al. 2013) and L2 weight decay.
///
///     g ← g + λθ;  v ← μv + g;  θ ← θ − α·(nesterov ? g + μv : v)
///
/// As PyTorch's `SGD` with no dampening: v starts as the first gradient, which μ·0 + g also gives.
public struct SGD: Optimizer {
  /// μ, at least 0; 0 keeps no moment.
  public let momentum: Float
  public let nesterov: Bool
  /// λ, at least 0.
  public let weightDecay: Float

  /// - Precondition: `nesterov` needs momentum.
  public init(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
    precondition(!nesterov || momentum > 0, "Nesterov's rule needs momentum")
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  public var momentNames: [String] { momentum > 0 ? ["momentum_buffer"] : [] }

  public func update(_ range: Range<Int>, of state: FlatState, gradient: Window<Float>, rule: StepRule) {
    let parameters = state.parameters.window(range), gradient = gradient.window(range)
    let weightDecay = weightDecay * rule.decayFactor
    guard momentum > 0 else {
      for i in parameters.indices {
        let g = gradient[i] * rule.gradientScale + weightDecay * parameters[i]
        parameters[i] -= rule.learningRate * g
      }
      return
    }
    let velocity = state.moments[0].window(range)
    // One loop for both rules: the step is a·g + b·v, with (1, μ) for Nesterov's and (0, 1) for Polyak's.
    let a: Float = nesterov ? 1 : 0, b: Float = nesterov ? momentum : 1
    for i in parameters.indices {
      let g = gradient[i] * rule.gradientScale + weightDecay * parameters[i]
      velocity[i] = momentum * velocity[i] + g
      parameters[i] -= rule.learningRate * (a * g + b * velocity[i])
    }
  }
}
