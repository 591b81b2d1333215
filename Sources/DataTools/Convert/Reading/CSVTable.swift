import Basics
public import Settings

/// What the formats of comma-separated values share: how the file is read, and where the test split comes from.
public struct TableOptions: OptionGroup, Equatable {
  public static let options = [
    Option(
      "--header", \TableOptions.header, "RULE",
      "whether the first line names the columns; auto: it has no number, or a usual or given name of a column"),
    Option(
      "--label", \TableOptions.label, "NAME|INDEX", default: "by name",
      "the label column, by name or by number from 0 (-1 is the last)"),
    Option(
      "--encoding", \TableOptions.encoding, "NAME",
      "how bytes stand for characters: latin1, windows-1252, utf-16 or any other that iconv knows"),
    Option("--delimiter", \TableOptions.delimiter, "C", "the character between cells, or tab"),
    Option(
      "--test-file", \TableOptions.testFile, "FILE.csv", "another file with the same columns: the test split"),
    Option(
      "--test", \TableOptions.test, "FRACTION", .between(0, 1),
      "draws the test split from the rows, stratified by class"),
    Option("--seed", \TableOptions.seed, "N", "of the choice of test rows"),
  ]

  /// Whether the first record names the columns.
  public var header = HeaderRule.automatic
  /// The name of the label column, or its number from 0 (−1 is the last); nil for one with a usual name.
  public var label: String?
  public var encoding = TextEncodingName()
  public var delimiter = Delimiter()
  /// A second file, which becomes the test split.
  public var testFile: String?
  /// The fraction of the rows that becomes the test split, stratified by class; nil for none.
  public var test: Double?
  /// The seed of the choice of test rows.
  public var seed: UInt64 = 0

  public init() {}

  /// - Throws: `Failure` for a test split that is given twice.
  func check() throws {
    guard test == nil || testFile == nil else {
      throw Failure.usage("--test and --test-file exclude each other: the test split is either")
    }
  }
}

/// Whether a CSV file's first record is a header.
public enum HeaderRule: String, SettingChoice {
  /// A header is a first record without any number, or one with a usual name of a column, or 0, 1, 2, ….
  case automatic = "auto"
  case present = "yes"
  case absent = "no"
}

/// The byte between the cells of a table.
public struct Delimiter: SettingValue, Equatable {
  public let byte: UInt8

  public init(_ byte: UInt8 = UInt8(ascii: ",")) { self.byte = byte }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> Delimiter {
    let text = try value.requireString(subject)
    let character = text == "tab" || text == "\\t" ? "\t" : text
    guard let byte = character.utf8.first, character.utf8.count == 1 else {
      throw value.mismatch(subject, "one character, or tab")
    }
    return Delimiter(byte)
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    .string(byte == UInt8(ascii: "\t") ? "tab" : String(UnicodeScalar(byte)))
  }

  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

// MARK: The table

/// A table read from a CSV file: one column of labels, all others numbers.
///
/// The table is held in memory, its features as float64.
struct CSVTable {
  let path: String
  /// The names in the header, without the label's; nil if there is no header.
  private(set) var featureNames: [String]?
  let labelName: String?
  let featureCount: Int
  /// [rows, featureCount]
  private(set) var features: [Double] = []
  /// The label cells as they stand in the file, one for each row.
  private(set) var labels: [String] = []

