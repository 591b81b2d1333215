import Basics
import Checkpointing
import DataPipeline
import NeuralNetwork
import NumericCore

/// What a model knows of the data that it was trained on, kept in a checkpoint as attributes.
///
/// | attribute of `/data` | holds |
/// |---|---|
/// | `columns` `targets` `classes` `words` | names, one a line |
/// | `feature_type` `target_shape` `target_type` | of one sample, as the files have them |
/// | `fingerprint` `validation_fingerprint` | of the whole training split, and of a validation split of its own |
///
/// | attribute of `/` | holds |
/// |---|---|
/// | `vocabulary` | the characters that features stand for by number |
/// | `file_shape` `channels_first` | one sample's features as they lie in the files |
///
/// What the data do not name is left out; checkpoints of earlier versions have no `/data`.
struct DataDescription: Sendable, Equatable {
  var names = DataNames()
  /// How samples lie in the files.
  var storage: FeatureStorage?
  /// As NumPy names it, such as `uint8`.
  var featureType: String?
  var targetShape: Shape?
  var targetType: String?
  var fingerprint: DataFingerprint?
  /// Of a validation split that is not held out of the training split.
  var validationFingerprint: DataFingerprint?

  /// - Parameter fingerprint: nil where it is not known, as `validation`.
  init(_ split: SplitSource, fingerprint: DataFingerprint?, validation: DataFingerprint?) {
    names = split.names
    (storage, featureType) = (split.featureStorage, split.featureType.name)
    if let type = split.targetType, !split.reconstructs { (targetShape, targetType) = (split.targetShape, type.name) }
    (self.fingerprint, validationFingerprint) = (fingerprint, validation)
  }

  /// What a checkpoint holds.
  init(in checkpoint: Checkpoint) {
    func text(_ name: String) -> String? { checkpoint.data[name]?.text }
    func lines(_ name: String) -> [String]? {
      text(name)?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    names = DataNames(
      columns: lines("columns"), targets: lines("targets"), classes: lines("classes"),
      characters: checkpoint.attributes["vocabulary"]?.text, words: lines("words"), preparation: text("preparation"))
    let isChannelsFirst = checkpoint.attributes["channels_first"]?.integer == 1
    storage = checkpoint.attributes["file_shape"]?.text.map {
      FeatureStorage(shape: Checkpoint.shape(in: $0), isChannelsFirst: isChannelsFirst)
    }
    featureType = text("feature_type")
    (targetShape, targetType) = (text("target_shape").map(Checkpoint.shape(in:)), text("target_type"))
    fingerprint = text("fingerprint").map { DataFingerprint($0) }
    validationFingerprint = text("validation_fingerprint").map { DataFingerprint($0) }
  }

  /// Puts it into a checkpoint.
  func write(to checkpoint: inout Checkpoint) {
    func lines(_ names: [String]?) -> String? { names?.map(\.onOneLine).joined(separator: "\n") }
    let texts = [
      "columns": lines(names.columns), "targets": lines(names.targets), "classes": lines(names.classes),
      "words": lines(names.words), "preparation": names.preparation,
      "feature_type": featureType, "target_shape": targetShape.map(Checkpoint.text(of:)),
      "target_type": targetType, "fingerprint": fingerprint?.description,
      "validation_fingerprint": validationFingerprint?.description,
    ]
    checkpoint.data = texts.compactMapValues { $0.map(Checkpoint.Attribute.text) }
    checkpoint.attributes["vocabulary"] = names.characters.map(Checkpoint.Attribute.text)
    checkpoint.attributes["file_shape"] = storage.map { .text(Checkpoint.text(of: $0.shape)) }
    checkpoint.attributes["channels_first"] = storage.map { .integer($0.isChannelsFirst ? 1 : 0) }
  }

  /// What is to be said of features of another kind than those of training; nil where they are of the same.
  func doubt(about split: SplitSource, of path: String) -> String? {
    guard let featureType, isInteger != split.featureType.isInteger else { return nil }
    return "\(split.place(.features, row: 0)): features of \(split.featureType.name), but \(path) was trained on "
      + "\(featureType); they are taken to be in the same units"
  }

  private var isInteger: Bool { featureType?.hasPrefix("float") == false }

  /// Checks features of another type than those of training where these were divided by their type's greatest value.
  ///
  /// - Throws: where they are floating point, or greater than that.
  func checkUnits(of store: ShardStore, scaledBy transform: FeatureTransform, of path: String) throws {
    let split = store.source
    guard isInteger, split.featureType.name != featureType, transform.kind == .unit, transform.factor[0] != 1 else {
      return
    }
    let greatest = Double((1 / transform.factor[0]).rounded())
    guard split.featureType.isInteger else {
      throw Failure.data(
        "\(split.place(.features, row: 0)): features of \(split.featureType.name), but \(path) was trained on "
          + "\(featureType ?? ""), divided by \(trimmedNumber(greatest)); give integers in the units of training")
    }
    try store.checkGreatest(greatest, of: path)
  }

  /// Whether both say what the values of the training or validation split are, and they are others.
  func differs(from other: DataDescription) -> Bool {
    [(fingerprint, other.fingerprint), (validationFingerprint, other.validationFingerprint)]
      .contains { own, other in own != nil && other != nil && own != other }
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
