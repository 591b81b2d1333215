public import Basics
import NumericCore

/// What a run has come to, equal on all ranks.
public struct TrainingResult: Sendable {
  /// `done`, or `preempted` where a signal has ended the run early.
  public let exitCode: ExitCode
  /// The epochs that this run has ended, in order; a resumed run has those after its checkpoint. None where
  /// the run does not keep them.
  public let epochs: [EpochMetrics]
  /// By validation, or by training where there is none; nil before the end of the first epoch.
  public let best: TrainingProgress.Best?
  /// The figures of the test split with the best epoch's weights; nil without a test split, and where a signal has
  /// ended the run.
  public let test: SplitMetrics?
  /// Where its files are; nil where it wrote none.
  public let directory: RunDirectory?
}

/// The figures of a run after one of its steps, equal on all ranks.
package struct StepMeasurement: Sendable {
  /// From 1, since the start of training.
  package let step: Int
  /// Mean over the samples of the steps since the measurement before, as they were learned from.
  package let trainLoss: Double
  /// nil for a loss without classes.
  package let trainAccuracy: Double?
  /// With the weights after the step; nil without a validation split.
  package let validation: SplitMetrics?

  init(step: Int, sums: StepScalars, hasAccuracy: Bool, validation: SplitMetrics?) {
    (self.step, self.validation) = (step, validation)
    trainLoss = sums.meanLoss
    trainAccuracy = hasAccuracy ? sums.accuracy : nil
  }
}
