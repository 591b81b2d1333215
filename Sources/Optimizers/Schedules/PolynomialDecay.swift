import Foundation
public import Settings

/// minimum + (base − minimum) · (1 − t / steps)^power, over the steps after the warm-up.
public struct PolynomialDecay: LearningRateSchedule {
  public var power: Double
  public var minimumLearningRate: Double

  public init(power: Double = 1, minimumLearningRate: Double = 0) {
    self.power = power
    self.minimumLearningRate = minimumLearningRate
  }

  public init() { self.init(power: 1) }

  public static let name = "polynomial"
  public static let summary = "down to the minimum along a power of what is left of the run"
  public static let settings: [Setting<PolynomialDecay>] = [
    Setting("power", \.power, .above(0), "the exponent; 1 is a straight line"),
    Setting("minimum_learning_rate", \.minimumLearningRate, .atLeast(0), "where it ends"),
  ]

  public func rate(_ place: SchedulePlace) -> Double {
    minimumLearningRate + (place.base - minimumLearningRate) * pow(1 - place.shareAfterWarmup, power)
  }
}
