import Basics

/// Overfitting: the validation loss has turned while the training loss went on falling.
///
/// From the epoch b of the least validation loss v_b to the last, n: n ≥ 4, at least max(2, n/10) epochs have passed,
/// the last three validation losses are all above 1.05 v_b (so it is no outlier), v_n − v_b is at least 3 % of the
/// first epoch's validation loss (at the bottom of a curve small ratios mean nothing), the training loss has fallen
/// by a tenth since b, and v_n ≥ 1.5 t_n.
struct Overfitting: DiagnosisRule {
  static let name = "overfitting"
  static let explained = [Divergence.name]

  func finding(_ evidence: Evidence) -> Finding? {
    let epochs = evidence.validated
    guard evidence.lossTells, epochs.count >= 4, let first = epochs.first, let last = epochs.last,
      let best = epochs.min(by: { $0.validation < $1.validation }),
      last.epoch - best.epoch >= max(2, epochs.count / 10),
      epochs.suffix(3).allSatisfy({ $0.validation >= 1.05 * best.validation }),
      last.validation - best.validation >= 0.03 * first.validation, last.train <= 0.9 * best.train,
      last.validation >= 1.5 * last.train
    else { return nil }
    return found(
      "from epoch \(best.epoch + 1) on the model learns its training samples by heart and gets worse on others",
      evidence: "validation loss \(shortNumber(best.validation)) after epoch \(best.epoch), "
        + "\(shortNumber(last.validation)) after epoch \(last.epoch), while the training loss fell from "
        + "\(shortNumber(best.train)) to \(shortNumber(last.train))",
      advice: (evidence.stopsEarly ? "" : "early_stopping\(kept(evidence)), ")
        + "more data or data.augment, dropout, regularization.l2, a smaller model")
  }

  /// Which epoch is kept, by accuracy where there is one, so not always that of the least loss.
  private func kept(_ evidence: Evidence) -> String {
    evidence.material["best_epoch"]?.integer.map { " (the best checkpoint, of epoch \($0), is kept)" } ?? ""
  }
}

/// Underfitting: the model does hardly better than one that knows nothing, and has stopped getting better.
///
/// The median training loss of the last tenth of the run is at least 0.85 of the trivial loss (cross-entropy: the
/// entropy of how often classes occur; squared error: the variance of the targets). Up to where the learning rate falls
/// below a third of its greatest, the last tenth is less than 2 % below the fifth before it, and the validation loss,
/// where there is one, has not fallen in three quarters of the passages of the second half. Not of less than five
/// epochs.
struct Underfitting: DiagnosisRule {
  static let name = "underfitting"
  static let explained = [
    Divergence.name, SlowLearning.name, VanishingGradients.name, DeadUnits.name, MajorityClass.name,
    SingleSampleStatistics.name,
  ]

  func finding(_ evidence: Evidence) -> Finding? {
    let tenths = evidence.tenths, active = evidence.activeTenths
    guard evidence.lossTells, let trivial = evidence.trivialLoss, trivial > 0, tenths.count == 10, active.count == 10,
      evidence.epochs.count >= 5, tenths[9] >= 0.85 * trivial, active[9] >= 0.98 * (active[7] + active[8]) / 2,
      !isStillImproving(evidence.activeValidation)
    else { return nil }
    return found(
      "the model has learned little, and no longer learns",
      evidence: "the training loss stays at \(shortNumber(tenths[9])); knowing nothing but how often each target "
        + "occurs gives \(shortNumber(trivial))",
      advice: "a larger model, other features or scaling, less regularization, another learning rate (lr-find "
        + "suggests one), and a look at the labels (data inspect)")
  }

  /// A validation loss that falls by little, but again and again.
  private func isStillImproving(_ validation: [Double]) -> Bool {
    let late = validation.suffix(validation.count / 2 + 1)
    guard late.count >= 3, let first = late.first, let last = late.last else { return false }
    return zip(late, late.dropFirst()).count { $0 > $1 } * 4 >= 3 * (late.count - 1) && last < 0.998 * first
  }
}

/// Too low a learning rate: the loss falls slowly, steadily, and still at the end; or it has not yet come down to
/// what a model gives that knows nothing.
///
/// In tenths of the run, of at least 50 steps, either: more than 0.6 of the first step's loss is left, the loss falls
/// in at least 8 of the 9 passages, and the last third of the run brings at least a quarter of the whole fall (an
/// exponential that has settled would bring far less), which is at least 1 % of the first loss; or the last tenth is
/// above the trivial loss (see `Underfitting`) by more than 2 %, and not above the first tenth, and the validation loss
/// at the end, where there is one, is above 0.8 of it too (dropout alone may keep the training loss up).
struct SlowLearning: DiagnosisRule {
  static let name = "learning rate too low"
  static let explained = [Divergence.name, VanishingGradients.name]

