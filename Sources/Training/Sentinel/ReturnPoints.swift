/// The steps whose checkpoints a run may go back to: those that it writes by their number, at the ends of epochs and
/// every so many steps, and the first.
///
/// A signal, the clock or a launcher brings about others. A run that went back to one of them would have other bits
/// than one that nobody has interrupted.
struct ReturnPoints: Sendable, Equatable {
  let stepsPerEpoch: Int
  /// 0 for none but those of epochs.
  let everySteps: Int

  func contains(step: Int) -> Bool {
    step % stepsPerEpoch == 0 || everySteps > 0 && step % everySteps == 0
  }
}

extension TrainingRun {
  /// nil where the run does not go back.
  var returnPoints: ReturnPoints? {
    guard configuration.sentinel.rollsBack else { return nil }
    return ReturnPoints(stepsPerEpoch: trainer.plan.stepsPerEpoch, everySteps: configuration.checkpoint.everySteps)
  }
}
