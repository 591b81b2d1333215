import Basics
import Checkpointing
import DataPipeline
import NeuralNetwork
import NumericCore

/// What a model knows of the data that it was trained on, kept in a checkpoint as attributes of the group `/data`.
///
/// | attribute | holds |
/// |---|---|
/// | `columns` `targets` `classes` `words` | names, one a line |
/// | `vocabulary` | the characters that features stand for by number |
/// | `feature_shape` `channels_first` `feature_type` | one sample's features as they lie in the files |
/// | `target_shape` `target_type` | one sample's targets |
/// | `fingerprint` | of the whole training split |
///
/// What the data do not name is left out; checkpoints of earlier versions have none of it.
struct DataDescription: Sendable, Equatable {
  var names = DataNames()
  /// How samples lie in the files.
  var storage: FeatureStorage?
  /// As NumPy names it, such as `uint8`.
  var featureType: String?
  var targetShape: Shape?
  var targetType: String?
  var fingerprint: DataFingerprint?

  init(_ split: SplitSource, fingerprint: DataFingerprint) {
    names = split.names
    (storage, featureType) = (split.featureStorage, split.featureType.name)
    if let type = split.targetType, !split.reconstructs { (targetShape, targetType) = (split.targetShape, type.name) }
    self.fingerprint = fingerprint
  }

  /// What a checkpoint holds.
  init(in checkpoint: Checkpoint) {
    func text(_ name: String) -> String? { checkpoint.data[name]?.text }
    func lines(_ name: String) -> [String]? {
      text(name)?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    names = DataNames(
      columns: lines("columns"), targets: lines("targets"), classes: lines("classes"),
      // Earlier versions kept two of these beside the configuration.
      characters: text("vocabulary") ?? checkpoint.attributes["vocabulary"]?.text, words: lines("words"))
    let isChannelsFirst = checkpoint.data["channels_first"] ?? checkpoint.attributes["channels_first"]
    storage = (text("feature_shape") ?? checkpoint.attributes["file_shape"]?.text).map {
      FeatureStorage(shape: Checkpoint.shape(in: $0), isChannelsFirst: isChannelsFirst?.integer == 1)
    }
    featureType = text("feature_type")
    (targetShape, targetType) = (text("target_shape").map(Checkpoint.shape(in:)), text("target_type"))
    fingerprint = text("fingerprint").map { DataFingerprint($0) }
  }

  /// What goes into a checkpoint.
  var attributes: [String: Checkpoint.Attribute] {
    func lines(_ names: [String]?) -> String? { names?.map(\.onOneLine).joined(separator: "\n") }
    var texts: [String: String?] = [
      "columns": lines(names.columns), "targets": lines(names.targets), "classes": lines(names.classes),
      "vocabulary": names.characters, "words": lines(names.words), "feature_type": featureType,
      "target_type": targetType, "fingerprint": fingerprint?.description,
    ]
    texts["feature_shape"] = storage.map { Checkpoint.text(of: $0.shape) }
    texts["target_shape"] = targetShape.map(Checkpoint.text(of:))
    var attributes = texts.compactMapValues { $0.map(Checkpoint.Attribute.text) }
    attributes["channels_first"] = storage.map { .integer($0.isChannelsFirst ? 1 : 0) }
    return attributes
  }

  /// Whether both say what the values of the training split are, and they are others.
  func differs(from other: DataDescription) -> Bool {
    fingerprint != nil && other.fingerprint != nil && fingerprint != other.fingerprint
  }
}

extension LearningTask {
  /// What the targets of a sample are, for names.
  var targetMeaning: TargetMeaning {
    guard type(of: self).needsLabels else { return .nothing }
    return switch loss.targetKind {
    case .classIndex: .classes
    case .classAndBox: .classAndBox
    case .classDistribution, .binary, .values: .columns
    }
  }
}
