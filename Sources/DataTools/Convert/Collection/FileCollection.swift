import Basics
import DataPipeline
import Foundation

/// Files that are a sample each, their labels, and the splits that they belong to.
///
/// A directory holds a folder for each class, with files at any depth in it, or such folders in `train`, `val` and
/// `test`; or a table names the files' labels. Classes are numbered by their names over all splits, in the order of
/// the names, so that a class that a split lacks shifts no other.
struct FileCollection {
  /// A file, which is a sample.
  struct File: Sendable {
    /// To open it.
    let path: String
    /// Its path inside the directory, or its name.
    let id: String
    /// The split of its folder; nil where splits are drawn.
    var split: SplitName?
    /// What the folder or the table says of it; empty for nothing.
    var cells: [String] = []
    /// What it is a part of, together with others that belong into the same split; nil for a whole.
    var group: String?
  }

  let kind: FileKind
  var options: CollectionOptions
  private(set) var files: [File] = []
  private(set) var labels = CollectionLabels.none
  /// What the columns of the labels are called.
  private(set) var labelNames: [String]?
  /// What a user should know, one line each.
  var notes: [String] = []
  /// What messages call the sources.
  let place: String
  let followed: FollowedNames?

  /// - Parameters:
  ///   - sources: one directory, or files.
  ///   - followed: the names of earlier data, whose classes bind; labels may then be missing.
  /// - Throws: `Failure` where there is no file of the kind, folders are no classes, a class has no file or is none to
  ///   train on, or the table does not fit.
  init(_ sources: [String], _ kind: FileKind, _ options: CollectionOptions, following followed: FollowedNames?) throws {
    try options.check()
    (self.kind, self.options, self.followed) = (kind, options, followed)
    place = sources.count == 1 ? sources[0].escaped : plural(sources.count, "\(kind.noun) file")
    var isDirectory: ObjCBool = false
    if sources.count == 1, FileManager.default.fileExists(atPath: sources[0], isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      try take(FileTree(sources[0], kind))
    } else {
      try take(files: sources)
    }
    guard !files.isEmpty else {
      throw Failure.data(
        "\(place): no \(kind.noun)s in it; expected files that end in "
          + kind.extensions.sorted().map { ".\($0)" }.joined(separator: ", "))
    }
    try settleLabels()
    try checkDrawing()
    WorkProgress.restart(total: effort)
  }

