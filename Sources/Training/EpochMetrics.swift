import Configuration

/// The figures of one epoch, as a line of `metrics.jsonl` and as a line for people.
struct EpochMetrics {
  let epoch: Int
  let step: Int
  let trainLoss: Double
  let trainAccuracy: Double?
  let validation: SplitMetrics?
  let learningRate: Double

  /// - Parameter progress: at the end of the epoch, before it is closed.
  init(_ progress: TrainingProgress, learningRate: Double, validation: SplitMetrics?, hasAccuracy: Bool) {
    epoch = progress.epoch + 1
    step = progress.step
    trainLoss = progress.loss / progress.samples
    trainAccuracy = hasAccuracy ? progress.correct / progress.samples : nil
    self.validation = validation
    self.learningRate = learningRate
  }

  /// What this epoch is judged by: validation if there is any, else training.
  var candidate: TrainingProgress.Best {
    TrainingProgress.Best(
      epoch: epoch, step: step, loss: validation?.loss ?? trainLoss,
      accuracy: validation.map(\.accuracy) ?? trainAccuracy)
  }

  /// Everything outside `timing` is equal between equal runs.
  func json(timing: JSONValue) -> JSONValue {
    [
      "epoch": .integer(epoch), "step": .integer(step), "train_loss": .number(trainLoss),
      "train_accuracy": .optional(trainAccuracy), "val_loss": .optional(validation?.loss),
      "val_accuracy": .optional(validation?.accuracy), "learning_rate": .number(learningRate), "timing": timing,
    ]
  }

  func text(epochs: Int, timer: RunTimer) -> String {
    func figures(_ name: String, _ loss: Double, _ accuracy: Double?) -> String {
      "\(name) loss \(shortNumber(loss))" + (accuracy.map { " accuracy \(percentage($0))" } ?? "")
    }
    let width = String(epochs).count - String(epoch).count
    var parts = ["epoch \(String(repeating: " ", count: max(0, width)))\(epoch)/\(epochs)"]
    parts.append(figures("train", trainLoss, trainAccuracy))
    if let validation { parts.append(figures("val", validation.loss, validation.accuracy)) }
    parts.append("lr \(shortNumber(learningRate))")
    parts.append("\(grouped(Int(timer.samplesPerSecond))) samples/s")
    parts.append(shortTime(timer.epochSeconds))
    return parts.joined(separator: "  ")
  }
}