  func finding(_ evidence: Evidence) -> Finding? {
    let tenths = evidence.tenths
    guard evidence.lossTells, tenths.count == 10, let first = evidence.firstLoss, first > 0,
      evidence.epochs.last?.step ?? 0 >= 50
    else { return nil }
    let advice =
      "a learning rate three to ten times as high (lr-find suggests one), optimizer adam, or more epochs with --resume"
    if let trivial = evidence.trivialLoss, tenths[9] > 1.02 * trivial, tenths[9] <= tenths[0],
      evidence.validated.last?.validation ?? trivial > 0.8 * trivial
    {
      return found(
        "the model has not yet come down to what one gives that knows nothing: the run is too short, or its steps are "
          + "too small",
        evidence:
          "training loss \(shortNumber(first)) in the first step, \(shortNumber(tenths[9])) at the end; knowing "
          + "nothing but how often each target occurs gives \(shortNumber(trivial))", advice: advice)
    }
    let fall = first - tenths[9], late = tenths[6] - tenths[9]
    guard tenths[9] > 0.6 * first, zip(tenths, tenths.dropFirst()).count(where: { $0 > $1 }) >= 8, late >= 0.25 * fall,
      fall >= 0.01 * first
    else { return nil }
    let rate = evidence.epochs.compactMap(\.learningRate).max()
    return found(
      "the loss falls slowly and still does at the end: the run is too short, or its steps are too small",
      evidence: "training loss \(shortNumber(first)) in the first step, \(shortNumber(tenths[6])) after two thirds of "
        + "the run, \(shortNumber(tenths[9])) at its end"
        + (rate.map { ", at a learning rate of \(trimmedNumber($0)) at most" } ?? ""),
      advice: advice)
  }
}

/// Validation better than training, where nothing makes training harder.
///
/// In the last half of the epochs, at least three, without dropout, augmentation or smoothed labels: the validation
/// loss after each epoch is below 0.7 of the next epoch's training loss, which is measured with the same weights or
/// better ones; and there are at least 50 validation samples.
struct ValidationBelowTraining: DiagnosisRule {
  static let name = "validation better than training"
  static let explained = [Divergence.name]

  func finding(_ evidence: Evidence) -> Finding? {
    let epochs = evidence.validated
    let pairs = zip(epochs, epochs.dropFirst()).suffix(max(3, epochs.count / 2))
    guard evidence.lossTells, !evidence.trainingIsHarder, epochs.count >= 4, evidence.validationCount ?? 50 >= 50,
      pairs.allSatisfy({ $0.validation < 0.7 * $1.train }), let last = epochs.last
    else { return nil }
    return found(
      "validation samples are easier than training samples, though nothing makes training harder",
      evidence: "in each of the last \(pairs.count) epochs the validation loss was less than 0.7 of the training loss; "
        + "at the end \(shortNumber(last.validation)) against \(shortNumber(last.train))",
      advice: "check how the splits were drawn (data inspect shows their values and classes side by side): validation "
        + "should be drawn at random from the same source")
  }
}

/// Accuracy that disagrees with the loss.
///
/// The accuracy of the epoch with the best one is above that of the epoch with the least validation loss by at least
/// 0.02 and by three standard errors, √(2 p (1 − p) / N), of their difference.
struct MetricAgainstLoss: DiagnosisRule {
  static let name = "accuracy against loss"
  static let explained = [Divergence.name]

  func finding(_ evidence: Evidence) -> Finding? {
    let epochs = evidence.epochs.compactMap { record in
      record.validationLoss.flatMap { loss in record.validationAccuracy.map { (record.epoch, loss, $0) } }
    }
    guard evidence.lossTells, epochs.count >= 4, let count = evidence.validationCount, count >= 20,
      let byLoss = epochs.min(by: { $0.1 < $1.1 }), let byAccuracy = epochs.max(by: { $0.2 < $1.2 })
    else { return nil }
    let p = byLoss.2, error = (2 * p * (1 - p) / Double(count)).squareRoot()
    guard byAccuracy.2 - p >= max(0.02, 3 * error) else { return nil }
    return found(
      "the loss and the accuracy call different epochs the best",
      evidence: "validation loss is least after epoch \(byLoss.0) (\(shortNumber(byLoss.1)), accuracy "
        + "\(percentage(p))); accuracy is best after epoch \(byAccuracy.0) (\(percentage(byAccuracy.2)), loss "
        + "\(shortNumber(byAccuracy.1)))",
      advice:
        "decide which of the two counts: early_stopping.metric says what the best checkpoint goes by; a loss that "
        + "rises while the accuracy does too is too sure of its errors, which label smoothing or regularization.l2 "
        + "mend")
  }
}
