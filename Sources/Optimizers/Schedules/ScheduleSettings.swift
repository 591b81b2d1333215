public import Settings

/// The schedules that a configuration can name.
public enum ScheduleCatalog {
  public static let all = Catalog(
    [
      Constant.self, StepDecay.self, MultiStepDecay.self, ExponentialDecay.self, PolynomialDecay.self,
      LinearChange.self, Cosine.self, OneCycle.self, Plateau.self,
    ]
  ) { $0 as? any LearningRateSchedule }
}

/// How the learning rate grows with the batch, against a batch that it was chosen for.
public enum BatchScaling: String, SettingChoice {
  case none
  /// α · B / B₀ (Goyal et al. 2017), for SGD.
  case linear
  /// α · √(B / B₀) (Krizhevsky 2014), for Adam and its kin.
  case squareRoot = "square_root"

  /// The factor for a batch of `batchSize` samples where `referenceBatch` has factor 1.
  public func factor(batchSize: Int, referenceBatch: Int) -> Double {
    let ratio = Double(batchSize) / Double(referenceBatch)
    return switch self {
    case .none: 1
    case .linear: ratio
    case .squareRoot: ratio.squareRoot()
    }
  }
}

/// A schedule and the settings that all of them share: the key `schedule` of a configuration.
public struct ScheduleSettings: Sendable, Equatable {
  public var schedule: any LearningRateSchedule
  /// Steps of linear warm-up.
  public var warmupSteps: Int
  /// By which rule the learning rate, meant for `referenceBatch` samples a step, is adapted to the samples of a step.
  public var scaling: BatchScaling
  /// There if `scaling` is not `none`.
  public var referenceBatch: Int?

  public init(
    _ schedule: any LearningRateSchedule = Cosine(), warmupSteps: Int = 0, scaling: BatchScaling = .none,
    referenceBatch: Int? = nil
  ) {
    self.schedule = schedule
    self.warmupSteps = warmupSteps
    self.scaling = scaling
    self.referenceBatch = referenceBatch
  }

  /// What stands beside the settings of a schedule's own.
  public static let shared: [Setting<ScheduleSettings>] = [
    Setting("warmup_steps", \.warmupSteps, .atLeast(0), "steps of linear warm-up"),
    Setting("scaling", \.scaling, "how the rate grows with the samples of a step"),
    Setting("reference_batch", \.referenceBatch, .atLeast(1), "samples of a step that the rate was chosen for"),
  ]

  /// What `--help` says of them.
  public static var sharedHelp: [SettingHelp] {
    let defaults = Self()
    return shared.map { SettingHelp($0, of: defaults) }
  }

  public var name: String { schedule.name }

  /// The learning rate of every step of a run.
  ///
  /// - Parameters:
  ///   - learningRate: that of the optimizer.
  ///   - samplesPerStep: of one update over all ranks.
  public func plan(learningRate: Double, epochs: Int, stepsPerEpoch: Int, samplesPerStep: Int) -> LearningRatePlan {
    let factor = scaling.factor(batchSize: samplesPerStep, referenceBatch: referenceBatch ?? samplesPerStep)
    return LearningRatePlan(
      schedule, base: learningRate * factor,
      run: RunLength(epochs: epochs, stepsPerEpoch: stepsPerEpoch, warmupSteps: warmupSteps))
  }

  public static func == (a: ScheduleSettings, b: ScheduleSettings) -> Bool { a.json(.any) == b.json(.any) }
}

extension ScheduleSettings: SettingValue {
  public static var shorthand: String? { "name" }

  /// `"cosine"` or `{ name: "cosine", … }`; without a name it is the cosine.
  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> ScheduleSettings {
    var reader = try SettingsReader(value, path: subject, shorthand: shorthand)
    var settings = ScheduleSettings()
    for setting in shared { try setting.read(into: &settings, from: &reader) }
    guard settings.scaling == .none || settings.referenceBatch != nil else {
      throw reader.error(
        "scaling", "needs \(reader.path(of: "reference_batch")), the batch that the learning rate was chosen for")
    }
    settings.schedule = try ScheduleCatalog.all.readNamed(&reader, default: Cosine.name)
    try reader.finish()
    return settings
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    .object(
      [JSONValue.Member("name", .string(schedule.name))]
        + Self.shared.map { JSONValue.Member($0.key, $0.json(of: self)) } + schedule.members)
  }
}
