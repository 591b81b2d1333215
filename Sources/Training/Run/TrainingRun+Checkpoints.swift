import Basics
import Checkpointing
import NumericCore

// When and how a run keeps what it has.

extension TrainingRun {
  /// After which a checkpoint that could not be written is tried again.
  static let secondsToNextTry = 60.0

  /// Whether rank 0 wants a checkpoint for a reason that it alone knows: after the next step, whose sums tell all.
  var wantsCheckpoint: Bool {
    guard let writer else { return false }
    let seconds = timer.secondsSinceCheckpoint, minutes = configuration.checkpoint.everyMinutes
    return minutes > 0 && seconds >= minutes * 60 || writer.isBehind && seconds >= Self.secondsToNextTry
  }

  /// Compares copies and writes a checkpoint where either is due inside an epoch, whose end has its own rule and a
  /// checkpoint that knows the validation figures. Collective.
  ///
  /// - Parameter sums: of the last step.
  func keepStep(_ sums: StepScalars) throws {
    let step = trainer.progress.step, interval = configuration.checkpoint.everySteps
    // A launcher that is told to end lets its ranks go on, in case they were stopped, a second before it ends them.
    if isRoot { isBeingEnded = DistributedProgram.launchedRank != nil && StopSignal.takeContinuation() }
    guard trainer.progress.stepInEpoch < trainer.plan.stepsPerEpoch else { return }
    let isDue = (interval > 0 && step % interval == 0) || sums.checkpoint > 0
    if isDue || isCompared(step: step) { try compareReplicas() }
    if isRoot, isDue || isBeingEnded { try save(isBest: false) }
  }

  /// - Parameter milestone: the epoch, where the checkpoint is kept for good.
  func save(isBest: Bool, milestone: Int? = nil) throws {
    try Timeline.span(.checkpoint) { try saveCheckpoint(isBest: isBest, milestone: milestone) }
  }

  private func saveCheckpoint(isBest: Bool, milestone: Int?) throws {
    // Without files the best one alone is kept.
    guard writer != nil || isBest else { return }
    let start = ContinuousClock.now
    var checkpoint = Checkpoint(trainer, metadata: metadata)
    checkpoint.runID = identity?.id
    if let writer {
      let job = CheckpointWriter.Job(
        checkpoint: checkpoint, step: trainer.progress.step, isBest: isBest, milestone: milestone)
      if isBeingEnded || StopSignal.isRequested {
        try writer.finish()
        if !OutlivingWork.run({ try writer.write(job) }) { try writer.write(job) }
      } else {
        try writer.begin(job)
      }
    } else if isBest {
      bestCheckpoint = checkpoint
    }
    // One that is written in haste is not.
    if agreedStep == trainer.progress.step { agreedCheckpoint = agreedStep }
    timer.checkpointSaved(begun: start)
  }

  /// Warns of what could not be written, where the run goes on.
  func tellNewsOfCheckpoints() throws {
    for line in writer?.takeNews() ?? [] { try console.warn(line) }
  }

  /// Ends early on all ranks, with a whole checkpoint.
  func stop() throws {
    try compareReplicas()
    if isRoot {
      if trainer.progress.stepInEpoch > 0 { try save(isBest: false) }
      try writer?.finish()
      try tellNewsOfCheckpoints()
      try console.line("stopped by a signal after step \(trainer.progress.step); \(wayOn)")
    }
    try topology.world.barrier()
  }

  /// How a stopped run goes on.
  var wayOn: String {
    directory.map {
      "\($0.checkpoints.latestLink) is complete, go on with --run \($0.path) --resume auto"
    } ?? "nothing is kept of it"
  }
}
