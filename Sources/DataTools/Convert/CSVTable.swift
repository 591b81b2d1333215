import Basics

/// A table read from a CSV file: one column of labels, all others numbers.
///
/// The table is held in memory, its features as float32: that is less than the text it was read from.
struct CSVTable {
  let path: String
  /// The names in the header, without the label's; nil if there is no header.
  let featureNames: [String]?
  let labelName: String?
  let featureCount: Int
  /// [rows, featureCount]
  private(set) var features: [Float] = []
  /// The label cells as they stand in the file, one for each row.
  private(set) var labels: [String] = []

  /// Reads all of `path`.
  ///
  /// - Throws: `Failure` naming line and column for a cell that is missing or not a number, a record of another
  ///   length than the first, or a label column that does not exist.
  init(path: String, options: ConversionOptions) throws {
    self.path = path
    let reader = try CSVReader(path: path, delimiter: options.delimiter)
    guard try reader.next() else { throw Failure.data("\(path): no record in the file") }
    let columnCount = reader.fieldCount
    guard columnCount > 1 else {
      throw Failure.data(
        "\(path): line \(reader.line): one column, expected a label and at least one feature; is the delimiter right?")
    }
    let hasHeader =
      switch options.header {
      case .present: true
      case .absent: false
      case .automatic: Self.looksLikeHeader(reader)
      }
    let names = hasHeader ? (0..<columnCount).map(reader.text) : nil
    let labelColumn = try Self.labelColumn(options.label, names: names, columnCount: columnCount, path: path)
    featureNames = names.map { names in names.indices.filter { $0 != labelColumn }.map { names[$0] } }
    labelName = names?[labelColumn]
    featureCount = columnCount - 1
    var more = true
    if hasHeader { more = try reader.next() }
    while more {
      try append(reader, columnCount: columnCount, labelColumn: labelColumn, names: names)
      more = try reader.next()
    }
    guard !labels.isEmpty else { throw Failure.data("\(path): a header and no records") }
  }

  private mutating func append(_ reader: CSVReader, columnCount: Int, labelColumn: Int, names: [String]?)
    throws
  {
    guard reader.fieldCount == columnCount else {
      throw Failure.data(
        "\(path): line \(reader.line): \(reader.fieldCount) columns, expected \(columnCount) as in the first line")
    }
    func place(_ column: Int) -> String {
      "\(path): line \(reader.line), column \(column + 1)" + (names.map { " ('\($0[column].onOneLine)')" } ?? "")
    }
    for column in 0..<columnCount where column != labelColumn {
      guard let value = reader.number(column), Float(value).isFinite else {
        let cell = reader.text(column).onOneLine
        throw Failure.data(
          cell.isEmpty
            ? "\(place(column)): empty cell, expected a number"
            : "\(place(column)): '\(cell)', expected a finite number")
      }
      features.append(Float(value))
    }
    let label = reader.text(labelColumn)
    guard !label.isEmpty else { throw Failure.data("\(place(labelColumn)): empty cell, expected a label") }
    labels.append(label)
  }

  static let labelNames = ["label", "target", "class", "y", "species"]

  /// A header is a first record without any number, or with a cell that is a usual name of the label column.
  private static func looksLikeHeader(_ reader: CSVReader) -> Bool {
    let columns = 0..<reader.fieldCount
    return columns.allSatisfy { reader.number($0) == nil }
      || columns.contains { labelNames.contains(reader.text($0).lowercased()) }
  }

  /// The column called or numbered `label`; without one, the first with a usual name, else the last.
  private static func labelColumn(_ label: String?, names: [String]?, columnCount: Int, path: String)
    throws -> Int
  {
    guard let label else { return usualColumn(labelNames, names: names) ?? columnCount - 1 }
    return try column(label, option: "--label", names: names, columnCount: columnCount, path: path)
  }

  /// The column that has the first of some usual names.
  static func usualColumn(_ usual: [String], names: [String]?) -> Int? {
    usual.lazy.compactMap { name in names?.firstIndex { $0.lowercased() == name } }.first
  }

  /// The column called or numbered `text`, as the value of an option.
  static func column(
    _ text: String, option: String, names: [String]?, columnCount: Int, path: String
  ) throws -> Int {
    if let column = names?.firstIndex(of: text) { return column }
    if let index = Int(text) {
      let column = index < 0 ? columnCount + index : index
      if (0..<columnCount).contains(column) { return column }
      throw Failure.usage(
        "\(option) \(text): \(path) has \(columnCount) columns, numbered 0 to \(columnCount - 1) (or -1 for the last)")
    }
    guard let names else {
      throw Failure.usage("\(option) \(text): \(path) has no header; give the column's number (from 0) or --header yes")
    }
    let known = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    let hint = names.nearest(to: text).map { "; did you mean '\($0)'?" } ?? ""
    throw Failure.usage("\(option) \(text): no such column in \(path), which has \(known.onOneLine)\(hint)")
  }
}
