public import Basics

/// What a run has come to, equal on all ranks.
public struct TrainingResult: Sendable {
  /// `done`, or `preempted` where a signal has ended the run early.
  public let exitCode: ExitCode
  /// The epochs that this run has ended, in order; a resumed run has those after its checkpoint.
  public let epochs: [EpochMetrics]
  /// By validation, or by training where there is none; nil before the end of the first epoch.
  public let best: TrainingProgress.Best?
  /// The figures of the test split with the best epoch's weights; nil without a test split, and where a signal has
  /// ended the run.
  public let test: SplitMetrics?
  /// Where its files are; nil where it wrote none.
  public let directory: RunDirectory?
}
