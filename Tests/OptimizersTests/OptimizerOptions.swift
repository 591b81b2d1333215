import Optimizers

/// The options of an optimizer as PyTorch names them.
struct OptimizerOptions: Decodable {
  let lr: Float
  var momentum: Float?
  var nesterov: Bool?
  var weightDecay: Float?
  var betas: [Float]?
  var eps: Float?

  /// Ours of the same name and options.
  func optimizer(named name: String) -> any Optimizer {
    if name.hasPrefix("sgd") {
      return SGD(momentum: momentum ?? 0, nesterov: nesterov ?? false, weightDecay: weightDecay ?? 0)
    }
    return Adam(
      beta1: betas?[0] ?? 0.9, beta2: betas?[1] ?? 0.999, epsilon: eps ?? 1e-8, weightDecay: weightDecay ?? 0,
      decay: name.hasPrefix("adamw") ? .decoupled : .coupled)
  }
}
