import Basics
import Foundation

/// A loss or a gradient that is no finite number, with which a run ends (`failure` in `report.json`).
struct NonFiniteLoss: DiagnosisRule {
  static let name = "loss not finite"

  func finding(_ evidence: Evidence) -> Finding? {
    guard let failure = evidence.material["failure"], let message = failure["message"]?.string,
      let step = failure["step"]?.integer, evidence.epochs.last?.step ?? 0 < step,
      failure["problem"]?.string != "loss spike"
    else { return nil }
    return found(
      "training has left the numbers, and the run has ended there", evidence: message,
      advice: "a learning rate of a third or a tenth (lr-find suggests one), schedule.warmup_steps, clip_norm, a look "
        + "at features and targets for huge values (data inspect)")
  }
}

/// Too high a learning rate: the loss has climbed, or swings, by more than chance makes it.
///
/// b is the loss of the first step, m₁ … m₁₀ are the medians of the tenths of the run, t is the trivial loss (see
/// `Underfitting`), and σ is what chance makes of single steps, in the logarithm of the loss (`Evidence.noise`). Any
/// of:
/// - it ends above where it began: m₁₀ > 1.05 b, and more, since one batch alone says b: either m₁₀ > 3 max(b, t), or
///   m₁₀ > b exp(4σ) and validation does not refute it;
/// - it shot up: m₁₀ > b/2, and five recorded steps in a row have a median w > 3 max(b, t); where t is not known,
///   w > 3 b, w > b exp(6σ), and validation does not refute it;
/// - it climbs back: m₁₀ is above the least m by half, by a tenth of m₁, and by 6 s/√(steps of a tenth), the chance of
///   a median (s: as σ, of the loss itself), and the last three validation losses have a median above 1.05 of the
///   least;
/// - it swings (`swing`).
///
/// Validation refutes where the median of its last three losses is at most 1.02 of the first, and the model is better
/// than one that knows nothing: m₁₀ or that median is below 0.95 t.
struct Divergence: DiagnosisRule {
  static let name = "learning rate too high"
  static let explained = [NonFiniteLoss.name]

  func finding(_ evidence: Evidence) -> Finding? {
    guard evidence.lossTells, let seen = climb(evidence) ?? swing(evidence) else { return nil }
    let rate = evidence.epochs.compactMap(\.learningRate).max()
    return found(
      "the steps are too large: the loss does not settle",
      evidence: seen + (rate.map { "; learning rate up to \(trimmedNumber($0))" } ?? ""),
      advice: "a learning rate of a third or a tenth (lr-find suggests one), schedule.warmup_steps, clip_norm")
  }

  private func climb(_ evidence: Evidence) -> String? {
    let losses = evidence.losses, tenths = evidence.tenths
    guard tenths.count == 10, let first = losses.first, first > 0, let least = tenths.min() else { return nil }
    let end = tenths[9], trivial = evidence.trivialLoss
    let validation = evidence.validated.map(\.validation), atEnd = median(validation.suffix(3))
    func isRefuted(_ limit: Double?) -> Bool {
      guard let limit, let atEnd else { return false }
      return atEnd <= limit
    }
    let knowsNothing = trivial.map { min(end, atEnd ?? end) >= 0.95 * $0 } ?? false
    let isRefutedByStart = !knowsNothing && isRefuted(validation.first.map { 1.02 * $0 })
    /// No batch is so easy that this would be its doing.
    func isBeyondChance(_ loss: Double) -> Bool { trivial.map { loss > 3 * max(first, $0) } ?? false }
    if end > 1.05 * first, isBeyondChance(end) || (end > first * exp(4 * evidence.noise) && !isRefutedByStart) {
      return "training loss \(shortNumber(first)) in the first step, \(shortNumber(end)) over the last tenth of the "
        + "run"
    }
    if let worst = greatestMedian(evidence.steps), end > 0.5 * first, worst.loss > 3 * first,
      isBeyondChance(worst.loss)
        || (trivial == nil && worst.loss > first * exp(6 * evidence.noise) && !isRefutedByStart)
    {
      return "training loss \(shortNumber(first)) in the first step, \(shortNumber(worst.loss)) around step "
        + "\(worst.step), \(shortNumber(end)) over the last tenth of the run"
    }
    let chance = 6 * spread(losses) / (Double(losses.count) / 10).squareRoot()
    guard end > 1.5 * least, end - least > max(0.1 * tenths[0], chance),
      !isRefuted(validation.min().map { 1.05 * $0 })
    else { return nil }
    return "training loss \(shortNumber(least)) over the best tenth of the run, \(shortNumber(end)) over the last"
  }

  /// The greatest median loss of five recorded steps in a row, and the step in their middle.
  private func greatestMedian(_ steps: [StepRecord]) -> (step: Int, loss: Double)? {
    guard steps.count >= 5 else { return nil }
    let medians = (2..<steps.count - 2).map { index in
      (step: steps[index].step, loss: median(steps[index - 2...index + 2].map(\.loss)) ?? .nan)
    }
    return medians.max { $0.loss < $1.loss }
  }

