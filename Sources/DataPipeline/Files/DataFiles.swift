import Basics
import Foundation

/// One of the files that a `data.path` stands for.
struct DataFile: Equatable {
  let path: String
  /// The split that its name says it is; nil where it says nothing.
  var split: SplitName?
  /// Whether the split was told, whatever the names say.
  var isTold = false
  /// The file of its labels, where that is another one.
  var labels: String?
}

/// The files that one `data.path` stands for.
public enum DataFiles {
  /// Expands a file, a directory of `.h5` and `.hdf5` files, a glob, or a text list (`.txt`, `.list`, `.lst`) of files.
  ///
  /// A list has one path a line, relative to the list's directory; empty lines and those that start with `#` do not
  /// count. Directories and globs are sorted by name, lists keep their order.
  ///
  /// Where files are found, not named, a word of a file's name, or of the directory that it alone is in, says which
  /// split it is: train, val, valid, validation, dev or test. Files beside them that say nothing are to train on.
  ///
  /// - Throws: if there is no file, if files of a directory are different data sets by their names, or if it is not
  ///   clear what some are for.
  static func expand(_ path: String) throws -> [DataFile] {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
      if isDirectory.boolValue {
        let files = try filesOfDirectory(path)
        try checkKinship(of: paired(files).map(\.path), in: path)
        return try told(files, by: path)
      }
      return ["txt", "list", "lst"].contains(URL(filePath: path).pathExtension.lowercased())
        ? try told(filesOfList(path), by: path) : [DataFile(path: path)]
    }
    guard path.contains(where: { "*?[".contains($0) }) else { return [DataFile(path: path)] }
    let found = matches(ofGlob: path)
    guard !found.isEmpty else { throw Failure.data("\(path): no file matches this pattern") }
    return try told(found, by: path)
  }

  /// The files that `path` stands for, as `expand` finds them, and those of labels.
  public static func paths(_ path: String) throws -> [String] { try DataLocation(path).allFiles() }

  /// The files that are told to be of a split.
  ///
  /// - Parameter labels: what names the files of their labels, one for each.
  static func told(_ path: String, labels: String?, for split: SplitName) throws -> [DataFile] {
    let files = try expand(path)
    if let other = files.first(where: { $0.split != nil && $0.split != split }) {
      throw Failure.data(
        "\(path): \(other.path.shownName) is for '\(other.split?.rawValue ?? "")' by its name, not for "
          + "'\(split.rawValue)'; name the files with a pattern or a text list")
    }
    guard let labels else {
      return files.map { DataFile(path: $0.path, split: split, isTold: true, labels: $0.labels) }
    }
    let others = try expand(labels)
    guard files.count == others.count else {
      throw Failure.data(
        "\(labels) stands for \(plural(others.count, "file")) of labels, but \(path) for "
          + "\(plural(files.count, "file")) of features; expected as many, in the same order")
    }
    return zip(files, others).map { DataFile(path: $0.path, split: split, isTold: true, labels: $1.path) }
  }

  /// The files, of which those that are labels by their names stand with the features of the same name:
  /// `train_x.h5` with `train_y.h5`.
  private static func paired(_ paths: [String]) -> [DataFile] {
    var partners: [[String]: [NameWords.Role: [String]]] = [:]
    func parts(_ path: String) -> (key: [String], role: NameWords.Role)? {
      let url = URL(filePath: path)
      var words = NameWords(url.deletingPathExtension().lastPathComponent).words
      guard let last = words.lastIndex(where: { NameWords.role(of: $0) != nil }),
        let role = NameWords.role(of: words[last])
      else { return nil }
      words[last] = "/"
      return ([url.deletingLastPathComponent().path] + words, role)
    }
    for path in paths {
      if let (key, role) = parts(path) { partners[key, default: [:]][role, default: []].append(path) }
    }
    return paths.compactMap { path in
      guard let (key, role) = parts(path), let pair = partners[key], pair[.features]?.count == 1,
        let labels = pair[.labels], labels.count == 1
      else { return DataFile(path: path) }
      return role == .labels ? nil : DataFile(path: path, labels: labels[0])
    }
  }

  /// The files with the splits that their names say.
  private static func told(_ paths: [String], by path: String) throws -> [DataFile] {
    let found = paired(paths)
    let directories = found.map { URL(filePath: $0.path).deletingLastPathComponent().path }
    let areApart = Set(directories).count > 1
    let files = zip(found, directories).map { file, directory in
      var file = file
      let name = NameWords(URL(filePath: file.path).deletingPathExtension().lastPathComponent)
      let folder = areApart ? NameWords(URL(filePath: directory).lastPathComponent) : NameWords("")
      file.split = name.split ?? folder.split
      return file
    }
    if let unnamed = files.first(where: { $0.split == nil }), let train = files.first(where: { $0.split == .train }) {
      throw Failure.data(
        "\(path): \(train.path) is to train on by its name, and \(unnamed.path.shownName) does not say what it is for; "
          + "name the files with a pattern or a text list")
    }
    return files
  }

  /// Files of one data set have one name, but for numbers, single letters and splits.
  private static func checkKinship(of files: [String], in path: String) throws {
    let stems = Set(
      files.map { file in
        let words = NameWords(URL(filePath: file).deletingPathExtension().lastPathComponent).withoutSplit
        return words.filter { $0.count > 1 && !$0.allSatisfy(\.isNumber) }.joined(separator: " ")
      })
    // A file that is called nothing but its split belongs to those beside it.
    guard stems.subtracting([""]).count > 1 else { return }
    let names = files.map { URL(filePath: $0).lastPathComponent }
    throw Failure.data(
      "\(path): its files look like different data sets by their names: \(names.shownList()); to train on one, give "
        + "that file; if they are parts of one, say so with a pattern such as '\(path)/*.h5' or a text list")
  }

  private static func filesOfDirectory(_ path: String) throws -> [String] {
    let files = try files(in: path)
    if !files.isEmpty { return files }
    // Or a directory for each split.
    let folders = try names(in: path).filter { NameWords($0).split != nil }
    let inner = folders.sorted().flatMap { (try? self.files(in: path + "/" + $0)) ?? [] }
    guard !inner.isEmpty else { throw Failure.data("\(path): the directory has no .h5 or .hdf5 file") }
    return inner
  }

  private static func files(in path: String) throws -> [String] {
    let names = try names(in: path).filter { !$0.hasPrefix(".") }.sorted()
    // Those of other programs where there are none of the plain name.
    for extensions in [["h5", "hdf5"], ["h5ad", "mat"]] {
      let found = names.filter { extensions.contains(URL(filePath: $0).pathExtension.lowercased()) }
      if !found.isEmpty { return found.map { path.hasSuffix("/") ? path + $0 : path + "/" + $0 } }
    }
    return []
  }

  private static func names(in path: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw Failure.data("\(path): the directory is not readable: \(error.localizedDescription)")
    }
  }

  private static func filesOfList(_ path: String) throws -> [String] {
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw Failure.data("\(path): the list of files is not readable: \(error.localizedDescription)")
    }
    // A byte-order mark is no part of the first name.
    let plain = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
    guard let text = String(validating: plain, as: UTF8.self) else {
      let lines = plain.split(separator: 0x0A, omittingEmptySubsequences: false)
      let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
      throw Failure.data("\(path): line \(line + 1) is not UTF-8 text; expected one path a line")
    }
    let directory = URL(filePath: path).deletingLastPathComponent()
    let files = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    guard !files.isEmpty else { throw Failure.data("\(path): the list names no file; expected one path a line") }
    return files.map { $0.hasPrefix("/") ? $0 : directory.appending(path: $0).path(percentEncoded: false) }
  }

  private static func matches(ofGlob pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }.sorted()
  }
}
