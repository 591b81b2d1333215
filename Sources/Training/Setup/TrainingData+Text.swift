import Basics
import DataPipeline

// What was found out about targets and features, and the options that have them taken otherwise.

extension TrainingData {
  /// What the targets are taken for and why; none where the loss was given and says it.
  func targetLines(_ task: any LearningTask) -> [String] {
    var lines = task.reading?.lines ?? []
    if targetTransform.kind == .standard {
      lines += [
        "scaled to deviation 1, in which the loss is counted; metrics and",
        "predictions are in their own units (data.target_scaling)",
      ]
    }
    return lines
  }

  /// Which scaling was chosen and why; none where it was given.
  var scalingLines: [String] { scaling.choice?.lines ?? [] }
}
