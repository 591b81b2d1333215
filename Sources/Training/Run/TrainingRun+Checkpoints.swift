import Basics
import Checkpointing

// When and how a run keeps what it has.

extension TrainingRun {
  /// After which a checkpoint that could not be written is tried again.
  static let secondsToNextTry = 60.0

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
    timer.checkpointSaved(begun: start)
  }

  /// Ends early on all ranks, with a whole checkpoint.
  func stop() throws {
    if isRoot {
      if trainer.progress.stepInEpoch > 0 { try save(isBest: false) }
      try writer?.finish()
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
