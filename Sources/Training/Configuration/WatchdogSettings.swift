public import Settings

/// When a run that has come to a standstill ends: the key `watchdog`.
public struct WatchdogSettings: NestedSettings {
  /// Without any progress of a rank that the others wait for; 0: never. Nil: 20 times the longest step so far, at least
  /// 60; 300 before the first step and between steps.
  public var seconds: Double?

  public init() {}

  public static let settings: [Setting<WatchdogSettings>] = [
    Setting("seconds", \.seconds, .atLeast(0), "without progress, 0 for never; 20 times the longest step, at least 60")
  ]
}
