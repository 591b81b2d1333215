import Basics
import NumericCore

/// Why the update of a step is not to be made.
package enum StepProblem: Equatable, Sendable {
  case lossNotFinite
  case gradientNotFinite
  /// The greatest loss that would have been none, the median of those before, and how many these were.
  case spike(limit: Double, median: Double, window: Int)
  /// The step has sent the run back before, for a cause that checkpoints of earlier versions do not tell.
  case passedOver(Cause?)

  /// What was wrong, in a word or two for files.
  package enum Cause: String, Sendable {
    case lossNotFinite = "loss not finite"
    case gradientNotFinite = "gradient not finite"
    case spike = "loss spike"
  }

  /// Of a step that is passed over, what was wrong when it sent the run back.
  package var cause: Cause? {
    switch self {
    case .lossNotFinite: .lossNotFinite
    case .gradientNotFinite: .gradientNotFinite
    case .spike: .spike
    case .passedOver(let cause): cause
    }
  }

  var isPassedOver: Bool { if case .passedOver = self { true } else { false } }

  /// What there was, and what was expected.
  func text(_ totals: StepTotals) -> String {
    switch self {
    case .lossNotFinite, .gradientNotFinite:
      "the loss is \(shortNumber(totals.sums.meanLoss)) and the gradient's norm \(shortNumber(totals.gradientNorm)), "
        + "expected finite numbers"
    case .spike(let limit, let median, let window):
      "the loss is \(shortNumber(totals.sums.meanLoss)), expected at most \(shortNumber(limit)) (the median of the "
        + "\(window) before is \(shortNumber(median)))"
    case .passedOver: "its update sent the run back before"
    }
  }

  /// What to do about it.
  static let remedy = "lower the learning rate or set clip_norm"

  var isSpike: Bool { if case .spike = self { true } else { false } }
}

/// Judges steps by what the ranks have exchanged: a function of that, so that all ranks find the same.
package struct StepJudge {
  package let settings: SentinelSettings
  private let spikes: LossSpikeRule?

  package init(_ settings: SentinelSettings) {
    self.settings = settings
    spikes =
      settings.onSpike == .none ? nil : LossSpikeRule(window: settings.window, threshold: settings.threshold)
  }

  /// Whether losses have to be remembered.
  var watchesSpikes: Bool { spikes != nil }

  /// - Parameter progress: before the step.
  /// - Returns: nil where the update is to be made.
  package func problem(_ totals: StepTotals, _ progress: TrainingProgress) -> StepProblem? {
    let sums = totals.sums
    guard sums.samples > 0 else { return nil }
    if let passed = progress.sentinel.passedOver.first(where: { $0.step == progress.step + 1 }) {
      return .passedOver(passed.cause)
    }
    guard sums.isUsable else { return .lossNotFinite }
    guard totals.gradientNorm.isFinite else { return .gradientNotFinite }
    guard let spikes, let (limit, median) = spikes.limit(progress.sentinel.recentLosses), sums.meanLoss > limit
    else { return nil }
    return .spike(limit: limit, median: median, window: spikes.window)
  }

  func response(to problem: StepProblem) -> SentinelSettings.Response {
    switch problem {
    case .lossNotFinite, .gradientNotFinite: settings.onNonfinite
    case .spike: settings.onSpike.response ?? .skip
    case .passedOver: .skip
    }
  }
}
