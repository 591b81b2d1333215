import Foundation
public import Settings

/// base · γ^(t / steps of an epoch).
public struct ExponentialDecay: LearningRateSchedule {
  /// γ.
  public var gamma: Double

  public init(gamma: Double = 0.95) { self.gamma = gamma }

  public init() { self.init(gamma: 0.95) }

  public static let name = "exponential"
  public static let summary = "a decay by a constant factor an epoch, step by step"
  public static let settings: [Setting<ExponentialDecay>] = [
    Setting("gamma", \.gamma, .upTo(1, above: 0), "factor of an epoch")
  ]

  public func rate(_ place: SchedulePlace) -> Double {
    place.base * pow(gamma, Double(place.done) / Double(place.run.stepsPerEpoch))
  }
}
