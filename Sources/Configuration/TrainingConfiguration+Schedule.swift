import Settings

extension TrainingConfiguration {
  /// What a run can be judged by, of the validation split if there is one, else of the training split.
  public enum Metric: String, CaseIterable, Sendable {
    case loss, accuracy
  }

  /// How the learning rate changes over the run, after a linear warm-up.
  public struct Schedule: Sendable, Equatable {
    public enum Name: String, CaseIterable, Sendable {
      case constant, step
      case multiStep = "multi_step"
      case exponential, polynomial, cosine
      case oneCycle = "one_cycle"
      case plateau
    }

    /// How the learning rate grows with the batch.
    public enum Scaling: String, CaseIterable, Sendable {
      case none, linear
      case squareRoot = "square_root"
    }

    public let name: Name
    /// Steps of linear warm-up, at least 0.
    public var warmupSteps = 0
    /// By which rule the learning rate, meant for `referenceBatch` samples a step, is adapted to the samples of a step.
    public var scaling = Scaling.none
    /// At least 1; there if `scaling` is not `none`.
    public var referenceBatch: Int?
    /// Epochs between two decays of `step`, at least 1; `nil`: a third of the epochs.
    public var stepEpochs: Int?
    /// The epochs after which `multi_step` decays, ascending.
    public var milestones: [Int] = []
    /// The factor of one decay, in (0, 1]: every `stepEpochs` for `step`, at each milestone for `multi_step`, every epoch for
    /// `exponential`, when the metric stalls for `plateau`.
    public var gamma: Double
    /// The exponent of `polynomial`, more than 0.
    public var power = 1.0
    /// Where `polynomial` and `cosine` end, and what `plateau` does not fall below; at least 0.
    public var minimumLearningRate = 0.0
    /// Epochs of the first period of `cosine`, at least 1; `nil`: one period, the whole run.
    public var periodEpochs: Int?
    /// How many times as long each later period of `cosine` is, at least 1.
    public var periodGrowth = 1
    /// The share of `one_cycle` in which the rate rises, in (0, 1).
    public var rise = 0.3
    /// The highest rate of `one_cycle` over its first, at least 1.
    public var startDivisor = 25.0
    /// The first rate of `one_cycle` over its last, at least 1.
    public var endDivisor = 1e4
    /// What `plateau` follows.
    public var metric = Metric.loss
    /// Epochs without improvement that `plateau` lets pass, at least 0.
    public var patience = 10
    /// The relative change of the metric that is an improvement for `plateau`, at least 0.
    public var threshold = 1e-4
    /// Epochs after a decay of `plateau` in which none counts as bad, at least 0.
    public var cooldown = 0

    /// The schedule with its defaults: `gamma` is 0.95 for `exponential`, else 0.1.
    public init(name: Name = .cosine) {
      self.name = name
      gamma = name == .exponential ? 0.95 : 0.1
    }

    /// The keys that `name` takes beside those that all take.
    private var options: [String] {
      switch name {
      case .constant: []
      case .step: ["step_epochs", "gamma"]
      case .multiStep: ["milestones", "gamma"]
      case .exponential: ["gamma"]
      case .polynomial: ["power", "minimum_learning_rate"]
      case .cosine: ["minimum_learning_rate", "period_epochs", "period_growth"]
      case .oneCycle: ["rise", "start_divisor", "end_divisor"]
      case .plateau: ["metric", "gamma", "patience", "threshold", "cooldown", "minimum_learning_rate"]
      }
    }

    private static let allOptions = [
      "step_epochs", "milestones", "gamma", "power", "minimum_learning_rate", "period_epochs", "period_growth", "rise",
      "start_divisor", "end_divisor", "metric", "patience", "threshold", "cooldown",
    ]
  }
}

