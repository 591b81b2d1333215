import Basics
import DataPipeline

extension TargetRule {
  /// How targets become numbers, decided from all tables together, so that a class has one number in every split.
  ///
  /// - Parameters:
  ///   - surveys: of the target columns of each table.
  ///   - tables: for messages.
  /// - Throws: where the cells are not what `kind` asks for, or several targets are neither all numbers nor all yes or
  ///   no.
  init(_ surveys: [[TargetSurvey]], kind: LabelKind, of tables: [TableFile]) throws {
    guard let count = surveys.first?.count, count > 0 else {
      self = .none
      return
    }
    guard count == 1 else {
      self = try Self.several(surveys, kind: kind, of: tables)
      return
    }
    let columns = surveys.map { $0[0] }
    let isWide = columns.contains(where: \.isWide)
    switch kind {
    case .classes: self = try .classes(Self.names(columns, tables))
    case .values:
      for (table, column) in zip(tables, columns) {
        guard let (text, row) = column.firstText else { continue }
        throw Failure.data(
          "\(table.path): the label '\(text.onOneLine.shownName)' of record \(row + 1) is no finite number, which "
            + "--labels values asks for")
      }
      self = .values(isWide ? .float64 : .float32)
    case .automatic where columns.contains { $0.firstText != nil }:
      try Self.checkMissing(columns, tables)
      self = try .classes(Self.names(columns, tables))
    case .automatic:
      self = columns.allSatisfy(\.isWhole) ? .integers : .values(isWide ? .float64 : .float32)
    }
  }

  private static func several(
    _ surveys: [[TargetSurvey]], kind: LabelKind, of tables: [TableFile]
  ) throws -> TargetRule {
    guard kind != .classes else {
      throw Failure.usage("--labels classes: several targets are numbers or answers of yes and no; name one --target")
    }
    if kind == .automatic, surveys.joined().allSatisfy(\.isAnswer) { return .answers }
    for (table, columns) in zip(tables, surveys) {
      for column in columns {
        guard let (text, row) = column.firstText else { continue }
        throw Failure.data(
          "\(table.path): the target \(table.heading.title(column.field)) is '\(text.onOneLine.shownName)' in record "
            + "\(row + 1); several targets are all numbers, or all yes or no (1 or 0, true or false); name a single "
            + "--target for classes of words")
      }
    }
    return .values(surveys.joined().contains(where: \.isWide) ? .float64 : .float32)
  }

  /// - Throws: where labels are numbers but for some that only say that there is none.
  private static func checkMissing(_ columns: [TargetSurvey], _ tables: [TableFile]) throws {
    guard columns.contains(where: \.hasNumbers), !columns.contains(where: \.hasWords) else { return }
    for (table, column) in zip(tables, columns) {
      guard let (text, line) = column.firstMissing else { continue }
      throw Failure.data(
        "\(table.heading.place(column.field, line: line)): '\(text.shownName)' among labels that are numbers; "
          + "--missing drop leaves such rows out, --labels classes takes it for a class")
    }
  }

  private static func names(_ columns: [TargetSurvey], _ tables: [TableFile]) throws -> [String] {
    let texts = try zip(tables, columns).map { table, column in
      guard let texts = column.texts?.texts else {
        throw Failure.data(
          "\(table.path): more than \(grouped(TargetSurvey.distinctLimit)) different labels in "
            + "\(table.heading.title(column.field)); is it the right column? See --label")
      }
      return texts
    }
    return CSVLabels.classNames(texts.joined())
  }

  /// What whole numbers are taken for, which the file does not say; nil for names and other numbers.
  ///
  /// - Parameter name: of the target column.
  func note(_ column: TargetSurvey, name: String?) -> String? {
    guard case .integers = self else { return nil }
    let subject = "labels\(name.map { " '\($0.escaped)'" } ?? ""): "
    var values: [Int64: (count: Int, firstRow: Int)]? = [:]
    if let texts = column.texts {
      for code in 0..<texts.count {
        guard let value = TargetNumber(texts.text(code), column.numbers)?.integer else { continue }
        let (count, first) = values?[value] ?? (0, Int.max)
        values?[value] = (count + column.occurrences[code].count, min(first, column.occurrences[code].firstRow))
      }
    } else {
      values = nil
    }
    let summary = TargetSummary(integers: values, rowCount: column.rowCount)
    guard let reading = try? TargetReading(summary, place: { "record \($0 + 1)" }) else {
      return subject + "whole numbers that do not count classes; give --labels classes or --labels values"
    }
    let isValues = reading.kind == .values
    return subject + "\(reading.reason), which train takes for \(isValues ? "values" : "classes"); "
      + "--labels \(isValues ? "classes" : "values") decides otherwise"
  }

  /// The class of each row for stratified splitting; one class for all where targets are values.
  func groups(_ column: TargetSurvey) -> [Int] {
    let single = [Int](repeating: 0, count: column.rowCount)
    guard let texts = column.texts?.texts, !column.codes.isEmpty else { return single }
    switch self {
    case .classes(let names):
      let index = Dictionary(uniqueKeysWithValues: zip(names, 0...))
      let classes = texts.map { index[$0] ?? 0 }
      return column.codes.map { classes[Int($0)] }
    case .integers:
      let values = texts.map { Int(TargetNumber($0, column.numbers)?.integer ?? 0) }
      // Whole numbers that hardly ever repeat are a regression's targets, and no classes to keep in proportion.
      guard Set(values).count <= max(2, column.rowCount / 4) else { return single }
      return column.codes.map { values[Int($0)] }
    case .values, .answers, .none: return single
    }
  }
}
