import Checkpointing
public import Optimizers
public import Settings

/// When checkpoints are written, whichever comes first, and which are kept. 0 turns a rule off.
public struct CheckpointRule: NestedSettings {
  /// What becomes of a run whose checkpoint cannot be written.
  public enum FailureRule: String, SettingChoice {
    /// It ends with the error.
    case stop
    /// It says so, trains on and tries again; only at its end the error ends it too.
    case `continue`
  }

  /// 1 by default, 0 if one of the next two is given.
  public var everyEpochs: Int {
    get { givenEpochs ?? (everySteps > 0 || everyMinutes > 0 ? 0 : 1) }
    set { givenEpochs = newValue }
  }
  public var everySteps = 0
  public var everyMinutes = 0.0
  /// How many of the newest are kept beside the best.
  public var keep = 3
  /// How many of those are kept that were the best so far when they were written.
  public var keepBest = 1
  /// The checkpoint at the end of every so many epochs is kept for good.
  public var keepEveryEpochs = 0
  /// What decides which epoch is the best; nil: what early stopping goes by, or else the accuracy and then the loss.
  public var bestBy: MonitoredMetric?
  /// A second directory, which gets a directory of the run's name with the same checkpoints.
  public var copyTo: String?
  public var onFailure = FailureRule.stop
  private var givenEpochs: Int?

  public init() {}

  public static let settings: [Setting<CheckpointRule>] = [
    Setting("every_epochs", \.everyEpochs, .atLeast(0), "0 turns it off; off if one of the next two is given"),
    Setting("every_steps", \.everySteps, .atLeast(0), "0 turns it off"),
    Setting("every_minutes", \.everyMinutes, .atLeast(0), "0 turns it off"),
    Setting("keep", \.keep, .atLeast(1), "newest checkpoints kept, beside the best"),
    Setting("keep_best", \.keepBest, .closed(1, 99), "last checkpoints kept that were the best when written"),
    Setting("keep_every_epochs", \.keepEveryEpochs, .atLeast(0), "keeps that of every so many epochs for good"),
    Setting("best_by", \.bestBy, "what decides which is the best; early_stopping.metric, or accuracy, then loss"),
    Setting("copy_to", \.copyTo, "a second directory for copies, of another disk or machine"),
    Setting("on_failure", \.onFailure, "stop, or continue: train on and try again"),
  ]

  /// What a directory keeps.
  var retention: CheckpointRetention { CheckpointRetention(newest: keep, best: keepBest) }

  /// Whether a checkpoint at the end of an epoch is kept for good.
  func isMilestone(epoch: Int) -> Bool { keepEveryEpochs > 0 && epoch > 0 && epoch % keepEveryEpochs == 0 }
}

/// Which checkpoint a run goes on from.
public enum ResumeChoice: SettingValue, Equatable {
  /// The newest in the run directory that verifies; a new run if there is none.
  case auto
  case path(String)

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> ResumeChoice {
    let text = try value.requireString(subject)
    return text == "auto" ? .auto : .path(text)
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    switch self {
    case .auto: "auto"
    case .path(let path): .string(path)
    }
  }
}