  /// Reads all of `path`.
  ///
  /// - Throws: `Failure` naming line and column for a cell that is missing or not a number, a record of another
  ///   length than the first, or a label column that does not exist.
  init(path: String, options: TableOptions) throws {
    self.path = path
    let reader = try CSVReader(path: path, options: options)
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
    try Self.checkUnique(featureNames ?? [], path: path, line: reader.line)
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
            : "\(place(column)): '\(cell)', \(reader.expectation(column))")
      }
      features.append(value)
    }
    let label = reader.text(labelColumn)
    guard !label.isEmpty else { throw Failure.data("\(place(labelColumn)): empty cell, expected a label") }
    labels.append(label)
  }

  private static func checkUnique(_ names: [String], path: String, line: Int) throws {
    var seen: Set<String> = []
    guard let twice = names.first(where: { !seen.insert($0).inserted }) else { return }
    throw Failure.data(
      "\(path): line \(line): two columns are called '\(twice.shownName)'; give each column a name of its own")
  }

  /// The same table with its features in the order that those of `other` have, by name.
  ///
  /// - Throws: `Failure` where one of the two has a column that the other has not.
  func ordered(like other: CSVTable) throws -> CSVTable {
    let lacksLabel =
      other.labelName.map { name in labelName != name && featureNames.map { !$0.contains(name) } ?? false }
      ?? (featureCount == other.featureCount - 1)
    guard !lacksLabel else {
      throw Failure.data(
        "\(path) has no label column\(other.labelName.map { " '\($0.shownName)'" } ?? ""), which \(other.path) has; a "
          + "test split needs labels: add them, or leave --test-file out")
    }
    guard let names = featureNames, let expected = other.featureNames else {
      guard featureCount == other.featureCount else {
        throw Failure.data(
          "\(path) has \(featureCount) features and \(other.path) \(other.featureCount); they must have the same "
            + "columns")
      }
      return self
    }
    let places = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first }), known = Set(expected)
    let missing = expected.filter { places[$0] == nil }, more = names.filter { !known.contains($0) }
    guard missing.isEmpty, more.isEmpty else {
      let lacks = missing.isEmpty ? nil : "lacks \(Self.text(missing))"
      let has = more.isEmpty ? nil : "has besides \(Self.text(more))"
      throw Failure.data(
        "\(path) \([lacks, has].compactMap(\.self).joined(separator: " and ")); expected the columns of "
          + "\(other.path), in any order: \(listing(expected, limit: 20))")
    }
    let order = expected.compactMap { places[$0] }
    var result = self
    result.featureNames = expected
    for start in stride(from: 0, to: features.count, by: featureCount) {
      for (column, place) in order.enumerated() { result.features[start + column] = features[start + place] }
    }
    return result
  }

  /// `the column 'a'`, `the columns a, b`.
  private static func text(_ names: [String]) -> String {
    names.count == 1 ? "the column '\(names[0].shownName)'" : "the columns \(listing(names, limit: 8))"
  }

  static let labelNames = ["label", "target", "class", "y", "species"]

  /// A header is a first record without any number, or with a cell that is a usual name of the label column, or the
  /// numbers of the columns, as pandas writes them where they have no names.
  private static func looksLikeHeader(_ reader: CSVReader) -> Bool {
    let columns = 0..<reader.fieldCount
    return columns.allSatisfy { reader.number($0) == nil }
      || columns.count > 2 && columns.allSatisfy { reader.text($0) == String($0) }
      || columns.contains { labelNames.contains(reader.text($0).lowercased()) }
  }

  /// The column called or numbered `label`; without one, the first with a usual name, otherwise the last.
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

/// The label column of one or more tables as numbers.
enum CSVLabels {
  /// Class indices 0 to K − 1 into the sorted names of the classes.
  case classes(names: [String], indices: [[Int32]])
  /// Whole numbers as they stand in the file.
  case integers([[Int64]])
  /// Targets of a regression.
  case values([[Double]])

  /// Decides from all tables together, so that a class has one number in every split.
  ///
  /// - Throws: `Failure` if `kind` asks for values and a label is no number.
  init(tables: [CSVTable], kind: LabelKind) throws {
    let numbers = tables.map { $0.labels.map(Self.number) }
    let allNumeric = numbers.allSatisfy { !$0.contains(nil) }
    switch kind {
    case .classes:
      self = .classes(of: tables.map(\.labels))
    case .values:
      for (table, values) in zip(tables, numbers) {
        guard let row = values.firstIndex(of: nil) else { continue }
        throw Failure.data(
          "\(table.path): the label '\(table.labels[row])' of record \(row + 1) is no finite number, "
            + "which --labels values asks for"
        )
      }
      self = .values(numbers.map { $0.map { $0 ?? .nan } })
    case .automatic where !allNumeric:
      self = .classes(of: tables.map(\.labels))
    case .automatic:
      // From the text where it is one, as a float64 would merge neighbours beyond 2⁵³.
      let integers = zip(tables, numbers).map { table, numbers in
        zip(table.labels, numbers).map { Int64($0) ?? Int64(exactly: $1 ?? .nan) }
      }
      if integers.allSatisfy({ !$0.contains(nil) }) {
        self = .integers(integers.map { $0.compactMap(\.self) })
      } else {
        self = .values(numbers.map { $0.map { $0 ?? .nan } })
      }
    }
  }

  private static func classes(of labels: [[String]]) -> CSVLabels {
    let names = classNames(labels.joined())
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    return .classes(names: names, indices: labels.map { $0.compactMap { index[$0] } })
  }

  /// Each name once, sorted as numbers if all names are numbers (so that 10 follows 9), as text otherwise.
  static func classNames(_ labels: some Sequence<String>) -> [String] {
    Set(labels).sorted { first, second in
      guard let a = number(first), let b = number(second), a != b else { return first < second }
      return a < b
    }
  }

  private static func number(_ text: String) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}
