import Basics
import HDF5Storage

/// The parts of a data set, by the names that files and commands use.
public enum SplitName: String, Sendable, Hashable, CaseIterable {
  case train
  case validation = "val"
  case test
}

/// Where one file keeps the features and labels of a split.
package struct SplitPaths: Equatable {
  package let split: SplitName
  package let features: String
  /// Nil where there are none and none are needed.
  package var labels: String?
}

/// Finds the splits of a file by the names of its data sets.
package enum DataLayout {
  /// The naming schemes that are known, in the order in which they are tried.
  private static let known: [[SplitPaths]] =
    [
      SplitName.allCases.map {
        SplitPaths(split: $0, features: "/\($0.rawValue)/x", labels: "/\($0.rawValue)/y")
      },
      SplitName.allCases.map {
        SplitPaths(split: $0, features: "/x_\($0.rawValue)", labels: "/y_\($0.rawValue)")
      },
    ]
    + [("data", "label"), ("X", "y"), ("features", "targets"), ("images", "labels")].map {
      [SplitPaths(split: .train, features: "/" + $0, labels: "/" + $1)]
    }

  /// The splits of `file`.
  ///
  /// - Parameters:
  ///   - features, labels: the training split's data sets where the names are not known ones. Paths that speak of
  ///     `train`
  ///     also stand for their `val` and `test` siblings, if those are there.
  ///   - labelsRequired: whether a split without labels is an error.
  package static func splits(
    of file: HDF5File, features: String?, labels: String?, labelsRequired: Bool
  ) throws -> [SplitPaths] {
    if let features { return try told(file, features: features, labels: labels, labelsRequired) }
    if labels != nil {
      throw Failure.usage("data.labels is given without data.features; give both")
    }
    var incomplete: (any Error)?
    for scheme in known {
      do {
        let present = try present(scheme, in: file, labelsRequired)
        if !present.isEmpty { return present }
      } catch {
        incomplete = incomplete ?? error
      }
    }
    if let incomplete { throw incomplete }
    let found = try file.datasetPaths().shownList(none: "no data set")
    throw Failure.data(
      "\(file.path): no data set under a known name (such as /train/x and /train/y); the file has \(found); "
        + "name two of them with --set data.features=/PATH --set data.labels=/PATH")
  }

  private static func told(
    _ file: HDF5File, features: String, labels: String?, _ labelsRequired: Bool
  ) throws -> [SplitPaths] {
    let features = absolute(features)
    let partner = known.joined().first { $0.features == features }?.labels
    let train = SplitPaths(split: .train, features: features, labels: labels.map(absolute) ?? partner)
    if train.labels == nil && labelsRequired {
      throw Failure.usage("data.features is given without data.labels; give both")
    }
    // Opening reports what is there instead.
    _ = try file.dataset(train.features)
    var splits = try present([train], in: file, labelsRequired)
    for split in [SplitName.validation, .test] {
      guard let features = sibling(of: train.features, split) else { continue }
      let labels = train.labels.flatMap { sibling(of: $0, split) }
      // Labels that do not speak of `train` belong to the features that were told, and to no others.
      if train.labels != nil && labels == nil { continue }
      splits += try present([SplitPaths(split: split, features: features, labels: labels)], in: file, labelsRequired)
    }
    return splits
  }

  /// Those of the splits whose features are in the file.
  ///
  /// - Throws: if the labels of one are missing.
  private static func present(
    _ splits: [SplitPaths], in file: HDF5File, _ labelsRequired: Bool
  ) throws -> [SplitPaths] {
    var result: [SplitPaths] = []
    for var paths in splits where try isDataset(paths.features, in: file) {
      if let labels = paths.labels, try !isDataset(labels, in: file) {
        guard !labelsRequired else {
          throw Failure.data("\(file.path): \(paths.features) has no labels; expected them in \(labels)")
        }
        paths.labels = nil
      }
      result.append(paths)
    }
    return result
  }

  private static func isDataset(_ path: String, in file: HDF5File) throws -> Bool {
    guard try file.exists(path) else { return false }
    // What exists and does not open as a data set is a group.
    return (try? file.dataset(path)) != nil
  }

  /// The path with the word `train` replaced by the split's name: `/train/x` → `/val/x`, `/x_train` → `/x_val`.
  private static func sibling(of path: String, _ split: SplitName) -> String? {
    var replaced = false
    let components = path.split(separator: "/", omittingEmptySubsequences: false).map { component in
      component.split(separator: "_", omittingEmptySubsequences: false).map { word in
        guard word == "train" else { return String(word) }
        replaced = true
        return split.rawValue
      }.joined(separator: "_")
    }
    return replaced ? components.joined(separator: "/") : nil
  }

  private static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }
}
