public import Settings

/// How a run is watched for what spoils it silently: the key `sentinel`. All of it is judged by numbers that the ranks
/// have exchanged, so that each decides alike.
public struct SentinelSettings: NestedSettings {
  /// What becomes of a run whose loss or gradient is not finite.
  public enum Response: String, SettingChoice {
    /// It ends, with exit code 4.
    case stop
    /// The update is not made, and the run goes on with the next step.
    case skip
    /// It goes back to its last checkpoint.
    case rollback
  }

  /// What becomes of a run whose loss has a spike.
  public enum SpikeResponse: String, SettingChoice {
    /// Nobody looks.
    case none
    case stop, skip, rollback

    var response: Response? { Response(rawValue: rawValue) }
  }

  /// How a run goes on that has gone back.
  public enum Detour: String, SettingChoice {
    /// It makes no update of the step that sent it back.
    case passOver = "pass_over"
    /// It takes the same steps at a lower learning rate.
    case lowerRate = "lower_rate"
  }

  /// Between two comparisons of the copies of parameters and optimizer state; 0: they are compared at the ends of
  /// epochs and before checkpoints alone.
  public var compareSteps = 100
  public var onNonfinite = Response.stop
  public var onSpike = SpikeResponse.none
  /// How many of the last losses a spike is held against.
  public var window = 50
  /// How many deviations above their median a loss is a spike.
  public var threshold = 10.0
  /// Steps in a row that may be skipped.
  public var skips = 10
  /// How often a run may go back.
  public var rollbacks = 3
  public var afterRollback = Detour.passOver
  /// What the learning rate is multiplied by on `lower_rate`.
  public var rateFactor = 0.5

  public init() {}

  public static let settings: [Setting<SentinelSettings>] = [
    Setting("compare_steps", \.compareSteps, .atLeast(0), "steps between comparisons of the nodes' copies"),
    Setting("on_nonfinite", \.onNonfinite, "loss or gradient not finite"),
    Setting("on_spike", \.onSpike, "a loss far above the last ones"),
    Setting("window", \.window, .closed(4, 1000), "losses that a spike is held against"),
    Setting("threshold", \.threshold, .above(0), "deviations above their median that make a spike"),
    Setting("skips", \.skips, .atLeast(0), "steps in a row that may be skipped"),
    Setting("rollbacks", \.rollbacks, .atLeast(0), "how often a run may go back to a checkpoint"),
    Setting("after_rollback", \.afterRollback, "leaves out that step's update, or lowers the rate"),
    Setting("rate_factor", \.rateFactor, .between(0, 1), "of the learning rate on lower_rate"),
  ]

  /// Whether a run may have to go back to a checkpoint.
  var rollsBack: Bool { onNonfinite == .rollback || onSpike == .rollback }

  /// - Throws: where a run that writes no checkpoints might have to go back to one.
  package func requireNoRollback() throws(SettingsError) {
    guard rollsBack else { return }
    throw SettingsError("sentinel: rollback goes back to checkpoints, but this run writes none; give skip or stop")
  }

  /// Whether an update may have to be left out.
  var refusesUpdates: Bool { onNonfinite != .stop || onSpike != .none }
}
