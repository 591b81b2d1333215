import Basics

/// The texts and labels of a CSV file.
struct LabelledTexts {
  let path: String
  let labelName: String?
  /// The columns of texts and labels.
  let textKey: ColumnKey
  let labelKey: ColumnKey?
  /// The texts as they stand in the file.
  private(set) var texts: [String] = []
  /// The label of each text; nil where there are none.
  private(set) var labels: [String]?

  private static let textNames = ["text", "review", "sentence", "comment", "message", "content", "tweet", "document"]
  private static let labelNames = CSVTable.labelNames + ["sentiment", "category", "polarity", "rating", "stars"]

  /// Reads all of `path`.
  ///
  /// The first line is a header where a cell of it is a usual name of a text or label column, or `--text` or `--label`
  /// names one; a first line without a number that is neither could be either, and is refused.
  ///
  /// - Parameter labelsRequired: otherwise labels are taken from a column that is named or has a usual name alone.
  /// - Throws: `Failure` for a column that does not exist, a record of another length than the first, an empty label,
  ///   or bytes that are not UTF-8.
  init(path: String, options: TextCSVFormat, labelsRequired: Bool) throws {
    self.path = path
    let reader = try CSVReader(path: path, options: options.table)
    guard try reader.next() else { throw Failure.data("\(path): no record in the file") }
    let columnCount = reader.fieldCount
    let hasHeader = try Self.hasHeader(reader, options)
    let names = hasHeader ? (0..<columnCount).map(reader.text) : nil
    func column(_ given: String?, _ option: String) throws -> Int? {
      guard let given else { return nil }
      return try CSVTable.column(given, option: option, names: names, columnCount: columnCount, path: path)
    }
    // Those of earlier data, where this table has them: by name, or by place in tables of several columns.
    func followed(_ key: String) -> Int? {
      switch ColumnKey(options.preparation?[key]) {
      case .name(let name): names?.firstIndex(of: name)
      case .index(let index): names == nil && columnCount > max(1, index) ? index : nil
      case nil: nil
      }
    }
    let textColumn =
      try column(options.text, "--text") ?? followed("text_column")
      ?? CSVTable.usualColumn(Self.textNames, names: names)
    var labelColumn =
      try column(options.table.label, "--label") ?? followed("label_column")
      ?? CSVTable.usualColumn(Self.labelNames, names: names)
    if labelsRequired, labelColumn == nil {
      labelColumn = textColumn == columnCount - 1 ? 0 : columnCount - 1
      guard columnCount > 1 else {
        throw Failure.data("\(path): one column, expected a text and a label; is the delimiter right?")
      }
    }
    let texts = textColumn ?? (labelColumn == 0 && columnCount > 1 ? 1 : 0)
    guard texts != labelColumn else {
      throw Failure.usage("\(path): column \(texts) is both text and label; name them with --text and --label")
    }
    labelName = labelColumn.flatMap { names?[$0] }
    textKey = names.map { .name($0[texts]) } ?? .index(texts)
    labelKey = labelColumn.map { column in names.map { .name($0[column]) } ?? .index(column) }
    labels = labelColumn.map { _ in [] }
    var more = true
    if hasHeader { more = try reader.next() }
    while more {
      try append(reader, columnCount: columnCount, text: texts, label: labelColumn)
      more = try reader.next()
    }
    guard !self.texts.isEmpty else { throw Failure.data("\(path): a header and no records") }
  }

  private mutating func append(
    _ reader: CSVReader, columnCount: Int, text: Int, label: Int?
  ) throws {
    guard reader.fieldCount == columnCount else {
      throw Failure.data(
        "\(path): line \(reader.line): \(reader.fieldCount) columns, expected \(columnCount) as in the first line; "
          + "a text with delimiters in it stands in quotes")
    }
    texts.append(reader.text(text))
    guard let label else { return }
    let name = reader.text(label)
    guard !name.isEmpty else {
      throw Failure.data("\(path): line \(reader.line), column \(label + 1): empty cell, expected a label")
    }
    labels?.append(name)
  }

  private static func hasHeader(_ reader: CSVReader, _ options: TextCSVFormat) throws -> Bool {
    switch options.table.header {
    case .present: return true
    case .absent: return false
    case .automatic:
      let cells = (0..<reader.fieldCount).map(reader.text)
      let given = [options.text, options.table.label].compactMap(\.self).filter { Int($0) == nil }
      let known = cells.contains { (textNames + labelNames).contains($0.lowercased()) }
      if known || !given.isEmpty { return true }
      let followed = ["text_column", "label_column"].compactMap { ColumnKey(options.preparation?[$0]) }
      if followed.contains(where: { if case .name(let name) = $0 { cells.contains(name) } else { false } }) {
        return true
      }
      if case .index? = followed.first { return false }
      if cells.indices.contains(where: { reader.number($0) != nil }) { return false }
      throw Failure.usage(
        "\(reader.path): cannot tell whether its first line, "
          + "'\(cells.joined(separator: ", ").onOneLine.prefix(60))', names "
          + "the columns; give --header yes or --header no")
    }
  }
}
