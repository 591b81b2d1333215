import Basics
import Collectives
import NumericCore
import Settings

extension TrainingRun {
  /// One epoch: its steps, validation, a line of metrics, a checkpoint.
  ///
  /// - Returns: false where a stop was asked for between steps, or while validating.
  func trainEpoch() throws -> Bool {
    timer.startEpoch()
    while trainer.progress.stepInEpoch < trainer.plan.stepsPerEpoch {
      trace?.beginStep(trainer.progress.stepInEpoch)
      let totals = try trainer.step(requestsStop: StopSignal.isRequested, requestsCheckpoint: wantsCheckpoint)
      timer.count(samples: totals.sums.samples)
      let problem = trainer.lastProblem
      if let problem {
        if try answer(problem, totals) { return true }
      } else {
        growth.begin(totals.sums.meanLoss, isResumed: resumed != nil)
      }
      if isRoot { try afterStep(totals) }
      try keepStep(totals.sums)
      if totals.sums.stop > 0 { return false }
      guard try measure(problem == nil ? totals.sums : StepScalars()) else { return false }
    }
    try checkEpoch()
    timer.endSteps(
      exchange: trainer.takeExchangeSeconds(), exposed: trainer.takeExposedSeconds(), data: trainer.takeDataSeconds())
    trace?.endSteps()
    let rankTimes = try topology.world.allGather([timer.rankTimes]).map { $0[0] }
    times.add(rankTimes)
    try nameStraggler(rankTimes)
    var validation: SplitMetrics?
    if let validator {
      let progress = console.progress("validation")
      guard let figures = try validator.evaluate(trainer.values, progress: progress) else { return false }
      validation = figures
    }
    try compareReplicas()
    try endEpoch(validation)
    times.add(evaluation: timer.secondsSinceSteps)
    return true
  }

  /// Takes in the sums of a step, and takes figures where they are wanted after it.
  ///
  /// - Returns: false where a stop was asked for meanwhile.
  private func measure(_ sums: StepScalars) throws -> Bool {
    guard let isMeasured else { return true }
    sumsSinceMeasurement += sums
    guard isMeasured(trainer.progress.step) else { return true }
    let validation = try validator?.evaluate(trainer.values)
    guard validation != nil || validator == nil else { return false }
    measurements.append(
      StepMeasurement(
        step: trainer.progress.step, sums: sumsSinceMeasurement, hasAccuracy: trainer.task.hasAccuracy,
        validation: validation))
    sumsSinceMeasurement = StepScalars()
    return true
  }

  private func afterStep(_ totals: StepTotals) throws {
    let progress = trainer.progress
    if let records, trainer.lastProblem == nil, records.isDue(step: progress.step) {
      let figures = StepFigures(totals, of: trainer)
      try records.step(figures)
      try console.detail(figures.text)
    }
    let steps = trainer.plan.stepsPerEpoch
    console.progress(
      "epoch \(progress.epoch + 1)/\(configuration.epochs)", fraction: Double(progress.stepInEpoch) / Double(steps)
    ) { timer.text(progress, steps: steps, epochs: configuration.epochs) }
    try writer?.check()
    try tellNewsOfCheckpoints()
  }

  private func endEpoch(_ validation: SplitMetrics?) throws {
    let progress = trainer.progress
    let metrics = EpochMetrics(
      progress, learningRate: trainer.learningRate(stepInEpoch: progress.stepInEpoch), validation: validation,
      task: trainer.task, metricNames: self.metrics?.names ?? [])
    if keepsEpochs { epochs.append(metrics) }
    let isBest = trainer.finishEpoch(metrics.candidate)
    isEnded = try afterEpoch?(metrics) == false
    guard isRoot else { return }
    timer.endEpoch()
    let timing = JSONValue.object((timer.json.members ?? []) + [.init("run", .optional(identity?.id))])
    try records?.epoch(metrics, timing: timing)
    let isMarked = isBest && trainer.task.ranksEpochs
    try console.line(table.line(metrics, timer, isBest: isMarked), isMarked ? .best : .plain)
    try console.detail(timer.text)
    if let warning = growth.warning(metrics) { try console.warn(warning) }
    if let validation, !hasDoubtedValidation {
      try warn(ofLoss: validation, on: "validation")
      hasDoubtedValidation = !validation.loss.isFinite
    }
    let isLast = trainer.isFinished || isEnded
    let rule = configuration.checkpoint, epoch = trainer.progress.epoch
    let isMilestone = rule.isMilestone(epoch: epoch)
    let isDue =
      (rule.everyEpochs > 0 && epoch % rule.everyEpochs == 0)
      || (rule.everySteps > 0 && progress.step % rule.everySteps == 0)
    if isBest || isLast || isDue || isMilestone { try save(isBest: isBest, milestone: isMilestone ? epoch : nil) }
  }

  var table: EpochTable {
    EpochTable(configuration, task: trainer.task, metrics: metrics?.names ?? [], hasValidation: validator != nil)
  }
}
