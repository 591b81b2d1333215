import Basics
import Foundation

/// The files of a kind below a directory, in natural order: `take2` before `take10`.
///
/// Hidden files and folders are passed over, and so is `__MACOSX`. Links are followed.
struct FileTree {
  struct File {
    /// To open it.
    let path: String
    /// The names of the folders between the directory and the file, and its own.
    let parts: [String]
  }

  let root: String
  private(set) var files: [File] = []
  /// All folders directly in the root and directly in those, with or without files, by the names on the way to them.
  private(set) var folders: [[String]] = []
  /// How many files of other kinds there are, by what they are called, such as `.txt`.
  private(set) var others: [String: Int] = [:]
  private let kind: FileKind

  /// - Throws: for a folder that cannot be read, or that is linked to from inside itself.
  init(_ root: String, _ kind: FileKind) throws {
    self.root = root
    self.kind = kind
    try walk(root, [], inside: [])
  }

  /// Where a directory is stored, which no two share.
  private struct Place: Equatable {
    let device: UInt64, number: UInt64
  }

  private mutating func walk(_ directory: String, _ parts: [String], inside: [Place]) throws {
    var status = stat()
    guard stat(directory, &status) == 0 else {
      throw Failure.data("\(directory.escaped): cannot be read: \(String(cString: strerror(errno)))")
    }
    let place = Place(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    guard !inside.contains(place) else {
      throw Failure.data("\(directory.escaped): links back to a folder that it lies in; remove the link")
    }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
      throw Failure.data("\(directory.escaped): cannot be read: \(String(cString: strerror(errno)))")
    }
    for name in names.sorted(by: Self.naturallyPrecedes) {
      let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
      let isHidden = name.hasPrefix(".") || name == "__MACOSX"
      guard stat(path, &status) == 0 else {
        guard lstat(path, &status) == 0 else {
          throw Failure.data(
            "\(directory.escaped): has a name that cannot be read as UTF-8 text, '\(name.shownName)'; rename it")
        }
        // A link that leads nowhere.
        others["dangling links", default: 0] += 1
        continue
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        guard !isHidden else { continue }
        if parts.count < 2 { folders.append(parts + [name]) }
        try walk(path, parts + [name], inside: inside + [place])
      } else if isHidden {
        others["hidden", default: 0] += 1
      } else if status.st_mode & S_IFMT == S_IFREG, kind.includes(name) {
        files.append(File(path: path, parts: parts + [name]))
      } else {
        let ending = Self.pathExtension(of: name)
        others[ending.isEmpty ? "without extension" : ".\(ending)", default: 0] += 1
      }
    }
  }

  /// Whether a path is a file of a kind by its name, or a directory in which the first entries hold one.
  static func holds(_ kind: FileKind, at path: String) -> Bool {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return false }
    guard isDirectory.boolValue else { return kind.includes(path) }
    let entries = FileManager.default.enumerator(atPath: path)
    for _ in 0..<10_000 {
      guard let name = entries?.nextObject() as? String else { return false }
      if kind.includes(name) { return true }
    }
    return false
  }

  /// What was passed over, such as `passed over 3 files that are no pictures: 2 .txt, 1 hidden`; nil for nothing.
  var note: String? {
    guard !others.isEmpty else { return nil }
    let count = others.values.reduce(0, +)
    let kinds = others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\(grouped($0.value)) \($0.key)" }
    return "passed over \(plural(count, "file")) that \(count == 1 ? "is no" : "are no") "
      + "\(kind.noun)\(count == 1 ? "" : "s"): \(listing(kinds, limit: 6))"
  }

  /// In small letters, without the dot; empty where there is none.
  static func pathExtension(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  /// By characters, runs of digits by the number that they are.
  static func naturallyPrecedes(_ first: String, _ second: String) -> Bool {
    let a = Array(first.utf8), b = Array(second.utf8)
    var (i, j) = (0, 0)
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    while i < a.count, j < b.count {
      guard isDigit(a[i]), isDigit(b[j]) else {
        if a[i] != b[j] { return a[i] < b[j] }
        (i, j) = (i + 1, j + 1)
        continue
      }
      let x = a[i...].prefix(while: isDigit), y = b[j...].prefix(while: isDigit)
      let m = x.drop { $0 == 0x30 }, n = y.drop { $0 == 0x30 }
      if m.count != n.count { return m.count < n.count }
      if !m.elementsEqual(n) { return m.lexicographicallyPrecedes(n) }
      (i, j) = (x.endIndex, y.endIndex)
    }
    let (restOfFirst, restOfSecond) = (a.count - i, b.count - j)
    return restOfFirst != restOfSecond ? restOfFirst < restOfSecond : a.lexicographicallyPrecedes(b)
  }
}
