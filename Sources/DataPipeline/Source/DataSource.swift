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
  /// What a user should know of how the data are taken, one line each.
  public internal(set) var remarks: [String] = []

  /// Finds the files and their splits, and checks that they fit together; reads no rows.
  ///
  /// - Parameters:
  ///   - path: an HDF5 file, a directory of them, a glob, or a text list of files (`.txt`, `.list`, `.lst`).
  ///   - features, labels: paths inside the file, where the names are not known ones.
  ///   - labelsRequired: false for prediction, where a split may have features alone.
  ///   - reconstructs: whether the features are the targets; labels are then neither needed nor looked at.
  public static func open(
    _ path: String, features: String? = nil, labels: String? = nil, labelsRequired: Bool = true,
    reconstructs: Bool = false
  ) throws -> DataSource {
    let files = try DataFiles.expand(path)
    var parts: [SplitName: [SplitSource.Part]] = [:]
    for filePath in files {
      let file = try openFile(filePath)
      let paths = try DataLayout.splits(
        of: file, features: features, labels: labels, labelsRequired: labelsRequired && !reconstructs)
      let names = try DataNames.all(paths, in: file)
      for (var paths, names) in zip(paths, names) {
        if reconstructs { paths.labels = nil }
        let firstRow = parts[paths.split]?.last?.rows.upperBound ?? 0
        parts[paths.split, default: []].append(
          try SplitSource.Part(paths, in: file, firstRow: firstRow, names: names))
      }
    }
    var splits: [SplitName: SplitSource] = [:]
    for (name, parts) in parts {
      splits[name] = try SplitSource(name: name, parts: parts, reconstructs: reconstructs)
    }
    return DataSource(path: path, files: files, splits: splits)
  }

  /// Whether the first file of `path` has an object of that name; false where it cannot be read.
  public static func has(_ object: String, in path: String) -> Bool {
    guard let file = try? DataFiles.expand(path).first else { return false }
    return (try? HDF5File.open(file).exists(object)) == true
  }

  /// The training split, or the first that there is.
  public var firstSplit: SplitSource? { SplitName.allCases.lazy.compactMap { splits[$0] }.first }

  /// A split that has to be there.
  public func split(_ name: SplitName) throws -> SplitSource {
    if let split = splits[name] { return split }
    let known = SplitName.allCases.filter { splits[$0] != nil }.map(\.rawValue).joined(separator: ", ")
    throw Failure.usage("\(path): there is no split '\(name.rawValue)'; the data has \(known)")
  }

  private static func openFile(_ path: String) throws -> HDF5File {
    do throws(HDF5Error) {
      return try HDF5File.open(path)
    } catch {
      let hint =
        error.reason.contains("not an HDF5 file") ? "; `ddp-train data convert` makes one of other formats" : ""
      throw Failure.data(error.description + hint)
    }
  }
}
