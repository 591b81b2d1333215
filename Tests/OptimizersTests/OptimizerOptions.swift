import Optimizers
import Settings

/// The options of an optimizer as PyTorch names them.
struct OptimizerOptions: Decodable {
  let lr: Double
  var momentum: Double?
  var nesterov: Bool?
  var weightDecay: Double?
  var betas: [Double]?
  var eps: Double?
  var alpha: Double?
  var centered: Bool?
  var rho: Double?
  var momentumDecay: Double?
  var trustCoefficient: Double?
  var decayBiases: Bool?

  /// The same as a user's configuration gives them, read through the path of a configuration.
  ///
  /// - Parameter name: of the optimizer, up to its first underscore.
  func settings(named name: String) throws -> OptimizerSettings {
    let given: [(String, JSONValue?)] = [
      ("learning_rate", .number(lr)), ("momentum", momentum.map(JSONValue.number)),
      ("nesterov", nesterov.map(JSONValue.bool)), ("weight_decay", .number(weightDecay ?? 0)),
      ("beta1", betas.map { .number($0[0]) }), ("beta2", betas.map { .number($0[1]) }),
      ("epsilon", eps.map(JSONValue.number)), ("alpha", alpha.map(JSONValue.number)),
      ("centered", centered.map(JSONValue.bool)), ("rho", rho.map(JSONValue.number)),
      ("momentum_decay", momentumDecay.map(JSONValue.number)),
      ("trust_coefficient", trustCoefficient.map(JSONValue.number)),
      // The references decay every parameter unless they say otherwise.
      ("decay_biases", .bool(decayBiases ?? true)),
    ]
    let own = String(name.prefix { $0 != "_" })
    return try OptimizerSettings.read(
      .object([.init("name", .string(own))] + given.compactMap { key, value in value.map { .init(key, $0) } }),
      "optimizer", .any)
  }
}
