import Foundation
public import Settings

/// base · γ^⌊t / every⌋: one decay every so many epochs.
public struct StepDecay: LearningRateSchedule {
  /// Nil: a third of the epochs.
  public var stepEpochs: Int?
  /// γ.
  public var gamma: Double

  public init(stepEpochs: Int? = nil, gamma: Double = 0.1) {
    self.stepEpochs = stepEpochs
    self.gamma = gamma
  }

  public init() { self.init(gamma: 0.1) }

  public static let name = "step"
  public static let summary = "one decay every so many epochs"
  public static let settings: [Setting<StepDecay>] = [
    Setting("step_epochs", \.stepEpochs, .atLeast(1), "epochs between decays; a third of all by default"),
    Setting("gamma", \.gamma, .upTo(1, above: 0), "factor of one decay"),
  ]

  public func rate(_ place: SchedulePlace) -> Double {
    let every = (stepEpochs ?? max(1, place.run.epochs / 3)) * place.run.stepsPerEpoch
    return place.base * pow(gamma, Double(place.done / every))
  }
}
