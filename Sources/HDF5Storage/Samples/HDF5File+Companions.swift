internal import Basics
internal import CHDF5
import Foundation

/// How a file names another one that it takes data from.
enum Companionship {
  case externalLink
  case virtualDataset

  /// The environment variable with directories to look in, as HDF5 names it.
  fileprivate var prefixVariable: String {
    switch self {
    case .externalLink: "HDF5_EXT_PREFIX"
    case .virtualDataset: "HDF5_VDS_PREFIX"
    }
  }
}

extension HDF5File {
  /// The file that this one calls `name`, looked for where the library looks: as it stands if it is absolute, in the
  /// directories of the environment variable, beside this file, in the working directory, and beside what this file is
  /// a symbolic link to. Nil where there is none.
  ///
  /// - Throws: if it is no regular file, such as a pipe, which the library would wait for.
  func companion(named name: String, by kind: Companionship) throws(HDF5Error) -> String? {
    var candidates: [String] = name.hasPrefix("/") ? [name] : []
    let rest = name.hasPrefix("/") ? String(name.split(separator: "/").last ?? "") : name
    let own = Self.directory(of: path)
    let variable = ProcessInfo.processInfo.environment[kind.prefixVariable] ?? ""
    for prefix in variable.split(separator: ":").map(String.init) {
      candidates.append(prefix.replacingOccurrences(of: "${ORIGIN}", with: own) + "/" + rest)
    }
    candidates += [own + "/" + rest, rest]
    if let real = realpath(path, nil) {
      candidates.append(Self.directory(of: String(cString: real)) + "/" + rest)
      free(real)
    }
    for candidate in candidates {
      var status = stat()
      guard stat(candidate, &status) == 0 else { continue }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw HDF5Error(
          operation: "open", subject: path,
          reason: "it takes data from \(candidate.shownName), which is no regular file")
      }
      if (try? check("open", candidate, H5Fis_hdf5(candidate)) > 0) == true { return candidate }
    }
    return nil
  }

  /// Relative to the working directory, as the path is.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
