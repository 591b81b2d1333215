public import Settings

/// An optimizer and the settings that all of them share: the key `optimizer` of a configuration.
public struct OptimizerSettings: Sendable, Equatable {
  /// The rule of the update, with its weight decay.
  public var rule: any Optimizer
  /// More than 0.
  public var learningRate: Double
  /// Whether weight decay and penalties act on biases, norms and all other parameters of one dimension.
  public var decaysBiases: Bool
  /// Parameters with a learning rate or weight decay of their own; each is in one group at most.
  public var groups: [ParameterGroupSettings] = []

  /// - Parameters:
  ///   - learningRate: nil for the optimizer's default.
  ///   - decaysBiases: nil for the optimizer's default.
  public init(_ rule: any Optimizer = Adam(), learningRate: Double? = nil, decaysBiases: Bool? = nil) {
    self.rule = rule
    self.learningRate = learningRate ?? type(of: rule).defaultLearningRate
    self.decaysBiases = decaysBiases ?? type(of: rule).decaysBiases
  }

  /// What stands beside the settings of an optimizer's own.
  public static let shared: [Setting<OptimizerSettings>] = [
    Setting("learning_rate", \.learningRate, .above(0), "step size at the schedule's full height"),
    Setting("weight_decay", \.rule.weightDecay, .atLeast(0), "shrinks the weights"),
    Setting("decay_biases", \.decaysBiases, "whether biases and norms decay too"),
    Setting("groups", \.groups, "[{ match: \"9.*\", learning_rate: 0.01 }], rates by parameter"),
  ]

  /// What `--help` says of them.
  public static var sharedHelp: [SettingHelp] {
    let defaults = Self()
    return shared.map { SettingHelp($0, of: defaults) }
  }

  public var name: String { rule.name }

  public static func == (a: OptimizerSettings, b: OptimizerSettings) -> Bool { a.json(.any) == b.json(.any) }
}

extension OptimizerSettings: SettingValue {
  public static var shorthand: String? { "name" }

  /// `"sgd"` or `{ name: "sgd", … }`; without a name it is Adam.
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> OptimizerSettings {
    var reader = try SettingsReader(value, path: subject, shorthand: shorthand)
    var settings = OptimizerSettings(try OptimizerCatalog.all.readNamed(&reader, default: Adam.name))
    for setting in shared { try setting.read(into: &settings, from: &reader) }
    try reader.finish()
    return settings
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    .object(
      [JSONValue.Member("name", .string(rule.name))]
        + Self.shared.map { JSONValue.Member($0.key, $0.json(of: self)) } + rule.members)
  }
}
