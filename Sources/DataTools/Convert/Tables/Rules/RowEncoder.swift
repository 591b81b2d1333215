import Basics

/// Makes the features of a row from the cells of a table.
final class RowEncoder {
  /// A column of numbers.
  private struct Numeric {
    let field: Int
    let offset: Int
    /// NaN where a missing value is an error.
    let fill: Double
    let isTruth: Bool
    let rule: Int
  }
  /// A column of words or dates.
  private struct Other {
    let field: Int
    let offset: Int
    let rule: Int
    let words: TextInterner?
  }

  let heading: TableHeading
  private let rules: TableRules
  private let numerics: [Numeric]
  private let others: [Other]
  private let numbers: NumberSyntax
  /// Whether the rules were found on other rows.
  private let isFollowing: Bool
  let width: Int
  /// For each feature rule, how many missing cells were filled.
  private(set) var filled: [Int]
  /// For each feature rule, how many cells had unknown words, and the first of these.
  private(set) var unknown: [(count: Int, first: String)]

  /// - Parameters:
  ///   - fields: of each rule.
  ///   - isFollowing: whether the rules were found on other rows.
  init(_ heading: TableHeading, _ rules: TableRules, fields: [Int], _ numbers: NumberSyntax, isFollowing: Bool) {
    (self.heading, self.rules, self.numbers, self.isFollowing) = (heading, rules, numbers, isFollowing)
    var numerics: [Numeric] = [], others: [Other] = [], offset = 0
    for (index, feature) in rules.features.enumerated() {
      switch feature.rule {
      case .number(let fill), .truth(let fill):
        let isTruth = if case .truth = feature.rule { true } else { false }
        numerics.append(
          Numeric(field: fields[index], offset: offset, fill: fill ?? .nan, isTruth: isTruth, rule: index))
      case .oneHot, .numbers, .date:
        others.append(
          Other(field: fields[index], offset: offset, rule: index, words: feature.rule.words.map { TextInterner($0) }))
      }
      offset += feature.rule.width
    }
    (self.numerics, self.others, width) = (numerics, others, offset)
    filled = rules.features.map { _ in 0 }
    unknown = rules.features.map { _ in (0, "") }
  }

  /// Writes the `width` features of a record.
  ///
  /// - Returns: false for a row that is to be left out, as a value is missing.
  /// - Throws: for a cell that the rules do not know.
  func encode(_ record: CSVReader.Record, line: Int, into row: UnsafeMutablePointer<Double>) throws -> Bool {
    try heading.check(record, line: line)
    let numbers = numbers
    for column in numerics {
      if !column.isTruth, let value = numbers.number(record.start(column.field), record.count(column.field)) {
        guard Float(value).isFinite else { throw tooLarge(record, column.field, line) }
        row[column.offset] = value
      } else if !(try encode(record, line, column, into: row)) {
        return false
      }
    }
    for column in others {
      guard try encode(record, line, column, into: row) else { return false }
    }
    return true
  }

  private func encode(
    _ record: CSVReader.Record, _ line: Int, _ column: Numeric, into row: UnsafeMutablePointer<Double>
  ) throws -> Bool {
    let cell = record.cell(column.field)
    if column.isTruth, let truth = CellWords.truth(cell) {
      row[column.offset] = truth
      return true
    }
    guard CellWords.isMissing(cell) else {
      throw Failure.data(
        "\(heading.place(column.field, line: line)): '\(CellWords.text(cell).onOneLine.shownName)', "
          + (column.isTruth ? "expected true or false" : "expected a finite number"))
    }
    if rules.missing == .drop, !isFollowing { return false }
    guard !column.fill.isNaN else { throw missing(cell, column.field, line) }
    row[column.offset] = column.fill
    filled[column.rule] += 1
    return true
  }

  private func encode(
    _ record: CSVReader.Record, _ line: Int, _ column: Other, into row: UnsafeMutablePointer<Double>
  ) throws -> Bool {
    let cell = record.cell(column.field), rule = rules.features[column.rule].rule
    let isMissing = CellWords.isMissing(cell)
    if isMissing, rules.missing == .drop, !isFollowing { return false }
    if case .date(let parts) = rule {
      guard let date = DateText(cell) else {
        throw isMissing
          ? missing(cell, column.field, line)
          : Failure.data(
            "\(heading.place(column.field, line: line)): '\(CellWords.text(cell).onOneLine.shownName)', expected a "
              + "date such as 2024-01-31, 2024-01-31 12:30 or 31.01.2024")
      }
      for (index, part) in parts.enumerated() { row[column.offset + index] = part.value(of: date) }
      return true
    }
    if isMissing, rules.missing == .error || rules.missing == .drop { throw missing(cell, column.field, line) }
    let number = isMissing ? nil : column.words?.number(of: cell)
    if isMissing {
      filled[column.rule] += 1
    } else if number == nil {
      if unknown[column.rule].count == 0 { unknown[column.rule].first = CellWords.text(cell) }
      unknown[column.rule].count += 1
    }
    switch rule {
    case .oneHot(let words):
      for index in words.indices { row[column.offset + index] = 0 }
      if let number { row[column.offset + number] = 1 }
    case .numbers(_, let first): row[column.offset] = number.map { Double(first + $0) } ?? 0
    default: break
    }
    return true
  }

  private func tooLarge(_ record: CSVReader.Record, _ field: Int, _ line: Int) -> Failure {
    .data(
      "\(heading.place(field, line: line)): '\(CellWords.text(record.cell(field)).shownName)', expected a finite "
        + "number within float32, at most 3.4e+38")
  }

  private func missing(_ cell: UnsafeBufferPointer<UInt8>, _ field: Int, _ line: Int) -> Failure {
    .data(
      MissingCell.message(
        heading.place(field, line: line), CellWords.text(cell), isFollowing: isFollowing))
  }

  /// What a user should know of cells that were filled and words that were not known, one line each.
  var notes: [String] {
    rules.features.indices.flatMap { index -> [String] in
      let feature = rules.features[index], name = feature.column.text.shownName
      var notes: [String] = []
      if filled[index] > 0 {
        let value =
          switch feature.rule {
          case .number(let fill), .truth(let fill): " with \(fill ?? 0)"
          case .numbers: " with 0"
          default: " with 0 in each of its columns"
          }
        notes.append("\(heading.path.escaped): '\(name)': filled \(plural(filled[index], "missing cell"))\(value)")
      }
      if unknown[index].count > 0 {
        notes.append(
          "\(heading.path.escaped): '\(name)': \(plural(unknown[index].count, "cell")) with words that training did "
            + "not see, such as '\(unknown[index].first.onOneLine.shownName)'; they are 0")
      }
      return notes
    }
  }
}

/// What is said of a cell that has no value.
enum MissingCell {
  static func message(_ place: String, _ text: String, isFollowing: Bool) -> String {
    let found = text.isEmpty ? "empty cell, expected a value" : "'\(text.onOneLine.shownName)' is no value"
    return "\(place): \(found); "
      + (isFollowing
        ? "no value was missing in training that could say what to put there: fill it, or leave the row out"
        : "fill it, or say with --missing what becomes of it: drop, mean, median or constant")
  }
}
