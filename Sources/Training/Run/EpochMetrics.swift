import Basics
import Metrics
package import Settings

/// Whether a loss, though finite, has grown beyond what training could make good.
struct LossGrowth {
  /// Of the first step, before its update.
  private var first: Double?
  private var limit = 0.0
  private var isSaid = false

  /// Takes in the mean loss of a step; the first counts.
  mutating func begin(_ loss: Double, isResumed: Bool) {
    guard first == nil else { return }
    first = loss
    // A run that has learned its data to the last digits may lose a few of them again.
    limit = loss > 0 ? loss * (isResumed ? 1e6 : 1e3) : .infinity
  }

  /// A warning, once, after the first epoch whose loss is that large.
  mutating func warning(_ epoch: EpochMetrics) -> String? {
    guard let first, !isSaid, epoch.trainLoss > limit else { return nil }
    isSaid = true
    return "epoch \(epoch.epoch): the loss has grown from \(shortNumber(first)) in the first step to "
      + "\(shortNumber(epoch.trainLoss)): the run diverges; lower the learning rate (now "
      + "\(shortNumber(epoch.learningRate))) or set clip_norm"
  }
}

/// The figures of one epoch, equal on all ranks; also a line of `metrics.jsonl`.
public struct EpochMetrics: Sendable {
  /// From 1.
  public let epoch: Int
  /// Steps since the start of training.
  public let step: Int
  /// Mean over the epoch's samples, as they were learned from.
  public let trainLoss: Double
  /// nil for a loss without classes.
  public let trainAccuracy: Double?
  /// The task's second loss: its key, its heading and its mean; nil where it has one loss.
  let secondLoss: (key: String, heading: String, mean: Double)?
  /// Loss, accuracy and the configuration's metrics after the epoch; nil without a validation split.
  public let validation: SplitMetrics?
  /// Of the last step.
  public let learningRate: Double
  /// Steps of the epoch whose updates were not made; the figures of training are those of the others.
  public let skippedSteps: Int
  /// What is told of the validation beside loss and accuracy.
  let metricNames: [MetricName]

  /// - Parameter progress: at the end of the epoch, before it is closed.
  init(
    _ progress: TrainingProgress, learningRate: Double, validation: SplitMetrics?, task: any LearningTask,
    metricNames: [MetricName] = []
  ) {
    epoch = progress.epoch + 1
    step = progress.step
    trainLoss = progress.sums.meanLoss
    trainAccuracy = task.hasAccuracy ? progress.sums.accuracy : nil
    secondLoss = task.secondLoss.map { ($0.key, $0.heading, progress.sums.secondLoss / progress.sums.samples) }
    self.validation = validation
    self.learningRate = learningRate
    skippedSteps = progress.sentinel.skippedInEpoch
    self.metricNames = metricNames
  }

  /// What this epoch is judged by: validation if there is any, otherwise training.
  var candidate: TrainingProgress.Best {
    TrainingProgress.Best(
      epoch: epoch, step: step, loss: validation?.loss ?? trainLoss,
      accuracy: validation.map(\.accuracy) ?? trainAccuracy, figures: validation?.figures(metricNames) ?? [:],
      thresholds: validation?.thresholds ?? [])
  }

  /// Everything outside `timing` is equal between equal runs.
  package func json(timing: JSONValue) -> JSONValue {
    // Of several outputs the checkpoint has them all.
    let thresholds = validation?.decisionThresholds ?? []
    let threshold: [JSONValue.Member] =
      thresholds.count == 1 ? [.init("val_decision_threshold", .number(thresholds[0]))] : []
    return .object(
      [
        .init("epoch", .integer(epoch)), .init("step", .integer(step)), .init("train_loss", .number(trainLoss)),
        .init("train_accuracy", .optional(trainAccuracy)), .init("val_loss", .optional(validation?.loss)),
        .init("val_accuracy", .optional(validation?.accuracy)),
      ] + (secondLoss.map { [.init($0.key, .number($0.mean))] } ?? [])
        + threshold
        + metricNames.map { .init("val_\($0.rawValue)", .finite(validation?.report?[$0])) }
        + [.init("learning_rate", .number(learningRate))]
        + (skippedSteps > 0 ? [.init("skipped_steps", .integer(skippedSteps))] : [])
        + [.init("timing", timing)])
  }
}
