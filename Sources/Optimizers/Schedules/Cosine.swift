import Foundation
public import Settings

/// minimum + (base − minimum) · (1 + cos(π · t / steps)) / 2, over the steps after the warm-up (Loshchilov and Hutter 2017).
///
/// With `periodEpochs` it begins again at the base: the first period is that long, each later one `periodGrowth` times as long
/// as the one before (SGDR in the same paper).
public struct Cosine: LearningRateSchedule {
  public var minimumLearningRate: Double
  /// Nil: one period, the whole run.
  public var periodEpochs: Int?
  public var periodGrowth: Int

  public init(minimumLearningRate: Double = 0, periodEpochs: Int? = nil, periodGrowth: Int = 1) {
    self.minimumLearningRate = minimumLearningRate
    self.periodEpochs = periodEpochs
    self.periodGrowth = periodGrowth
  }

  public init() { self.init(minimumLearningRate: 0) }

  public static let name = "cosine"
  public static let summary = "down to the minimum by half a cosine, with restarts where asked"
  public static let settings: [Setting<Cosine>] = [
    Setting("minimum_learning_rate", \.minimumLearningRate, .atLeast(0), "where it ends"),
    Setting("period_epochs", \.periodEpochs, .atLeast(1), "epochs of the first period; the whole run by default"),
    Setting("period_growth", \.periodGrowth, .atLeast(1), "factor from period to period"),
  ]

  public func rate(_ place: SchedulePlace) -> Double {
    guard let periodEpochs else { return halfCosine(place.base, minimumLearningRate, place.shareAfterWarmup) }
    var position = place.doneAfterWarmup, length = periodEpochs * place.run.stepsPerEpoch
    if periodGrowth > 1 {
      while position >= length {
        position -= length
        length *= periodGrowth
      }
    } else {
      position %= length
    }
    return halfCosine(place.base, minimumLearningRate, Double(position) / Double(length))
  }
}

/// From base / `startDivisor` up to base over the share `rise` of the steps after the warm-up, then down to
/// base / (`startDivisor` · `endDivisor`), each by half a cosine (Smith and Topin 2018, as PyTorch's `OneCycleLR` with two phases).
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

/// From `first` to `last` by half a cosine, as `share` goes from 0 to 1.
private func halfCosine(_ first: Double, _ last: Double, _ share: Double) -> Double {
  last + (first - last) * (1 + cos(.pi * share)) / 2
}
