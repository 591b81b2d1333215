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

  /// That the samples are streamed, and how; none where they are held in memory.
  ///
  /// - Parameter isResumed: whether a checkpoint has decided it.
  func streamLines(isResumed: Bool) -> [String] {
    guard let stream else {
      guard isResumed, source.byteCount > Double(memory.bound) else { return [] }
      return ["held in memory as its checkpoint has it: \(shortBytes(source.byteCount)) in all (data.memory)"]
    }
    let kept = isResumed && stream.bound != memory.bound
    return [
      "streamed: \(shortBytes(Double(stream.bound))) a node\(kept ? " as its checkpoint has it" : ""), windows of "
        + "\(grouped(min(stream.windowRows, train.partition.windowRows))) rows a shard (data.memory)"
    ]
  }

  /// Which scaling was chosen and why; none where it was given.
  var scalingLines: [String] { scaling.choice?.lines ?? [] }
}
