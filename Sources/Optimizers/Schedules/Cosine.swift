import Foundation
public import Settings

/// minimum + (base − minimum) · (1 + cos(π · t / steps)) / 2, over the steps after the warm-up (Loshchilov and Hutter
/// 2017).
///
/// With `periodEpochs` it begins again at the base: the first period is that long, each later one `periodGrowth` times
/// as long as the one before (SGDR in the same paper).
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

/// From `first` to `last` by half a cosine, as `share` goes from 0 to 1.
func halfCosine(_ first: Double, _ last: Double, _ share: Double) -> Double {
  last + (first - last) * (1 + cos(.pi * share)) / 2
}
