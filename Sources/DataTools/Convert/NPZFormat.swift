import Basics
public import DataPipeline
public import Settings

/// Several arrays saved by NumPy in one file, stored or compressed.
public struct NPZFormat: RepeatableFormat {
  public static let name = "npz"
  public static let operands = "FILE.npz"
  public static let summary = "arrays saved together by NumPy, in their own type"
  public static let discussion = """
    Arrays are found by the words of their names, as data sets in HDF5 are: x_train and y_train, train_images and \
    train_labels, x and y, data and label, with the same of val and test; or arr_0 and arr_1. The options name others. \
    Labels that are texts become classes by name; feature_names and target_names name columns and classes; id, group \
    and weight are kept beside x.
    """
  public static let options =
    [
      Option("--features", \NPZFormat.features, "NAME", "x of the training split"),
      Option("--labels", \NPZFormat.labels, "NAME", "y of the training split"),
      Option("--test-features", \NPZFormat.testFeatures, "NAME", "x of the test split"),
      Option("--test-labels", \NPZFormat.testLabels, "NAME", "y of the test split"),
      Option(flag: "--unlabelled", \NPZFormat.isUnlabelled, "x alone, as for an autoencoder"),
    ] + SplitOptions.options.map { $0.lifted(\NPZFormat.drawing) }

  public var features: String?
  public var labels: String?
  public var testFeatures: String?
  public var testLabels: String?
  public var isUnlabelled = false
  public var drawing = SplitOptions()
  private var followed: FollowedNames?

  public init() {}

  public static func reads(_ path: String) -> Bool { path.hasSuffix(".npz") }

  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    followed = FollowedNames(names: names, owner: owner)
  }

  public func check() throws {
    try drawing.check()
    let labels = [labels, testLabels], all = [features, testFeatures] + labels
    guard all.contains(where: { $0 != nil }) else { return }
    let isComplete =
      isUnlabelled || followed != nil || self.labels != nil && (testFeatures == nil) == (testLabels == nil)
    guard features != nil, isComplete, !isUnlabelled || labels.allSatisfy({ $0 == nil }) else {
      throw Failure.usage(
        "data convert npz: give --features with --labels and, for a test split, --test-features with --test-labels; or "
          + "--features with --unlabelled")
    }
  }

  public func write(_ sources: [String], to file: OutputFile) throws {
    try requireOne(sources, "one .npz holds all arrays")
    let archive = try ArrayArchive(path: sources[0])
    let splits = try pairs(in: archive).map { pair in
      ArraySplit(
        name: pair.split, features: try archive.array(pair.features), labels: try pair.labels.map(archive.array),
        beside: try archive.beside(pair.split, isAlone: pair.isAlone))
    }
    let names = try archive.names()
    try ArrayWriter(format: Self.name, drawing: drawing, followed: followed, names: names).write(splits, to: file)
  }

  /// The arrays of a split.
  private struct Pair {
    let split: SplitName
    let features: String
    let labels: String?
    /// Whether there is no other split.
    var isAlone = true
  }

  /// Those that the options name, or else those whose names say what they are.
  private func pairs(in archive: ArrayArchive) throws -> [Pair] {
    if let features {
      var pairs = [Pair(split: .train, features: features, labels: labels)]
      if let testFeatures { pairs.append(Pair(split: .test, features: testFeatures, labels: testLabels)) }
      return pairs
    }
    let names = archive.dataNames
    let needsLabels = !isUnlabelled && followed == nil
    let remedy = "--features NAME --labels NAME"
    let found = try DataLayout.splits(
      among: names.sorted(), of: archive.path, labelsRequired: needsLabels, remedy: remedy)
    if !found.isEmpty {
      return found.map {
        Pair(
          split: $0.split, features: $0.features, labels: isUnlabelled ? nil : $0.labels, isAlone: found.count == 1)
      }
    }
    // Arrays that were saved without names.
    if names == ["arr_0", "arr_1"] { return [Pair(split: .train, features: "arr_0", labels: "arr_1")] }
    if names == ["arr_0"], !needsLabels { return [Pair(split: .train, features: "arr_0", labels: nil)] }
    throw Failure.data(
      "\(archive.path): no arrays under known names (such as x and y, or x_train and y_train); the file has "
        + "\(names.sorted().shownList()); name two of them with \(remedy)")
  }
}