  /// Over the second half of at least 8 epochs, without those whose learning rate is below a tenth of the greatest:
  /// the training loss rises in at least a third of the passages, by a median of at least 5 % of the first epoch's and
  /// 4s√(2/n), the chance of means of n steps (s: `Evidence.batchNoise`); and so does the validation loss, by 5 % of
  /// its first, and falls as often. With neither validation nor s, training must be without dropout and the like. Rises
  /// by more than the trivial loss need none of that but the 5 %.
  private func swing(_ evidence: Evidence) -> String? {
    let epochs = evidence.epochs
    guard epochs.count >= 8, let first = epochs.first, first.trainLoss > 0 else { return nil }
    let greatest = epochs.compactMap(\.learningRate).max() ?? 0
    let late = epochs.suffix(epochs.count / 2 + 1).filter { $0.learningRate ?? greatest >= greatest / 10 }
    let stepsPerEpoch = Double(epochs[epochs.count - 1].step) / Double(epochs.count), noise = evidence.batchNoise
    let chance = 4 * (noise ?? 0) * (2 / stepsPerEpoch).squareRoot()
    guard late.count >= 4, let rises = rises(late.map(\.trainLoss), over: 0.05 * first.trainLoss) else { return nil }
    let isBeyondChance = evidence.trivialLoss.map { rises.middle > $0 } ?? false
    guard isBeyondChance || rises.middle >= chance else { return nil }
    let validation = late.compactMap(\.validationLoss)
    if validation.count == late.count, let start = first.validationLoss {
      let swings = [1.0, -1].allSatisfy { sign in self.rises(validation.map { sign * $0 }, over: 0.05 * start) != nil }
      guard isBeyondChance || swings else { return nil }
    } else {
      guard isBeyondChance || noise != nil || !evidence.trainingIsHarder else { return nil }
    }
    return "in \(rises.count) of \(late.count - 1) passages between late epochs the training loss rose, by "
      + "\(shortNumber(rises.middle)) in the middle of them; it was \(shortNumber(first.trainLoss)) in the first"
  }

  /// The rises, where they are at least a third of the passages, and their median is over a limit. Not their mean,
  /// which a single spike would decide.
  private func rises(_ values: [Double], over limit: Double) -> (count: Int, middle: Double)? {
    let rises = zip(values, values.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }
    guard !rises.isEmpty, rises.count * 3 >= values.count - 1, let middle = median(rises), middle >= limit else {
      return nil
    }
    return (rises.count, middle)
  }
}

/// Spikes of the loss: single steps far above those around them.
///
/// A recorded step that has 20 before it, whose loss is above the greatest of them by twice their range, and above
/// their median by half of the first tenth's. Batches are drawn at random, so that the greatest of 20 is often passed
/// by a little; and near the end of a run ranges are tiny: hence both.
struct LossSpikes: DiagnosisRule {
  static let name = "loss spikes"
  static let explained = [Divergence.name]

  func finding(_ evidence: Evidence) -> Finding? {
    let steps = evidence.steps, window = 20
    guard evidence.lossTells, steps.count > 2 * window, let start = evidence.tenths.first else { return nil }
    var spikes: [StepRecord] = []
    for index in window..<steps.count {
      let before = steps[index - window..<index].map(\.loss)
      guard let middle = median(before), let least = before.min(), let greatest = before.max() else { continue }
      let loss = steps[index].loss
      if loss - greatest > 2 * (greatest - least) && loss - middle > 0.5 * start { spikes.append(steps[index]) }
    }
    guard let worst = spikes.max(by: { $0.loss < $1.loss }) else { return nil }
    let rows = evidence.rows(of: worst)
    let shown = rows.prefix(20).map(String.init).joined(separator: ", ") + (rows.count > 20 ? ", …" : "")
    return found(
      "the loss jumps in single steps",
      evidence: "\(plural(spikes.count, "spike")) among \(grouped(steps.count)) recorded steps: "
        + spikes.prefix(5).map { "\(shortNumber($0.loss)) in step \($0.step)" }.joined(separator: ", ")
        + (spikes.count > 5 ? ", …" : "")
        + (rows.isEmpty ? "" : "; step \(worst.step) of epoch \(worst.epoch) took the training rows \(shown)"),
      advice: "look at those samples (wrong labels, outliers), clip_norm, loss huber for outliers in a regression, a "
        + "lower learning rate")
  }
}

/// More ranks than help: most of the steps' time goes into exchanges and waiting.
///
/// Two ranks or more, at least 5 seconds of training, and a median share of exchanges of at least one half over the
/// epochs. The clock decides, so it is told beside the timing.
struct TooManyRanks: DiagnosisRule {
  static let name = "more ranks than help"

  func finding(_ evidence: Evidence) -> Finding? {
    guard let ranks = evidence.material["timing"]?["ranks"]?.integer, ranks > 1,
      let share = median(evidence.epochs.compactMap(\.exchangeFraction)), share >= 0.5,
      evidence.epochs.compactMap(\.seconds).reduce(0, +) >= 5
    else { return nil }
    return found(
      "the ranks spend more time on each other than on their samples",
      evidence:
        "\(ranks) ranks, \(percentage(share)) of the steps' time in exchanges and waiting (median of the epochs)",
      advice: "fewer ranks (no more than the node's cores), or a larger --batch-size; the result has the same bits on "
        + "any number of ranks")
  }
}
