import Basics

/// The columns of a table: how many there are and, with a header, how they are called.
struct TableHeading {
  let path: String
  let columnCount: Int
  /// Nil without a header.
  let names: [String]?
  /// Where the first record stands.
  let line: Int

  /// Takes the first record of a table for a header by the rule.
  ///
  /// - Parameters:
  ///   - reader: stands at the first record.
  ///   - known: names that make a record a header where it has one of them.
  init(_ reader: CSVReader, rule: HeaderRule, known: [String]) {
    let texts = (0..<reader.fieldCount).map(reader.text)
    let hasHeader =
      switch rule {
      case .present: true
      case .absent: false
      case .automatic: Self.looksLikeHeader(reader, texts, known)
      }
    path = reader.path
    columnCount = reader.fieldCount
    names = hasHeader ? texts : nil
    line = reader.line
  }

  /// A header is a first record without any number, or with a cell that is a usual name of the label column or one that
  /// an option names, or the numbers of the columns, as pandas writes them where they have no names.
  private static func looksLikeHeader(_ reader: CSVReader, _ texts: [String], _ known: [String]) -> Bool {
    let columns = texts.indices
    return columns.allSatisfy { reader.number($0) == nil }
      || columns.count > 2 && columns.allSatisfy { texts[$0] == String($0) }
      || texts.contains { CSVTable.labelNames.contains($0.lowercased()) || known.contains($0) && Double($0) == nil }
  }

  /// The column that an option names.
  func column(_ text: String, option: String) throws -> Int {
    try CSVTable.column(text, option: option, names: names, columnCount: columnCount, path: path)
  }

  /// The name of a column, or its number from 0.
  func key(_ column: Int) -> ColumnKey { names.map { .name($0[column]) } ?? .index(column) }

  /// The column of a key; nil where there is none.
  func column(_ key: ColumnKey) -> Int? {
    switch key {
    case .name(let name): names?.firstIndex(of: name)
    case .index(let index): index < columnCount ? index : nil
    }
  }

  /// `'width'`, or `column 3` from 1 without names.
  func title(_ column: Int) -> String { names.map { "'\($0[column].shownName)'" } ?? "column \(column + 1)" }

  /// `t.csv: line 3, column 2 ('width')`.
  func place(_ column: Int, line: Int) -> String {
    "\(path): line \(line), column \(column + 1)" + (names.map { " ('\($0[column].onOneLine.shownName)')" } ?? "")
  }

  /// - Throws: where a record has another number of fields than the first.
  @inline(__always)
  func check(_ record: CSVReader.Record, line: Int) throws {
    if record.fieldCount != columnCount { throw wrongCount(record.fieldCount, line) }
  }

  private func wrongCount(_ count: Int, _ line: Int) -> Failure {
    .data("\(path): line \(line): \(count) columns, expected \(columnCount) as in the first line")
  }

  /// Whether a record is the header once more, as where several tables were written one behind the other.
  func isRepeated(_ record: CSVReader.Record) -> Bool {
    guard let names, record.fieldCount == columnCount, columnCount > 0 else { return false }
    return names.indices.allSatisfy { String(decoding: record.cell($0), as: UTF8.self) == names[$0] }
  }
}

/// A column by its name, or by its number from 0 in tables without a header.
enum ColumnKey: Hashable, Sendable {
  case name(String)
  case index(Int)

  var text: String {
    switch self {
    case .name(let name): name
    case .index(let index): "column \(index + 1)"
    }
  }
}
