import Basics
import DataPipeline
import NeuralNetwork

/// What keeps the validation samples that a training split gives up like those that it keeps.
enum ValidationStrata {
  /// One number for each row.
  case labels([Int])
  case groups([Int])
  /// The targets of each row that are 1, of so many.
  case positives([[Int32]], of: Int)
  case none

  /// Reads the targets, or the groups, of a whole training split. Every rank reads them for itself and finds the same.
  ///
  /// - Parameter isFold: whether it is of cross-validation, whose groups stay together here too.
  init(
    _ configuration: TrainingConfiguration, task: any LearningTask, split: SplitSource, isFold: Bool
  ) throws {
    if let group = configuration.data.validationGroup ?? (isFold ? configuration.folds?.group : nil) {
      self = .groups(try split.readGroups(group))
      return
    }
    let stratify = configuration.data.stratify
    let kind = split.reconstructs || stratify == .none ? nil : task.loss.targetKind
    switch kind {
    case .classIndex where split.targetSize == 1:
      self = .labels(try split.readLabels(task.numbering, ignoring: task.loss.ignoredLabel))
    case .classAndBox where stratify == .auto: self = .labels(try split.readBoxClasses())
    case .binary where stratify == .auto && split.targetSize == 1:
      self = .labels(try split.readLabels(task.numbering))
    case .binary where stratify == .auto, .classDistribution where stratify == .auto:
      self = .positives(try split.readPositives(), of: split.targetSize)
    default: self = .none
    }
  }

  /// The rows of both parts, of those that take part.
  func parts(_ rows: [Int], fraction: Double, seed: UInt64) throws -> (train: [Int], validation: [Int]) {
    let places: (train: [Int], validation: [Int])
    switch self {
    case .labels(let labels):
      places = try ValidationSplit.select(
        labels: rows.map { labels[$0] }, sampleCount: rows.count, fraction: fraction, seed: seed)
    case .groups(let groups):
      places = try ValidationSplit.select(groups: rows.map { groups[$0] }, fraction: fraction, seed: seed)
    case .positives(let positives, let count):
      places = try ValidationSplit.select(
        positives: rows.map { positives[$0] }, of: count, fraction: fraction, seed: seed)
    case .none:
      places = try ValidationSplit.select(labels: nil, sampleCount: rows.count, fraction: fraction, seed: seed)
    }
    return places
  }
}
