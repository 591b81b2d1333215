import Foundation
public import Settings

/// base · γ^(milestones passed).
public struct MultiStepDecay: LearningRateSchedule {
  /// The epochs after which the rate decays, ascending.
  public var milestones: [Int]
  /// γ.
  public var gamma: Double

  public init(milestones: [Int], gamma: Double = 0.1) {
    self.milestones = milestones
    self.gamma = gamma
  }

  public init() { self.init(milestones: []) }

  public static let name = "multi_step"
  public static let summary = "one decay after each of some epochs"
  public static let settings: [Setting<MultiStepDecay>] = [
    Setting("milestones", \.milestones, "epochs after which to decay, such as [30, 60]"),
    Setting("gamma", \.gamma, .upTo(1, above: 0), "factor of one decay"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard !milestones.isEmpty else {
      throw reader.error("milestones", "expected the epochs after which to decay, such as [30, 60]")
    }
  }

  public func rate(_ place: SchedulePlace) -> Double {
    place.base * pow(gamma, Double(milestones.count { $0 * place.run.stepsPerEpoch <= place.done }))
  }
}
