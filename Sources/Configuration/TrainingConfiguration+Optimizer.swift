import Settings

extension TrainingConfiguration {
  /// An optimizer and its options; options that `name` does not take keep their defaults.
  public struct Optimizer: Sendable, Equatable {
    public static let knownNames = [
      "sgd", "adam", "adamw", "adagrad", "rmsprop", "adadelta", "lion", "lars", "lamb",
    ]

    /// One of `knownNames`.
    public let name: String
    /// More than 0.
    public var learningRate: Double
    /// At least 0.
    public var weightDecay: Double
    /// Whether weight decay and penalties act on biases, norms and all other parameters of one dimension.
    public var decayBiases: Bool
    /// 0 ..< 1.
    public var momentum: Double
    /// Nesterov's momentum, with `momentum` above 0.
    public var nesterov = false
    /// 0 ..< 1.
    public var beta1 = 0.9
    /// 0 ..< 1.
    public var beta2: Double
    /// More than 0.
    public var epsilon: Double
    /// The share of the past in RMSprop's averages, 0 ..< 1.
    public var alpha = 0.99
    /// Whether RMSprop divides by the standard deviation of the gradients instead of their root mean square.
    public var centered = false
    /// The share of the past in Adadelta's averages, 0 ..< 1.
    public var rho = 0.9
    /// The step of LARS in terms of the norm of the weights, more than 0.
    public var trustCoefficient = 0.001

    /// The optimizer with its defaults, PyTorch's where it has the optimizer, but 0.01 as the learning rate of SGD.
    public init(name: String = "adam") {
      self.name = name
      switch name {
      case "sgd", "adagrad", "rmsprop": learningRate = 0.01
      case "adadelta", "lars": learningRate = 1
      case "lion": learningRate = 1e-4
      default: learningRate = 0.001
      }
      weightDecay = name == "adamw" || name == "lamb" ? 0.01 : 0
      decayBiases = name != "lars" && name != "lamb"
      momentum = name == "lars" ? 0.9 : 0
      beta2 = name == "lion" ? 0.99 : 0.999
      switch name {
      case "adagrad": epsilon = 1e-10
      case "adadelta", "lamb": epsilon = 1e-6
      default: epsilon = 1e-8
      }
    }

    /// The keys that `name` takes beside those that all take.
    private var options: [String] {
      switch name {
      case "sgd": ["momentum", "nesterov"]
      case "adagrad": ["epsilon"]
      case "rmsprop": ["alpha", "centered", "momentum", "epsilon"]
      case "adadelta": ["rho", "epsilon"]
      case "lion": ["beta1", "beta2"]
      case "lars": ["momentum", "trust_coefficient", "epsilon"]
      default: ["beta1", "beta2", "epsilon"]
      }
    }

    private static let allOptions = [
      "momentum", "nesterov", "beta1", "beta2", "epsilon", "alpha", "centered", "rho", "trust_coefficient",
    ]
  }
}

extension TrainingConfiguration.Optimizer {
  init(reading reader: consuming SettingsReader) throws(SettingsError) {
    self.init(name: try reader.name("name", of: Self.knownNames) ?? Self().name)
    learningRate = try reader.double("learning_rate", in: .above(0)) ?? learningRate
    weightDecay = try reader.double("weight_decay", in: .atLeast(0)) ?? weightDecay
    decayBiases = try reader.bool("decay_biases") ?? decayBiases
    for option in options {
      switch option {
      case "momentum": momentum = try reader.double(option, in: .halfOpen(0, 1)) ?? momentum
      case "nesterov": nesterov = try reader.bool(option) ?? nesterov
      case "beta1": beta1 = try reader.double(option, in: .halfOpen(0, 1)) ?? beta1
      case "beta2": beta2 = try reader.double(option, in: .halfOpen(0, 1)) ?? beta2
      case "epsilon": epsilon = try reader.double(option, in: .above(0)) ?? epsilon
      case "alpha": alpha = try reader.double(option, in: .halfOpen(0, 1)) ?? alpha
      case "centered": centered = try reader.bool(option) ?? centered
      case "rho": rho = try reader.double(option, in: .halfOpen(0, 1)) ?? rho
      case "trust_coefficient": trustCoefficient = try reader.double(option, in: .above(0)) ?? trustCoefficient
      default: preconditionFailure("no reader for the option \(option)")
      }
    }
    guard !nesterov || momentum > 0 else {
      throw reader.error("nesterov", "needs \(reader.path(of: "momentum")) above 0")
    }
    try reader.rejectOptions(of: name, among: Self.allOptions)
    try reader.finish()
  }

  var json: JSONValue {
    let common: [JSONValue.Member] = [
      .init("name", .string(name)), .init("learning_rate", .number(learningRate)),
      .init("weight_decay", .number(weightDecay)), .init("decay_biases", .bool(decayBiases)),
    ]
    let own = options.map { option -> JSONValue.Member in
      switch option {
      case "momentum": .init(option, .number(momentum))
      case "nesterov": .init(option, .bool(nesterov))
      case "beta1": .init(option, .number(beta1))
      case "beta2": .init(option, .number(beta2))
      case "epsilon": .init(option, .number(epsilon))
      case "alpha": .init(option, .number(alpha))
      case "centered": .init(option, .bool(centered))
      case "rho": .init(option, .number(rho))
      default: .init(option, .number(trustCoefficient))
      }
    }
    return .object(common + own)
  }
}
