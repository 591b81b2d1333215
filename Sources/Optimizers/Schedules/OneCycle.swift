public import Settings

/// From base / `startDivisor` up to base over the share `rise` of the steps after the warm-up, then down to
/// base / (`startDivisor` · `endDivisor`), each by half a cosine (Smith and Topin 2018, as PyTorch's `OneCycleLR` with
/// two phases).
public struct OneCycle: LearningRateSchedule {
  /// The share of the run in which the rate rises.
  public var rise: Double
  /// The highest rate over the first.
  public var startDivisor: Double
  /// The first rate over the last.
  public var endDivisor: Double

  public init(rise: Double = 0.3, startDivisor: Double = 25, endDivisor: Double = 1e4) {
    self.rise = rise
    self.startDivisor = startDivisor
    self.endDivisor = endDivisor
  }

  public init() { self.init(rise: 0.3) }

  public static let name = "one_cycle"
  public static let summary = "up to the chosen rate and down to almost nothing"
  public static let settings: [Setting<OneCycle>] = [
    Setting("rise", \.rise, .between(0, 1), "share of the run before its peak"),
    Setting("start_divisor", \.startDivisor, .atLeast(1), "peak over first rate"),
    Setting("end_divisor", \.endDivisor, .atLeast(1), "first rate over last"),
  ]

  public func rate(_ place: SchedulePlace) -> Double {
    let last = Double(place.run.stepsAfterWarmup) - 1
    let top = rise * (last + 1) - 1
    let position = min(Double(place.doneAfterWarmup), last)
    let start = place.base / startDivisor
    if position <= top { return halfCosine(start, place.base, top > 0 ? position / top : 1) }
    return halfCosine(place.base, start / endDivisor, last > top ? (position - top) / (last - top) : 1)
  }
}
