import Basics

/// Too high a learning rate: the loss has climbed, or swings.
///
/// Any of: the last tenth of the run has a median loss above 1.05 of the first step's; it is above half of that,
/// after five recorded steps in a row whose median is above three times that (one alone is a spike); it is above 1.5
/// of the best tenth's and by at least a tenth of the first tenth's; or in the second half of at least 8 epochs the
/// training loss rose in at least a third of the passages, by a median of at least 5 % of the first epoch's.
struct Divergence: DiagnosisRule {
  static let name = "learning rate too high"

  func finding(_ evidence: Evidence) -> Finding? {
    guard evidence.lossTells, let seen = climb(evidence) ?? swing(evidence.epochs) else { return nil }
    let rate = evidence.epochs.compactMap(\.learningRate).max()
    return found(
      "the steps are too large: the loss does not settle",
      evidence: seen + (rate.map { "; learning rate up to \(trimmedNumber($0))" } ?? ""),
      advice: "a learning rate of a third or a tenth (lr-find suggests one), schedule.warmup_steps, clip_norm")
  }

  private func climb(_ evidence: Evidence) -> String? {
    let tenths = evidence.tenths
    guard tenths.count == 10, let first = evidence.firstLoss, let least = tenths.min() else { return nil }
    if tenths[9] > 1.05 * first, first > 0 {
      return "training loss \(shortNumber(first)) in the first step, \(shortNumber(tenths[9])) over the last tenth of "
        + "the run"
    }
    if let worst = greatestMedian(evidence.steps), first > 0, worst.loss > 3 * first, tenths[9] > 0.5 * first {
      return "training loss \(shortNumber(first)) in the first step, \(shortNumber(worst.loss)) around step "
        + "\(worst.step), \(shortNumber(tenths[9])) over the last tenth of the run"
    }
    guard tenths[9] > 1.5 * least, tenths[9] - least > 0.1 * tenths[0] else { return nil }
    return "training loss \(shortNumber(least)) over the best tenth of the run, \(shortNumber(tenths[9])) over the last"
  }

  /// The greatest median loss of five recorded steps in a row, and the step in their middle.
  private func greatestMedian(_ steps: [StepRecord]) -> (step: Int, loss: Double)? {
    guard steps.count >= 5 else { return nil }
    let medians = (2..<steps.count - 2).map { index in
      (step: steps[index].step, loss: median(steps[index - 2...index + 2].map(\.loss)) ?? .nan)
    }
    return medians.max { $0.loss < $1.loss }
  }

  private func swing(_ epochs: [EpochRecord]) -> String? {
    let losses = epochs.map(\.trainLoss)
    guard losses.count >= 8, losses[0] > 0 else { return nil }
    let late = losses.suffix(losses.count / 2 + 1)
    let rises = zip(late, late.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }
    guard rises.count * 3 >= late.count - 1, !rises.isEmpty else { return nil }
    // Not their mean, which a single spike would decide.
    guard let rise = median(rises), rise >= 0.05 * losses[0] else { return nil }
    return "in \(rises.count) of the last \(late.count - 1) epochs the training loss rose, by "
      + "\(shortNumber(rise)) in the middle of them; it was \(shortNumber(losses[0])) in the first"
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
