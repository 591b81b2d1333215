import Optimizers

/// The options of an optimizer as PyTorch names them.
struct OptimizerOptions: Decodable {
  let lr: Float
  var momentum: Float?
  var nesterov: Bool?
  var weightDecay: Float?
  var betas: [Float]?
  var eps: Float?
  var alpha: Float?
  var centered: Bool?
  var rho: Float?
  var trustCoefficient: Float?
  var decayBiases: Bool?

  /// Ours of the same name, up to its first underscore, and options.
  func optimizer(named name: String) -> any Optimizer {
    let weightDecay = weightDecay ?? 0
    switch name.prefix(while: { $0 != "_" }) {
    case "sgd": return SGD(momentum: momentum ?? 0, nesterov: nesterov ?? false, weightDecay: weightDecay)
    case "adagrad": return Adagrad(epsilon: eps ?? 1e-10, weightDecay: weightDecay)
    case "rmsprop":
      return RMSprop(
        decayRate: alpha ?? 0.99, momentum: momentum ?? 0, centered: centered ?? false, epsilon: eps ?? 1e-8,
        weightDecay: weightDecay)
    case "adadelta": return Adadelta(decayRate: rho ?? 0.9, epsilon: eps ?? 1e-6, weightDecay: weightDecay)
    case "lion": return Lion(beta1: betas?[0] ?? 0.9, beta2: betas?[1] ?? 0.99, weightDecay: weightDecay)
    case "lars":
      return LARS(
        momentum: momentum ?? 0.9, weightDecay: weightDecay, trustCoefficient: trustCoefficient ?? 0.001,
        epsilon: eps ?? 1e-8)
    case "lamb":
      return LAMB(
        beta1: betas?[0] ?? 0.9, beta2: betas?[1] ?? 0.999, epsilon: eps ?? 1e-6, weightDecay: weightDecay)
    default:
      return Adam(
        beta1: betas?[0] ?? 0.9, beta2: betas?[1] ?? 0.999, epsilon: eps ?? 1e-8, weightDecay: weightDecay,
        decay: name.hasPrefix("adamw") ? .decoupled : .coupled)
    }
  }
}
