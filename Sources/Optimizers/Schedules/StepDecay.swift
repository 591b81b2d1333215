import Foundation
public import Settings

/// A learning rate that does not change.
public struct Constant: LearningRateSchedule {
  public init() {}
  public static let name = "constant"
  public static let summary = "the same rate throughout"
  public func rate(_ place: SchedulePlace) -> Double { place.base }
}

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
