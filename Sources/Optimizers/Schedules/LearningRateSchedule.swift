public import Settings

/// How the learning rate changes over a run: a pure function of the step, so there is no state to save but that of
/// `plateau`.
///
/// A schedule is one file: its formula, its settings and its name. It sees the steps of a run and the rate that was
/// chosen, and need not know of the warm-up, which multiplies what it says.
public protocol LearningRateSchedule: Configurable {
  /// The learning rate of one update, without warm-up.
  func rate(_ place: SchedulePlace) -> Double
  /// What the rate does not fall below, where a setting says so. Default: 0.
  var minimumLearningRate: Double { get }
}

extension LearningRateSchedule {
  public var minimumLearningRate: Double { 0 }
}

/// One update in its run.
public struct SchedulePlace: Sendable {
  /// The learning rate that was chosen.
  public let base: Double
  /// Updates before this one.
  public let done: Int
  public let run: RunLength
  /// What `plateau` has found in the epochs before; nil before the first, and for other schedules.
  public let plateau: PlateauState?

  /// Updates after the warm-up and before this one, as a share of all after the warm-up, at most 1.
  public var shareAfterWarmup: Double { min(1, Double(doneAfterWarmup) / Double(run.stepsAfterWarmup)) }
  /// Updates after the warm-up and before this one.
  public var doneAfterWarmup: Int { max(0, done - run.warmupSteps) }
}

/// How long a run is.
public struct RunLength: Sendable, Equatable {
  public let epochs: Int
  public let stepsPerEpoch: Int
  public let warmupSteps: Int

  public init(epochs: Int, stepsPerEpoch: Int, warmupSteps: Int = 0) {
    precondition(
      epochs >= 1 && stepsPerEpoch >= 1 && warmupSteps >= 0,
      "\(epochs) epochs of \(stepsPerEpoch) steps, a warm-up of \(warmupSteps)")
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch
    self.warmupSteps = warmupSteps
  }

  /// At least 1.
  var stepsAfterWarmup: Int { max(1, epochs * stepsPerEpoch - warmupSteps) }
}

/// The learning rate of every update of a run.
///
/// In the first `warmupSteps` updates the rate of the schedule is multiplied by t / warmupSteps (Goyal et al. 2017).
public struct LearningRatePlan: Sendable {
  public let schedule: any LearningRateSchedule
  /// The learning rate that was chosen, scaled with the batch where asked.
  public let base: Double
  public let run: RunLength

  public init(_ schedule: any LearningRateSchedule, base: Double, run: RunLength) {
    precondition(base >= 0, "learning rate \(base)")
    self.schedule = schedule
    self.base = base
    self.run = run
  }

  /// The rate of update `step`, counted from 1.
  ///
  /// - Parameter plateau: of the epochs before; nil before the first, and for other schedules than `plateau`.
  public func learningRate(step: Int, plateau: PlateauState? = nil) -> Double {
    let warmup = step < run.warmupSteps ? Double(step) / Double(run.warmupSteps) : 1
    return schedule.rate(SchedulePlace(base: base, done: step - 1, run: run, plateau: plateau)) * warmup
  }
}
