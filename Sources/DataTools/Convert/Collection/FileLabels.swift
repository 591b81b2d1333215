import Basics

/// Labels from a table of file names.
///
/// The first line is a heading unless a cell of it names a file. A name in the table is that of a file where one of the
/// two paths ends in the other, with the extension or without it.
struct LabelsTable {
  let path: String
  /// The names of the label columns; nil without a heading.
  private(set) var columns: [String]?
  /// The cells of each file's label columns, by the file's place in the list; none where the table has no labels.
  private(set) var cells: [Int: [String]] = [:]
  /// The names in the table that no file has, and their lines.
  private(set) var missing: [(name: String, line: Int)] = []
  private(set) var hasLabels = true

  private static let fileNames = [
    "file", "filename", "file_name", "path", "filepath", "file_path", "image", "image_path", "picture", "photo",
    "audio", "audio_path", "sound", "clip", "wav", "fname", "slice_file_name", "name", "image_id", "id",
  ]
  private static let labelNames = CSVTable.labelNames + ["category", "class_name", "label_name"]

  /// - Parameters:
  ///   - files: the parts of each file's path.
  ///   - followed: label columns that are taken without `--label` where the table has them.
  ///   - labelsRequired: otherwise a table may be a list of files alone.
  /// - Throws: for a column that does not exist, an empty label, a name that several files could have, a file that has
  ///   two rows that differ, and where the names of no row are files.
  init(
    path: String, files: [[String]], options: CollectionOptions, followed: [String]?, labelsRequired: Bool
  ) throws {
    self.path = path
    var table = TableOptions()
    if ["tsv", "tab"].contains(FileTree.pathExtension(of: path)) { table.delimiter = Delimiter(UInt8(ascii: "\t")) }
    let reader = try CSVReader(path: path, options: table)
    guard try reader.next() else { throw Failure.data("\(path): no record in the file") }
    let index = FileIndex(files)
    let first = (0..<reader.fieldCount).map(reader.text)
    let named = first.firstIndex { !index.files(called: $0).isEmpty }
    let names = named == nil ? first : nil
    let count = reader.fieldCount
    func column(_ text: String, _ option: String) throws -> Int {
      try CSVTable.column(text, option: option, names: names, columnCount: count, path: path)
    }
    let given = try options.label.map {
      try $0.split(separator: ",").map { try column($0.trimmingCharacters(in: .whitespaces), "--label") }
    }
    let known = names.flatMap { names in followed.map { $0.compactMap { names.firstIndex(of: $0) } } } ?? []
    var labels = given ?? (known.count == followed?.count ? known : nil)
    if labels == nil { labels = CSVTable.usualColumn(Self.labelNames, names: names).map { [$0] } }
    let fileColumn =
      try options.fileColumn.map { try column($0, "--file-column") } ?? named
      ?? CSVTable.usualColumn(
        Self.fileNames, names: names.map { all in all.indices.map { labels?.contains($0) == true ? "" : all[$0] } })
      ?? (0..<count).first { labels?.contains($0) != true }
    guard let fileColumn else { throw Failure.data("\(path): one column, expected file names and labels") }
    if labels == nil, count == 2 { labels = [1 - fileColumn] }
    guard labels?.contains(fileColumn) != true else {
      throw Failure.usage("\(path): column \(fileColumn) is both file name and label; give --file-column and --label")
    }
    guard labels != nil || !labelsRequired else {
      throw Failure.usage(
        "\(path): which column is the label? Name it with --label; there are "
          + (names ?? first.indices.map { "\($0)" }).shownList())
    }
    columns = labels.flatMap { labels in names.map { names in labels.map { names[$0] } } }
    hasLabels = labels != nil
    var more = true
    if names != nil { more = try reader.next() }
    while more {
      try take(reader, count, fileColumn, labels ?? [], index, files)
      more = try reader.next()
    }
    guard !cells.isEmpty else {
      let example =
        missing.first.map { "such as '\($0.name.onOneLine.shownName)' in line \($0.line)" } ?? "for it is empty"
      throw Failure.data(
        "\(path): column \(fileColumn) names no file that there is, \(example); the files are such as "
          + "'\((files.first ?? []).joined(separator: "/").shownName)'; give the right one with --file-column")
    }
  }

  private mutating func take(
    _ reader: CSVReader, _ count: Int, _ fileColumn: Int, _ labels: [Int], _ index: FileIndex, _ files: [[String]]
  ) throws {
    guard reader.fieldCount == count else {
      throw Failure.data(
        "\(path): line \(reader.line): \(reader.fieldCount) columns, expected \(count) as in the first line")
    }
    let name = reader.text(fileColumn)
    let found = index.files(called: name)
    guard let file = found.first else { return missing.append((name, reader.line)) }
    guard found.count == 1 else {
      let paths = found.map { files[$0].joined(separator: "/") }
      throw Failure.data(
        "\(path): line \(reader.line): '\(name.onOneLine.shownName)' could be each of \(listing(paths, limit: 3)); "
          + "give more of the path")
    }
    let texts = labels.map(reader.text)
    if let column = zip(labels, texts).first(where: { $1.isEmpty })?.0 {
      throw Failure.data("\(path): line \(reader.line), column \(column + 1): empty cell, expected a label")
    }
    if let before = cells.updateValue(texts, forKey: file), before != texts {
      throw Failure.data(
        "\(path): line \(reader.line): '\(name.onOneLine.shownName)' has another label in an earlier line; one sample "
          + "has one row")
    }
  }
}

/// Finds files by as much of their paths as a table gives.
struct FileIndex {
  private let files: [[String]]
  /// By the last part of the path, with its extension and without.
  private var places: [String: [Int]] = [:]

  init(_ files: [[String]]) {
    self.files = files
    for (place, parts) in files.enumerated() {
      guard let name = parts.last else { continue }
      places[name, default: []].append(place)
      let stem = Self.stem(name)
      if stem != name { places[stem, default: []].append(place) }
    }
  }

  private static func stem(_ name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// The files that a name in a table may mean: that path itself, or else all paths that end in it or in which it ends.
  func files(called name: String) -> [Int] {
    let parts = name.split { $0 == "/" || $0 == "\\" }.map(String.init).filter { $0 != "." }
    guard let last = parts.last, let candidates = places[last] else { return [] }
    let found = candidates.filter { place in
      zip(files[place].dropLast().reversed(), parts.dropLast().reversed()).allSatisfy { $0 == $1 }
    }
    let exact = found.filter { files[$0].count == parts.count }
    return exact.count == 1 ? exact : found
  }
}

/// What the labels of a collection are.
enum CollectionLabels {
  case none
  /// By name, numbered in this order.
  case classes([String])
  case integers
  /// Columns of numbers.
  case values
  /// A class by name, numbered in this order, and a box: its centre, width and height.
  case boxes([String])
}
