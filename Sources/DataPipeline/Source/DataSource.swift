import Basics
import HDF5Storage

/// A data set on disk: one file, or several that are one after the other, with its splits.
public struct DataSource: Sendable {
  /// What was asked for: a file, directory, glob or list.
  public let path: String
  /// The files, in the order of their rows.
  public let files: [String]
  /// The splits that are there; none is empty.
  public internal(set) var splits: [SplitName: SplitSource]
  /// What was decided about the files that their names alone do not show, a line each.
  public let notes: [String]
  /// What a user should know of how the data are taken, one line each.
  public internal(set) var remarks: [String] = []

  /// Finds the files and their splits, and checks that they fit together; reads no rows.
  ///
  /// - Parameters:
  ///   - path: an HDF5 file, a directory of them, a glob, or a text list of files (`.txt`, `.list`, `.lst`).
  ///   - features, labels: paths inside the file, where the names are not known ones.
  ///   - labelsRequired: false for prediction, where a split may have features alone.
  ///   - weights: where it is said what each sample counts in the loss.
  ///   - reconstructs: whether the features are the targets; labels are then neither needed nor looked at.
  public static func open(
    _ path: String, features: String? = nil, labels: String? = nil, labelsRequired: Bool = true,
    weights: WeightChoice = .byName, reconstructs: Bool = false
  ) throws -> DataSource {
    try open(
      DataLocation(path, features: features, labels: labels), labelsRequired: labelsRequired, weights: weights,
      reconstructs: reconstructs)
  }

  /// Finds the files of a location and their splits, as those of a path.
  public static func open(
    _ location: DataLocation, labelsRequired: Bool = true, weights: WeightChoice = .byName,
    reconstructs: Bool = false
  ) throws -> DataSource {
    let files = try location.expand()
    var parts: [SplitName: [SplitSource.Part]] = [:]
    var unused: [String] = [], used: Set<String> = [], isTold: [SplitName: Bool] = [:]
    var warnings: [String] = []
    for dataFile in files {
      let file = try openFile(dataFile.path)
      let layout = try DataLayout(
        of: file, location, labelsRequired: labelsRequired && !reconstructs, labelsFile: dataFile.labels)
      var found = try dataFile.isTold ? layout.splits(for: dataFile) : layout.splits
      if reconstructs { for index in found.indices { (found[index].labels, found[index].labelsFile) = (nil, nil) } }
      let names = try DataNames.all(found, in: file)
      for (paths, names) in zip(found, names) {
        let split = try dataFile.isTold ? paths.split : Self.split(of: paths, in: dataFile)
        if isTold.updateValue(dataFile.isTold, forKey: split) == !dataFile.isTold, let other = parts[split]?.first {
          throw Self.twice(split, dataFile.isTold ? (other.file, other.features.path) : (dataFile.path, paths.features))
        }
        let firstRow = parts[split]?.last?.rows.upperBound ?? 0
        let part = try SplitSource.Part(paths, in: file, firstRow: firstRow, names: names, weights: weights)
        warnings += part.warnings
        parts[split, default: []].append(part)
        if let path = part.weights?.path { used.insert(path) }
      }
      unused += layout.unused.filter { !unused.contains($0) && !used.contains($0) }
    }
    var splits: [SplitName: SplitSource] = [:]
    for (name, parts) in parts {
      splits[name] = try SplitSource(name: name, parts: parts, reconstructs: reconstructs)
    }
    let unweighted = splits.values.filter { $0.weightsPath == nil }
    if let one = unweighted.first, unweighted.count < splits.count {
      let names = SplitName.allCases.filter { name in unweighted.contains { $0.name == name } }.map(\.rawValue)
      warnings.append(
        "\(one.parts[0].file): samples have weights, but not those of \(names.joined(separator: " and ")), which count "
          + "1 each; a weight is one number a row, and data.weights=none does without")
    }
    return DataSource(
      path: location.name, files: try location.allFiles(), splits: splits, notes: notes(files, unused: unused),
      remarks: warnings)
  }

  /// The error for samples of a split that a file has beside those of the files that `data.files` names for it.
  private static func twice(_ split: SplitName, _ found: (file: String, path: String)) -> Failure {
    Failure.usage(
      "data.files.\(split.rawValue) names files for '\(split.rawValue)', and \(found.file) has "
        + "\(found.path.shownName) for it; leave the key out, or give data.files.train in place of data.path, of which "
        + "only what is to train on is taken")
  }

