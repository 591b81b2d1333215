public import Settings

/// base · (start + (end − start) · min(1, t / steps)), over the steps after the warm-up or over the first `totalEpochs`
/// epochs of them: as PyTorch's `LinearLR`.
///
/// PyTorch's own factors, from ⅓ to 1 in five steps, are a warm-up, for which there is `warmup_steps`; the defaults
/// here go from the chosen rate to zero.
public struct LinearChange: LearningRateSchedule {
  /// What the rate is multiplied by at first.
  public var startFactor: Double
  /// What it is multiplied by at the end and from then on.
  public var endFactor: Double
  /// Nil: the whole run.
  public var totalEpochs: Int?

  public init(startFactor: Double = 1, endFactor: Double = 0, totalEpochs: Int? = nil) {
    self.startFactor = startFactor
    self.endFactor = endFactor
    self.totalEpochs = totalEpochs
  }

  public init() { self.init(startFactor: 1) }

  public static let name = "linear"
  public static let summary = "from one share of the rate to another in a straight line"
  public static let settings: [Setting<LinearChange>] = [
    Setting("start_factor", \.startFactor, .upTo(1, above: 0), "share of the rate at first"),
    Setting("end_factor", \.endFactor, .closed(0, 1), "share of the rate at the end"),
    Setting("total_epochs", \.totalEpochs, .atLeast(1), "epochs from one to the other; the whole run by default"),
  ]

  public func rate(_ place: SchedulePlace) -> Double {
    let share =
      totalEpochs.map { min(1, Double(place.doneAfterWarmup) / Double($0 * place.run.stepsPerEpoch)) }
      ?? place.shareAfterWarmup
    return place.base * (startFactor + (endFactor - startFactor) * share)
  }
}
