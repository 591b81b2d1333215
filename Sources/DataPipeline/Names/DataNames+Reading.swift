import Basics
import HDF5Storage

/// Where files keep names: attributes of the data sets and data sets beside them, by the customs of ddp-train, h5py,
/// scikit-learn, pandas, anndata and netCDF (CF conventions).
extension DataNames {
  /// Attributes of features, and data sets beside them.
  private static let columnKeys = ["names", "columns", "feature_names", "column_names"]
  /// Attributes of labels, and data sets beside them.
  private static let classKeys = ["classes", "class_names", "label_names", "target_names", "list_classes"]

  /// Whether a data set is a list of names, of columns or rows, by its own name, and no data that go unused.
  static func isList(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    return (columnKeys + classKeys + ["categories", "_index", "id", "ids", "sample_id"]).contains(name)
  }

  /// The names of each split of a file; what one split does not name, it shares with those that do.
  static func all(_ splits: [SplitPaths], in file: HDF5File) throws -> [DataNames] {
    let own = try splits.map { try DataNames($0, in: file) }
    return own.map { names in
      DataNames(
        columns: names.columns ?? own.lazy.compactMap(\.columns).first,
        targets: names.targets ?? own.lazy.compactMap(\.targets).first,
        classes: names.classes ?? own.lazy.compactMap(\.classes).first,
        characters: names.characters ?? own.lazy.compactMap(\.characters).first,
        words: names.words ?? own.lazy.compactMap(\.words).first,
        preparation: names.preparation ?? own.lazy.compactMap(\.preparation).first)
    }
  }

  /// - Throws: for a list that names one thing twice, or has another number of names than there are columns.
  package init(_ paths: SplitPaths, in file: HDF5File) throws {
    let samples = try paths.open(in: file)
    columns = try samples.features.columnNames ?? Self.columns(of: samples.features, in: file)
    if let x = samples.features.object {
      characters = try file.textsAttribute("vocabulary", of: x)?.joined()
      words = try file.textsAttribute("words", of: x).map(Self.lines)
      preparation = try file.textsAttribute(DataPreparation.attribute, of: x)?.first
    }
    guard let labels = samples.labels else { return }
    let width = labels.rowElementCount
    targets = labels.columnNames
    classes = labels.classNames
    if let y = labels.object {
      let listed = try labels.file.textsAttribute("columns", of: y).map(Self.lines)
      targets = listed?.count == width ? listed : width == 1 ? try labels.file.textsAttribute("name", of: y) : nil
      if classes == nil { classes = try Self.classes(of: y, in: labels.file) }
    }
    for (list, noun) in [(columns, "columns"), (targets, "columns"), (classes, "classes")] {
      try Self.checkUnique(list, noun, "\(labels.file.path): \(labels.path)")
    }
  }

  // MARK: Columns of features

  private static func columns(of features: any SampleRows, in file: HDF5File) throws -> [String]? {
    guard let object = features.object else { return nil }
    let shape = features.shape.dropFirst()
    // Names of rows go along their last axis, of sequences along either.
    func fits(_ names: [String]) -> Bool {
      names.count == shape.last ?? 1 || shape.count == 2 && names.count == shape.first
    }
    var found: [String]?
    for key in columnKeys where found == nil {
      guard var names = try file.textsAttribute(key, of: object).map(lines) else { continue }
      if names.count == 1, !fits(names) { names = names[0].split(separator: ",").map { $0.trimmingSpaces } }
      guard !fits(names), names.count > 1, shape.count == 1 else {
        found = fits(names) ? names : nil
        continue
      }
      throw Failure.data(
        "\(file.path): \(features.path) has \(shape[1]) columns, but its attribute '\(key)' has \(names.count) names; "
          + "give every column a name, or remove the attribute")
    }
    var beside = candidates(columnKeys.dropFirst(), beside: features.path)
    if !shape.isEmpty, let scale = try file.scale(ofAxis: shape.count, of: object) {
      beside.insert(scale, at: 0)
    }
    if features.path.hasSuffix("_values") { beside.append(features.path.dropLast(6) + "items") }
    if features.path == "/X" || features.path.hasPrefix("/layers/"), try file.exists("/var"),
      let index = try file.textsAttribute("_index", of: "/var")?.first
    {
      beside.append("/var/" + index)
    }
    for path in beside where found == nil {
      guard let names = try file.texts(ofDataset: path), fits(names) else { continue }
      found = names
    }
    try checkUnique(found, "columns", "\(file.path): \(features.path)")
    return found
  }

  // MARK: Classes

  private static func classes(of labels: String, in file: HDF5File) throws -> [String]? {
    for key in classKeys {
      if let names = try file.textsAttribute(key, of: labels).map(lines) { return names }
    }
    if let flags = try file.textsAttribute("flag_meanings", of: labels)?.first {
      let names = flags.split(separator: " ").map(String.init)
      let values = try file.intsAttribute("flag_values", of: labels) ?? Array(names.indices)
      let byValue = Dictionary(zip(values, names), uniquingKeysWith: { first, _ in first })
      // Classes are numbered from 0 on; flags of other numbers name none.
      if byValue.count == names.count, names.indices.allSatisfy({ byValue[$0] != nil }) {
        return names.indices.compactMap { byValue[$0] }
      }
    }
    // An enumeration's members; those that are not numbered from 0 on are told apart by their values.
    if let members = try file.enumerationNames(ofDataset: labels) {
      let names = (0..<members.count).compactMap { members[$0] }
      if names.count == members.count { return names }
    }
    var beside = candidates(classKeys[...], beside: labels)
    if labels.hasSuffix("/codes") { beside.insert(labels.dropLast(5) + "categories", at: 0) }
    for path in beside {
      if let names = try file.texts(ofDataset: path) { return names }
    }
    return nil
  }

  // MARK: Lists

  /// The paths of `keys` in the group of a data set, then at the top of the file.
  private static func candidates(_ keys: ArraySlice<String>, beside path: String) -> [String] {
    let group = path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
    return keys.map { group + "/" + $0 } + (group.isEmpty ? [] : keys.map { "/" + $0 })
  }

  /// The names of an attribute: a list, or one text with a name a line.
  package static func lines(_ texts: [String]) -> [String] {
    guard texts.count == 1 else { return texts.map(\.onOneLine) }
    return texts[0].split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }

  private static func checkUnique(_ names: [String]?, _ noun: String, _ place: String) throws {
    var seen: Set<String> = []
    guard let twice = names?.first(where: { !seen.insert($0).inserted }) else { return }
    throw Failure.data("\(place): two of its \(noun) are called '\(twice.shownName)'; give each a name of its own")
  }
}

extension Substring {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