  /// The split that paths in a file stand for: what they say themselves, otherwise what the file's name says.
  private static func split(of paths: SplitPaths, in file: DataFile) throws -> SplitName {
    guard let named = file.split, paths.split != named else { return paths.split }
    guard paths.namesSplit else { return named }
    guard paths.split == .train else { return paths.split }
    throw Failure.data(
      "\(file.path): by its name it is for '\(named.rawValue)', but it holds \(paths.features.shownName) to train on; "
        + "rename the file, or name those to use in a text list")
  }

  private static func notes(_ files: [DataFile], unused: [String]) -> [String] {
    var notes: [String] = []
    for split in SplitName.allCases {
      let names = files.filter { $0.split == split && !$0.isTold }.map(\.path)
      if !names.isEmpty && (split != .train || names.count < files.count) {
        notes.append("\(split.rawValue) by the name of the file: \(names.shownList())")
      }
    }
    let rest = files.filter { $0.split == nil }.map(\.path)
    if !rest.isEmpty && rest.count < files.count {
      notes.append("to train on, as their names say nothing else: \(rest.shownList())")
    }
    let labels = files.filter { !$0.isTold }.compactMap(\.labels)
    if !labels.isEmpty { notes.append("labels by the name of the file: \(labels.shownList())") }
    for split in SplitName.allCases {
      let told = files.filter { $0.isTold && $0.split == split }
      let labels = told.compactMap(\.labels)
      if split != .train && !told.isEmpty { notes.append("\(split.rawValue) from \(told.map(\.path).shownList())") }
      if !labels.isEmpty { notes.append("labels of \(split.rawValue) from \(labels.shownList())") }
    }
    if !unused.isEmpty { notes.append("not used: \(unused.shownList())") }
    return notes
  }

  /// The bytes of all splits in memory.
  package var byteCount: Double { splits.values.reduce(0) { $0 + $1.byteCount } }

  /// - Parameter splits: that are to be loaded, each rank its part.
  /// - Throws: if this machine has not enough memory for its ranks' parts.
  package func requireMemory(for splits: some Sequence<SplitName>) throws {
    var total = 0.0
    for name in splits { total += self.splits[name]?.byteCount ?? 0 }
    try MemoryBudget.require(total, for: "\(path): \(text(of: splits))")
  }

  private func text(of splits: some Sequence<SplitName>) -> String {
    splits.compactMap { name in self.splits[name].map { "\(name.rawValue) of \($0.sizeText)" } }
      .joined(separator: ", ")
  }

  /// Whether `path` stands for HDF5 files, by the first of them.
  public static func isDataSet(_ path: String) -> Bool {
    guard let file = try? DataFiles.expand(path).first else { return false }
    return (try? HDF5File.open(file.path)) != nil
  }

  /// Whether the first file of `path` has an object of that name; false where it cannot be read.
  public static func has(_ object: String, in path: String) -> Bool {
    guard let file = try? DataFiles.expand(path).first else { return false }
    return (try? HDF5File.open(file.path).hasRows(at: object.hasPrefix("/") ? object : "/" + object, columns: false))
      ?? false
  }

  /// The training split, or the first that there is.
  public var firstSplit: SplitSource? { SplitName.allCases.lazy.compactMap { splits[$0] }.first }

  /// A split that has to be there.
  public func split(_ name: SplitName) throws -> SplitSource {
    if let split = splits[name] { return split }
    let known = SplitName.allCases.filter { splits[$0] != nil }.map(\.rawValue).joined(separator: ", ")
    throw Failure.usage("\(path): there is no split '\(name.rawValue)'; the data has \(known)")
  }

  /// Opens a file of data.
  ///
  /// - Throws: for a file of another format with the way to one of HDF5.
  package static func openFile(_ path: String) throws -> HDF5File {
    do throws(HDF5Error) {
      return try HDF5File.open(path)
    } catch {
      let hint = error.reason.contains("not an HDF5 file") ? ForeignFile.hint(path) : ""
      throw Failure.data(error.description + hint)
    }
  }
}
