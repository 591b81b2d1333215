import Basics
import DataPipeline
public import Settings

/// Several arrays saved by NumPy in one file, stored or compressed.
public struct NPZFormat: DataFormat {
  public static let name = "npz"
  public static let operands = "FILE.npz"
  public static let summary = "arrays saved together by NumPy, in their own type"
  public static let discussion =
    "Arrays are found by the words of their names, as data sets in HDF5 are: x_train and y_train, train_images and "
    + "train_labels, x and y, data and label, with the same of val and test; or arr_0 and arr_1. The options name "
    + "others."
  public static let options = [
    Option("--features", \NPZFormat.features, "NAME", "x of the training split"),
    Option("--labels", \NPZFormat.labels, "NAME", "y of the training split"),
    Option("--test-features", \NPZFormat.testFeatures, "NAME", "x of the test split"),
    Option("--test-labels", \NPZFormat.testLabels, "NAME", "y of the test split"),
  ]

  public var features: String?
  public var labels: String?
  public var testFeatures: String?
  public var testLabels: String?

  public init() {}

  public func check() throws {
    let named = [features, labels, testFeatures, testLabels].contains { $0 != nil }
    guard !named || features != nil && labels != nil && (testFeatures == nil) == (testLabels == nil) else {
      throw Failure.usage(
        "data convert npz: give --features with --labels and, for a test split, --test-features with --test-labels")
    }
  }

  public func write(_ sources: [String], to file: OutputFile) throws {
    try requireOne(sources, "one .npz holds all arrays")
    let archive = try ZipArchive(path: sources[0])
    var arrays: [String: ZipArchive.Entry] = [:]
    for entry in archive.entries where entry.name.hasSuffix(".npy") { arrays[String(entry.name.dropLast(4))] = entry }
    func open(_ name: String) throws -> ArrayFile {
      guard let entry = arrays[name] else {
        throw Failure.data("\(archive.path): no array '\(name)'; the file has \(arrays.keys.sorted().shownList())")
      }
      return try .openNPY(archive.open(entry, as: name))
    }
    for pair in try pairs(in: Set(arrays.keys), archive.path) {
      try file.copy(open(pair.features), open(pair.labels), split: pair.split)
    }
  }

  /// The arrays of a split.
  private struct Pair {
    let split: String
    let features: String
    let labels: String
  }

  /// Those that the options name, or else those whose names say what they are.
  private func pairs(in names: Set<String>, _ path: String) throws -> [Pair] {
    if let features, let labels {
      var pairs = [Pair(split: "train", features: features, labels: labels)]
      if let testFeatures, let testLabels {
        pairs.append(Pair(split: "test", features: testFeatures, labels: testLabels))
      }
      return pairs
    }
    let remedy = "--features NAME --labels NAME"
    let found = try DataLayout.splits(among: names.sorted(), of: path, labelsRequired: true, remedy: remedy)
    if !found.isEmpty {
      return found.map { Pair(split: $0.split.rawValue, features: $0.features, labels: $0.labels ?? "") }
    }
    // Arrays that were saved without names.
    if names == ["arr_0", "arr_1"] { return [Pair(split: "train", features: "arr_0", labels: "arr_1")] }
    throw Failure.data(
      "\(path): no arrays under known names (such as x and y, or x_train and y_train); the file has "
        + "\(names.sorted().shownList()); name two of them with \(remedy)")
  }
}
