import Basics
import Checkpointing
import NumericCore

// What follows a step that is not as it should be.

extension TrainingRun {
  /// Does what the configuration says is to follow. Collective.
  ///
  /// - Returns: whether the run has gone back to a checkpoint.
  /// - Throws: where it is to end.
  func answer(_ problem: StepProblem, _ totals: StepTotals) throws -> Bool {
    let findings = try trainer.findings(problem, totals)
    let settings = configuration.sentinel, response = trainer.judge.response(to: problem)
    // One that sends the run back is written down when it is taken again, and passed over.
    if isRoot, response != .rollback { try records?.problem(findings.json(StepFigures(totals, of: trainer), response)) }
    switch response {
    case .stop: throw findings.failure()
    case .skip:
      guard !problem.isPassedOver else {
        let cause = problem.cause.map { " (\($0.rawValue))" } ?? ""
        if isRoot { try console.line("step \(findings.step), epoch \(findings.epoch): passed over\(cause)") }
        return false
      }
      let inRow = trainer.progress.sentinel.skippedInRow
      guard inRow <= settings.skips else {
        throw findings.failure(
          "skipped \(plural(inRow, "step")) in a row, sentinel.skips allows \(settings.skips)")
      }
      if isRoot { try console.warn("\(findings.text); its update is skipped") }
      return false
    case .rollback:
      let rollbacks = trainer.progress.sentinel.rollbacks
      guard rollbacks.count < settings.rollbacks else {
        let steps = rollbacks.isEmpty ? "" : " (steps \(rollbacks.map(String.init).joined(separator: ", ")))"
        throw findings.failure(
          "the run has gone back \(plural(rollbacks.count, "time"))\(steps), sentinel.rollbacks allows "
            + "\(settings.rollbacks)")
      }
      try goBack(findings)
      return true
    }
  }

  /// - Throws: where all updates of the epoch were left out: nothing has been learned, and there is nothing to tell.
  func checkEpoch() throws {
    let progress = trainer.progress
    guard progress.sums.samples == 0, progress.sentinel.skippedInEpoch > 0 else { return }
    throw Failure(
      "epoch \(progress.epoch + 1), step \(progress.step): all updates of the epoch have been skipped; lower the "
        + "learning rate, set clip_norm, or look at the data", exitCode: .numeric)
  }

  /// Restores the last checkpoint and goes on from there, as a resumed run would, but for the step that has sent it
  /// back. Collective.
  private func goBack(_ findings: StepFindings) throws {
    let path = try topology.world.agree {
      // What is being written is a checkpoint too.
      try writer?.finish()
      guard let directory, let points = returnPoints,
        let newest = directory.checkpoints.newest(where: points.contains).found ?? directory.checkpoints.newest().found
      else {
        throw findings.failure("there is no checkpoint to go back to")
      }
      let path = directory.checkpoints.file(step: newest.step)
      try identity?.check(newest.checkpoint, at: path)
      return [path]
    }[0]
    let checkpoint = try Checkpoint.read(path)
    if isRoot || trainer.exchange.copyHolders.count == topology.world.size {
      try checkpoint.restore(trainer, from: path)
    }
    let before = trainer.progress.sentinel
    trainer.progress = try checkpoint.progress(in: path, secondLoss: trainer.task.secondLoss?.key)
    trainer.progress.sentinel.goBack(from: before, step: findings.step, findings.problem, configuration.sentinel)
    try trainer.exchange.broadcastState()
    (agreedStep, agreedCheckpoint) = (trainer.progress.step, trainer.progress.step)
    forgetStepsBehind()
    if isRoot { try rewindFiles(findings, path) }
    // What was measured of the epoch so far is not of the one that begins.
    _ = (trainer.takeExchangeSeconds(), trainer.takeExposedSeconds(), trainer.takeDataSeconds())
  }

  private func forgetStepsBehind() {
    epochs.removeAll { $0.epoch > trainer.progress.epoch }
    measurements.removeAll { $0.step > trainer.progress.step }
    sumsSinceMeasurement = StepScalars()
  }

  /// Takes the records back to the restored step, and says so. On rank 0.
  private func rewindFiles(_ findings: StepFindings, _ path: String) throws {
    let progress = trainer.progress
    directory?.checkpoints.setAside(after: progress.step)
    try directory?.checkpoints.repairLinks(latest: progress.step, best: progress.best?.step)
    beginRecords(isResumed: true)
    try records?.begin()
    let settings = configuration.sentinel
    let detour =
      switch settings.afterRollback {
      case .passOver: "without that update"
      case .lowerRate: "at \(trimmedNumber(progress.sentinel.rateFactor)) of the learning rate"
      }
    try console.warn(
      "\(findings.text); goes back to \(path) and on \(detour), rollback \(progress.sentinel.rollbacks.count) of "
        + "\(settings.rollbacks)")
    try console.note("samples of step \(findings.step): \(findings.rows.map(String.init).joined(separator: " "))")
  }
}
