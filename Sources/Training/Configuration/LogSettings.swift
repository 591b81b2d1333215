public import Settings

/// What is written down of a run beside `metrics.jsonl`: the key `log`. None of it changes a bit of the result.
public struct LogSettings: NestedSettings {
  /// How many steps lie between two lines of `steps.jsonl`; the first step has one too. Nil: as `interval(of:)`
  /// chooses, 0: there is no such file.
  public var everySteps: Int?
  /// Whether there are event files for TensorBoard.
  public var tensorboard = false
  /// Whether these have histograms of weights and gradients, one a parameter and epoch.
  public var histograms = false
  /// Whether the run ends with `report.html`.
  public var report = true

  /// The file that the time of the run goes to, span by span; nil for none.
  public var trace: String?
  /// How many steps of each epoch are in it.
  public var traceSteps = 20

  public init() {}

  public static let settings: [Setting<LogSettings>] = [
    Setting(
      "every_steps", \.everySteps, .atLeast(0), "steps between lines of steps.jsonl, 0 for none; at most 500 lines"),
    Setting("tensorboard", \.tensorboard, "writes event files for TensorBoard"),
    Setting("histograms", \.histograms, "of weights and gradients in them, each epoch"),
    Setting("report", \.report, "ends the run with report.html"),
    Setting("trace", \.trace, "file for a trace of where the time goes, for Perfetto"),
    Setting("trace_steps", \.traceSteps, .atLeast(1), "steps of each epoch in it"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !histograms || tensorboard else {
      throw reader.error("histograms", "stand in the files of log.tensorboard, which is off; turn it on too")
    }
  }

  /// The steps between two lines of `steps.jsonl`, 0 for none: by default the least of 1, 2, 5, 10, 20, 50, … that
  /// gives a run of so many steps at most 500 lines.
  package func interval(of steps: Int) -> Int {
    if let everySteps { return everySteps }
    var decade = 1
    while true {
      // The first step has a line of its own.
      for interval in [decade, 2 * decade, 5 * decade] where steps / interval + (interval > 1 ? 1 : 0) <= 500 {
        return interval
      }
      decade *= 10
    }
  }
}
