import Basics
import Foundation

/// The files that one `data.path` stands for.
public enum DataFiles {
  /// Expands a file, a directory of `.h5` and `.hdf5` files, a glob, or a text list (`.txt`, `.list`, `.lst`) of files.
  ///
  /// A list has one path a line, relative to the list's directory; empty lines and those that start with `#` do not
  /// count. Directories and globs are sorted by name, lists keep their order.
  public static func expand(_ path: String) throws -> [String] {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
      if isDirectory.boolValue { return try filesOfDirectory(path) }
      return ["txt", "list", "lst"].contains(URL(filePath: path).pathExtension.lowercased())
        ? try filesOfList(path) : [path]
    }
    guard path.contains(where: { "*?[".contains($0) }) else { return [path] }
    let found = matches(ofGlob: path)
    guard !found.isEmpty else { throw Failure.data("\(path): no file matches this pattern") }
    return found
  }

  private static func filesOfDirectory(_ path: String) throws -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw Failure.data("\(path): the directory is not readable: \(error.localizedDescription)")
    }
    let files = names.filter {
      !$0.hasPrefix(".") && ["h5", "hdf5"].contains(URL(filePath: $0).pathExtension.lowercased())
    }
    guard !files.isEmpty else { throw Failure.data("\(path): the directory has no .h5 or .hdf5 file") }
    return files.sorted().map { path.hasSuffix("/") ? path + $0 : path + "/" + $0 }
  }

  private static func filesOfList(_ path: String) throws -> [String] {
    let text: String
    do {
      text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      throw Failure.data("\(path): the list of files is not readable as UTF-8 text: \(error.localizedDescription)")
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