extension TrainingConfiguration.Schedule {
  init(reading reader: consuming SettingsReader) throws(SettingsError) {
    self.init(name: try reader.choice("name") ?? .cosine)
    warmupSteps = try reader.integer("warmup_steps", in: .atLeast(0)) ?? warmupSteps
    scaling = try reader.choice("scaling") ?? scaling
    referenceBatch = try reader.integer("reference_batch", in: .atLeast(1))
    guard scaling == .none || referenceBatch != nil else {
      throw reader.error("scaling", "needs schedule.reference_batch, the batch that the learning rate was chosen for")
    }
    for option in options {
      switch option {
      case "step_epochs": stepEpochs = try reader.integer(option, in: .atLeast(1))
      case "milestones": milestones = try reader.ascending(option)
      case "gamma": gamma = try reader.decayFactor() ?? gamma
      case "power": power = try reader.double(option, in: .above(0)) ?? power
      case "minimum_learning_rate":
        minimumLearningRate = try reader.double(option, in: .atLeast(0)) ?? minimumLearningRate
      case "period_epochs": periodEpochs = try reader.integer(option, in: .atLeast(1))
      case "period_growth": periodGrowth = try reader.integer(option, in: .atLeast(1)) ?? periodGrowth
      case "rise":
        rise = try reader.double(option, in: .above(0)) ?? rise
        guard rise < 1 else { throw reader.error(option, "expected less than 1, found \(rise)") }
      case "start_divisor": startDivisor = try reader.double(option, in: .atLeast(1)) ?? startDivisor
      case "end_divisor": endDivisor = try reader.double(option, in: .atLeast(1)) ?? endDivisor
      case "metric": metric = try reader.choice(option) ?? metric
      case "patience": patience = try reader.integer(option, in: .atLeast(0)) ?? patience
      case "threshold": threshold = try reader.double(option, in: .atLeast(0)) ?? threshold
      case "cooldown": cooldown = try reader.integer(option, in: .atLeast(0)) ?? cooldown
      default: preconditionFailure("no reader for the option \(option)")
      }
    }
    guard name != .multiStep || !milestones.isEmpty else {
      throw reader.error("milestones", "expected the epochs after which to decay, such as [30, 60]")
    }
    try reader.rejectOptions(of: name.rawValue, among: Self.allOptions)
    try reader.finish()
  }

  var json: JSONValue {
    let common: [JSONValue.Member] = [
      .init("name", .string(name.rawValue)), .init("warmup_steps", .integer(warmupSteps)),
      .init("scaling", .string(scaling.rawValue)), .init("reference_batch", .optional(referenceBatch)),
    ]
    let own = options.map { option -> JSONValue.Member in
      switch option {
      case "step_epochs": .init(option, .optional(stepEpochs))
      case "milestones": .init(option, .array(milestones.map { .integer($0) }))
      case "gamma": .init(option, .number(gamma))
      case "power": .init(option, .number(power))
      case "minimum_learning_rate": .init(option, .number(minimumLearningRate))
      case "period_epochs": .init(option, .optional(periodEpochs))
      case "period_growth": .init(option, .integer(periodGrowth))
      case "rise": .init(option, .number(rise))
      case "start_divisor": .init(option, .number(startDivisor))
      case "end_divisor": .init(option, .number(endDivisor))
      case "metric": .init(option, .string(metric.rawValue))
      case "patience": .init(option, .integer(patience))
      case "threshold": .init(option, .number(threshold))
      default: .init(option, .integer(cooldown))
      }
    }
    return .object(common + own)
  }
}

extension SettingsReader {
  /// `gamma`, more than 0 and at most 1.
  fileprivate mutating func decayFactor() throws(SettingsError) -> Double? {
    guard let factor = try double("gamma", in: .above(0)) else { return nil }
    guard factor <= 1 else { throw error("gamma", "expected at most 1, found \(factor)") }
    return factor
  }

  /// A list of whole numbers from 1 on, each greater than the one before; empty where there is none.
  fileprivate mutating func ascending(_ key: String) throws(SettingsError) -> [Int] {
    var numbers: [Int] = []
    for (index, element) in (try array(key) ?? []).enumerated() {
      numbers.append(
        try element.requireInteger("\(path(of: key))[\(index)]", in: .atLeast((numbers.last ?? 0) + 1)))
    }
    return numbers
  }
}