  private mutating func take(files sources: [String]) throws {
    for path in sources {
      try SourceFile.requireFile(path)
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw Failure.data("\(path): is no regular file, expected a \(kind.noun)")
      }
    }
    let names = sources.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    let ids = Set(names).count == names.count ? names : sources
    files = zip(sources, ids).map { File(path: $0, id: $1) }
    if options.labelsFile != nil { return try takeTable(files.map { [$0.id] }) }
    guard followed != nil || options.isUnlabelled else {
      throw Failure.usage(
        "\(place): expected a directory with a folder for each class; or give --labels-file L.csv, or --unlabelled")
    }
  }

  private mutating func take(_ tree: FileTree) throws {
    if let note = tree.note { notes.append(note) }
    let splits = try splitFolders(of: tree)
    files = tree.files.compactMap { file in
      let id = file.parts.joined(separator: "/")
      guard let splits else { return File(path: file.path, id: id) }
      // What lies beside the folders of splits is in none of them.
      return splits[file.parts[0]].map { File(path: file.path, id: id, split: $0) }
    }
    if files.count < tree.files.count {
      notes.append("left out \(plural(tree.files.count - files.count, kind.noun)) beside the folders of splits")
    }
    if options.labelsFile != nil { return try takeTable(files.map { $0.id.split(separator: "/").map(String.init) }) }
    if !options.isUnlabelled { try takeFolders(tree, splits: splits) }
  }

  // MARK: Folders

  /// The splits that the folders of a directory are, by their names; nil where the folders are no splits.
  private func splitFolders(of tree: FileTree) throws -> [String: SplitName]? {
    let filled = Set(tree.files.filter { $0.parts.count > 1 }.map { $0.parts[0] })
    let folders = tree.folders.filter { $0.count == 1 }.map { $0[0] }.filter(filled.contains)
    let splits = folders.compactMap { name in SplitName(word: name).map { (name, $0) } }
    let others = folders.filter { SplitName(word: $0) == nil }
    guard !splits.isEmpty else { return nil }
    guard others.isEmpty else {
      // One of them may well be a class, such as `valid` beside `invalid`.
      guard splits.count > 1 else { return nil }
      throw Failure.data(
        "\(place): has folders of splits, \(listing(splits.map(\.0), limit: 3)), and beside them "
          + "\(listing(others, limit: 4)); move one or the other elsewhere")
    }
    for name in SplitName.allCases where splits.count(where: { $0.1 == name }) > 1 {
      let folders = splits.filter { $0.1 == name }.map(\.0)
      throw Failure.data("\(place): \(listing(folders, limit: 3)) are both the split '\(name.rawValue)'; keep one")
    }
    guard followed != nil || splits.contains(where: { $0.1 == .train }) else {
      throw Failure.data("\(place): has the folder \(splits[0].0) and no folder train; what is there to train on?")
    }
    return Dictionary(uniqueKeysWithValues: splits)
  }

  /// Makes classes of the folders in the directory, or in those of its splits.
  private mutating func takeFolders(_ tree: FileTree, splits: [String: SplitName]?) throws {
    let depth = splits == nil ? 0 : 1
    let parts = files.map { $0.id.split(separator: "/").map(String.init) }
    let loose = parts.indices.filter { parts[$0].count == depth + 1 }
    let folders = Set(parts.filter { $0.count > depth + 1 }.map { $0[depth] })
    if let followed {
      guard isLabelled(folders, isWhole: loose.isEmpty, followed) else { return }
    } else {
      guard !folders.isEmpty else {
        throw Failure.data(
          "\(place): no folder with \(kind.noun)s in it, expected one for each class; or give --labels-file L.csv, or "
            + "--unlabelled for \(kind.noun)s without labels")
      }
      let empty = tree.folders.filter { folder in
        folder.count == depth + 1 && !parts.contains { $0.starts(with: folder) }
          && (splits == nil || splits?[folder[0]] == .train)
      }
      if let folder = empty.first?.joined(separator: "/") {
        throw Failure.data(
          "\(place)/\(folder.escaped): a class folder without a \(kind.noun) in it; fill it or remove it")
      }
      if !loose.isEmpty {
        notes.append(
          "left out \(plural(loose.count, kind.noun)) in no class folder, such as \(files[loose[0]].id.shownName)")
      }
    }
    let isLoose = Set(loose)
    files = files.indices.filter { !isLoose.contains($0) }.map { index in
      var file = files[index]
      file.cells = [parts[index][depth]]
      return file
    }
  }

  /// Whether folders are classes of earlier data; where none is, or files lie outside of them, there are no labels.
  private mutating func isLabelled(_ folders: Set<String>, isWhole: Bool, _ followed: FollowedNames) -> Bool {
    guard !folders.isEmpty, let classes = followed.names.classes else { return false }
    guard !folders.isDisjoint(with: classes) else {
      notes.append(
        "no labels: \(listing(folders.sorted(), limit: 4)) \(folders.count == 1 ? "is no class" : "are no classes") of "
          + followed.owner.escaped)
      return false
    }
    if !isWhole { notes.append("no labels: not all \(kind.noun)s lie in class folders") }
    return isWhole
  }

  // MARK: Labels

  /// Takes labels from the table, and leaves out the files that it does not name.
  private mutating func takeTable(_ parts: [[String]]) throws {
    guard let path = options.labelsFile else { return }
    let table = try LabelsTable(
      path: path, files: parts, options: options, followed: followed?.names.targets, labelsRequired: followed == nil)
    if let first = table.missing.first {
      let count = table.missing.count
      let text =
        "\(path.escaped): line \(first.line): no \(kind.noun) '\(first.name.onOneLine.shownName)' in \(place)"
        + (count > 1 ? ", nor \(plural(count - 1, "other")) that the table names" : "")
      guard options.skipsBroken else {
        throw Failure.data("\(text); add what is missing, or leave such rows out with --skip-broken")
      }
      notes.append("left out \(plural(count, "row")) of the table: \(text)")
    }
    let all = files.count
    files = files.indices.compactMap { index in
      table.cells[index].map { cells in
        var file = files[index]
        file.cells = cells
        return file
      }
    }
    if files.count < all {
      notes.append("left out \(plural(all - files.count, kind.noun)) that \(path.escaped) does not name")
    }
    labelNames = table.columns
  }

  /// Decides what the labels are, over all splits.
  private mutating func settleLabels() throws {
    guard let width = files.first?.cells.count, width > 0 else { return }
    let kind = options.labelsFile == nil ? .classes : followed?.names.classes != nil ? .classes : options.labels
    let cells = files.map { $0.cells[0] }
    let numbers = files.map { $0.cells.map(Self.number) }
    if width > 1 || kind == .values || kind == .automatic && !numbers.contains([nil]) {
      if let index = numbers.firstIndex(where: { $0.contains(nil) }) {
        let cell = files[index].cells[numbers[index].firstIndex(of: nil) ?? 0]
        throw Failure.data(
          "\(options.labelsFile?.escaped ?? place): '\(cell.onOneLine.shownName)' of \(files[index].id.shownName) is "
            + "no finite number; \(width > 1 ? "several label columns are numbers" : "--labels values asks for one")")
      }
      let isWhole = width == 1 && kind == .automatic && cells.allSatisfy { Int64($0) != nil }
      labels = isWhole ? .integers : .values
      return
    }
    labels = .classes(try settledClasses())
  }

  /// The classes, by index, over all splits.
  private func settledClasses() throws -> [String] {
    if let followed {
      let known = followed.names.classes ?? []
      try requireKnown(files, Set(known), "is none of the classes of \(followed.owner.escaped): \(known.shownList())")
      return known
    }
    let trained = Set(files.filter { $0.split ?? .train == .train }.map { $0.cells[0] })
    try requireKnown(files, trained, "is no class of the split train, which has \(trained.sorted().shownList())")
    return CSVLabels.classNames(trained)
  }

  /// Takes what has been found in the files for samples, in place of the files.
  mutating func take(_ samples: BoxSamples) throws {
    files = samples.files
    notes += samples.notes
    labels = .boxes(try settledClasses())
  }

  private func requireKnown(_ files: [File], _ known: Set<String>, _ fault: String) throws {
    guard let file = files.first(where: { !known.contains($0.cells[0]) }) else { return }
    let unknown = Set(files.map { $0.cells[0] }).subtracting(known).sorted()
    let others = unknown.count > 1 ? " (nor \(listing(unknown.filter { $0 != file.cells[0] }, limit: 3)))" : ""
    throw Failure.data(
      "\(place): '\(file.cells[0].onOneLine.shownName)' of \(file.id.shownName) \(fault)\(others); rename it or "
        + "take it out")
  }

  static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }

  /// Keeps only some files, in their order.
  ///
  /// - Throws: where a class has no file left to train on.
  mutating func keep(_ isKept: [Bool]) throws {
    let before = trainedClasses
    files = zip(files, isKept).filter(\.1).map(\.0)
    let gone = before.subtracting(trainedClasses).sorted()
    guard !files.isEmpty, followed != nil || gone.isEmpty else {
      throw Failure.data(
        "\(place): no \(kind.noun) is left\(gone.isEmpty || files.isEmpty ? "" : " of \(listing(gone, limit: 4))")")
    }
  }

  private var trainedClasses: Set<String> {
    switch labels {
    case .none, .integers, .values: return []
    case .classes, .boxes: break
    }
    return Set(files.filter { $0.split ?? .train == .train }.map { $0.cells[0] })
  }
}
