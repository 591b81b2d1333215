import Basics
import DataPipeline

/// The arrays of an `.npz` file, and what their names say of them.
struct ArrayArchive {
  let path: String
  private let archive: ZipArchive
  private var entries: [String: ZipArchive.Entry] = [:]

  private static let columnKeys = ["feature_names", "column_names", "columns"]
  private static let classKeys = ["target_names", "class_names", "label_names"]
  private static let besideKeys = [
    "id": ["id", "ids", "sample_id"], "group": ["group", "groups"], "weight": ["weight", "weights", "sample_weight"],
  ]
  private static let splitWords: [SplitName: [String]] = [
    .train: ["train", "training"], .validation: ["val", "valid", "validation", "dev"], .test: ["test", "testing"],
  ]

  init(path: String) throws {
    self.path = path
    archive = try ZipArchive(path: path)
    for entry in archive.entries where entry.name.hasSuffix(".npy") { entries[String(entry.name.dropLast(4))] = entry }
  }

  /// The arrays that are not names of columns or classes.
  var dataNames: Set<String> {
    Set(entries.keys.filter { !(Self.columnKeys + Self.classKeys).contains($0.lowercased()) })
  }

  /// - Throws: where there is no array of the name.
  func array(_ name: String) throws -> NPYArray {
    guard let entry = entries[name] else {
      throw Failure.data("\(path): no array '\(name)'; the file has \(entries.keys.sorted().shownList())")
    }
    return try .open(archive.open(entry, as: name))
  }

  /// The names of columns and classes.
  func names() throws -> ArrayNames {
    func texts(_ keys: [String]) throws -> (key: String, texts: [String])? {
      for key in keys {
        guard let name = entries.keys.sorted().first(where: { $0.lowercased() == key }) else { continue }
        // What is no list of texts has another meaning.
        if case .texts(let texts, _)? = try? array(name) { return (name, texts) }
      }
      return nil
    }
    return ArrayNames(columns: try texts(Self.columnKeys), classes: try texts(Self.classKeys))
  }

  /// Ids, groups and weights of the rows of a split, by the names under which they are kept.
  ///
  /// - Parameter isAlone: whether there is no other split, so that their names need not speak of it.
  func beside(_ split: SplitName, isAlone: Bool) throws -> [(name: String, array: NPYArray)] {
    let words = Self.splitWords[split] ?? []
    return try Self.besideKeys.sorted { $0.key < $1.key }.compactMap { kept, keys in
      let wanted = keys.flatMap { key in words.flatMap { ["\(key)_\($0)", "\($0)_\(key)"] } + (isAlone ? [key] : []) }
      let found = entries.keys.sorted().first { wanted.contains($0.lowercased()) }
      return try found.map { (kept, try array($0)) }
    }
  }
}

/// What arrays beside the data call columns and classes, and under which name the arrays are.
struct ArrayNames {
  var columns: (key: String, texts: [String])?
  var classes: (key: String, texts: [String])?
}
