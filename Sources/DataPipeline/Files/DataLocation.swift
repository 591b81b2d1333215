import Basics
import HDF5Storage
public import Settings

/// Files of the splits, and of labels that stand beside their features in files of their own: the keys `data.files`.
///
/// Each is whatever `data.path` may be: a file, directory, glob or list.
public struct SplitFiles: NestedSettings {
  public var train: String?
  public var validation: String?
  public var test: String?
  public var trainLabels: String?
  public var validationLabels: String?
  public var testLabels: String?

  public init() {}

  public static let settings: [Setting<SplitFiles>] = [
    Setting("train", \.train, "files to train on; data.path"),
    Setting("val", \.validation, "files of the validation split"),
    Setting("test", \.test, "files of the test split"),
    Setting("train_labels", \.trainLabels, "labels of train in files of their own, by position or id"),
    Setting("val_labels", \.validationLabels, "labels of val in files of their own"),
    Setting("test_labels", \.testLabels, "labels of test in files of their own"),
  ]

  /// The files of a split, and those of its labels.
  func paths(_ split: SplitName) -> (features: String?, labels: String?) {
    switch split {
    case .train: (train, trainLabels)
    case .validation: (validation, validationLabels)
    case .test: (test, testLabels)
    }
  }

  /// Everything that is named, by key.
  public var all: [(key: String, path: String)] {
    let named = [
      ("train", train), ("train_labels", trainLabels), ("val", validation), ("val_labels", validationLabels),
      ("test", test), ("test_labels", testLabels),
    ]
    return named.compactMap { key, path in path.map { (key, $0) } }
  }
}

/// Where a data set is: its files, and what is told of what stands in them.
public struct DataLocation: Sendable, Equatable {
  /// A file, directory, glob or list; nil where `files` names those to train on.
  public var path: String?
  public var files = SplitFiles()
  /// Paths inside the files, where the names are not known ones.
  public var features: String?
  public var labels: String?
  /// The axis of the samples in each data set; nil for the first.
  public var samplesAxis: Int?
  /// Paths inside the files of what stands beside the samples and is read, such as their groups.
  public var beside: [String] = []

  public init(
    _ path: String?, files: SplitFiles = SplitFiles(), features: String? = nil, labels: String? = nil,
    samplesAxis: Int? = nil
  ) {
    (self.path, self.files, self.features, self.labels) = (path, files, features, labels)
    self.samplesAxis = samplesAxis
  }

  /// What a person would call it: what is named to train on.
  public var name: String { path ?? files.train ?? files.all.first?.path ?? "" }

  /// All that is named.
  public var named: [String] { (path.map { [$0] } ?? []) + files.all.map(\.path) }

  /// Every file, those of labels too.
  public func allFiles() throws -> [String] {
    try expand().flatMap { [$0.path] + ($0.labels.map { [$0] } ?? []) }
  }

  /// The files with their splits.
  ///
  /// - Throws: where files to train on are named twice or not at all, or labels have no features, or another number of
  ///   files.
  func expand() throws -> [DataFile] {
    guard path == nil || files.train == nil else {
      throw Failure.usage("data.path and data.files.train both name files to train on; give one of them")
    }
    guard path != nil || files.train != nil else {
      throw Failure.usage("data.files names no files to train on; give data.path, or data.files.train")
    }
    var found: [DataFile] = []
    var named = files
    if named.trainLabels != nil, named.train == nil {
      named.train = path
    } else if let path {
      found = try DataFiles.expand(path)
    }
    for split in SplitName.allCases {
      let (features, labels) = named.paths(split)
      guard let features else {
        guard labels == nil else {
          throw Failure.usage(
            "data.files.\(split.rawValue)_labels is given without data.files.\(split.rawValue); give both")
        }
        continue
      }
      guard !found.contains(where: { $0.split == split }) else {
        throw Failure.usage(
          "data.files.\(split.rawValue) names files for '\(split.rawValue)', and \(name) has some by their names; "
            + "give one of the two")
      }
      found += try DataFiles.told(features, labels: labels, for: split)
    }
    return found
  }
}
