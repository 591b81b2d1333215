import Basics
import Checkpointing
import DataPipeline
import Foundation
import NumericCore
import Settings

/// What follows a run and writes down what becomes of it, on rank 0 alone.
///
/// It reads what the ranks have summed anyway and has no say in what they do next: a run with recorders has the bits of
/// one without.
protocol RunRecorder: AnyObject {
  /// Before the first step: what a resumed run will do again is cut off.
  func begin() throws
  /// After a step that is written down.
  func step(_ step: StepFigures) throws
  /// After a step whose update was not to count; it does not get a `step`.
  ///
  /// - Parameter line: what is known of it.
  func problem(_ line: JSONValue) throws
  /// After an epoch.
  ///
  /// - Parameter timing: the key `timing` of its line of metrics.
  func epoch(_ metrics: EpochMetrics, timing: JSONValue) throws
  /// After the last epoch.
  ///
  /// - Parameters:
  ///   - epoch: whose weights the test split was evaluated with.
  ///   - test: of the test split; nil where there is none.
  func end(epoch: Int, test: SplitMetrics?) throws
}

extension RunRecorder {
  func step(_ step: StepFigures) throws {}
  func problem(_ line: JSONValue) throws {}
  func epoch(_ metrics: EpochMetrics, timing: JSONValue) throws {}
  func end(epoch: Int, test: SplitMetrics?) throws {}
}

/// What recorders know of their run.
struct RecordedRun {
  let directory: RunDirectory
  let identity: RunIdentity
  let trainer: Trainer
  let data: TrainingData
  let metadata: Checkpoint.Metadata
  /// Whether it goes on from a checkpoint, where `trainer.progress` is.
  let isResumed: Bool

  var log: LogSettings { trainer.configuration.log }

  /// - Returns: nil where nothing is written.
  init?(
    _ directory: RunDirectory?, _ identity: RunIdentity?, trainer: Trainer, data: TrainingData,
    metadata: Checkpoint.Metadata, isResumed: Bool
  ) {
    guard let directory, let identity else { return nil }
    (self.directory, self.identity, self.trainer) = (directory, identity, trainer)
    (self.data, self.metadata, self.isResumed) = (data, metadata, isResumed)
  }

  /// Those that the configuration asks for; the one that can find damage begins.
  var recorders: [any RunRecorder] {
    (log.tensorboard ? [TensorBoardRecorder(self)] : []) + [EpochRecorder(self), StepRecorder(self)]
  }
}

/// The figures of one step over its whole batch, equal on all ranks and for any number of them.
struct StepFigures: Sendable {
  /// Since the start of training, from 1.
  let step: Int
  /// From 1.
  let epoch: Int
  /// Mean over the step's samples, before its update.
  let loss: Double
  /// nil for a loss without classes.
  let accuracy: Double?
  /// The task's second loss: its key and its mean; nil where it has one loss.
  let secondLoss: (key: String, mean: Double)?
  let learningRate: Double
  /// Of the mean gradient, before clipping.
  let gradientNorm: Double

  /// - Parameter trainer: after the step.
  init(_ totals: StepTotals, of trainer: Trainer) {
    let (progress, sums) = (trainer.progress, totals.sums)
    (step, epoch) = (progress.step, progress.epoch + 1)
    loss = sums.meanLoss
    accuracy = trainer.task.hasAccuracy ? sums.accuracy : nil
    secondLoss = trainer.task.secondLoss.map { ($0.key, sums.secondLoss / sums.samples) }
    learningRate = trainer.learningRate(stepInEpoch: progress.stepInEpoch)
    gradientNorm = totals.gradientNorm
  }

  /// Names and values as files have them, without step and epoch.
  var figures: [(name: String, value: Double?)] {
    [("loss", loss), ("accuracy", accuracy)] + (secondLoss.map { [($0.key, $0.mean)] } ?? [])
      + [("learning_rate", learningRate), ("gradient_norm", gradientNorm)]
  }

  /// A line of `steps.jsonl`.
  var json: JSONValue {
    .object(
      [.init("step", .integer(step)), .init("epoch", .integer(epoch))]
        + figures.map { .init($0.name, .finite($0.value)) })
  }

  /// A line for people.
  var text: String {
    "step \(grouped(step))  loss \(shortNumber(loss))" + (accuracy.map { "  accuracy \(percentage($0))" } ?? "")
      + (secondLoss.map { "  \($0.key) \(shortNumber($0.mean))" } ?? "")
      + "  lr \(trimmedNumber(learningRate))  gradient norm \(shortNumber(gradientNorm))"
  }
}

/// All recorders of a run, and which steps they are told of.
struct RunRecords {
  private let recorders: [any RunRecorder]
  /// Steps between two that are written down; 0 for none.
  private let interval: Int

  /// - Parameter run: nil where nothing is written.
  init(_ run: RecordedRun?, configuration: TrainingConfiguration, stepsPerEpoch: Int) {
    recorders = run?.recorders ?? []
    interval = configuration.log.interval(of: configuration.epochs * stepsPerEpoch)
  }

  func begin() throws { for recorder in recorders { try recorder.begin() } }

  /// The first step of a run, and every one whose number the interval divides.
  func isDue(step: Int) -> Bool { interval > 0 && (step == 1 || step % interval == 0) }

  func problem(_ line: JSONValue) throws {
    guard interval > 0 else { return }
    for recorder in recorders { try recorder.problem(line) }
  }

  func step(_ figures: StepFigures) throws { for recorder in recorders { try recorder.step(figures) } }

  func epoch(_ metrics: EpochMetrics, timing: JSONValue) throws {
    for recorder in recorders { try recorder.epoch(metrics, timing: timing) }
  }

  func end(epoch: Int, test: SplitMetrics?) throws {
    for recorder in recorders { try recorder.end(epoch: epoch, test: test) }
  }
}
