import Basics

/// What the first reading of a table finds: what its columns are, and how many rows there are.
struct TableSurvey {
  /// Of the columns that may be features.
  let columns: [ColumnSurvey]
  let targets: [TargetSurvey]
  /// Of the ids' column or those that may be, and of the group's.
  let keys: [Int: KeySurvey]
  /// Rows to keep.
  let rowCount: Int
  /// Rows that are left out, as a value is missing.
  let droppedCount: Int

  /// - Parameters:
  ///   - keepsCodes: whether the class of each row is needed later.
  ///   - passes: how many times the table will be read at most.
  /// - Throws: for a cell that is missing where that is an error, a column of numbers that has a text, an empty label,
  ///   or a weight that is none.
  init(
    _ table: TableFile, _ roles: TableRoles, _ options: ColumnOptions, keepsCodes: Bool, passes: Int
  ) throws {
    let heading = table.heading, numbers = table.numbers
    let categorical = Set(
      try options.categorical?.columns.map { try heading.column($0, option: "--categorical") } ?? [])
    let wordLimit =
      switch options.categories {
      case .automatic: options.categoryLimit
      case .oneHot: 65_536
      case .numbers: ColumnSurvey.greatestWordCount
      }
    var columns = roles.features.map {
      ColumnSurvey(field: $0, isCategorical: categorical.contains($0), wordLimit: wordLimit + 1)
    }
    var targets = roles.targets.map { TargetSurvey(field: $0, keepsCodes: keepsCodes, numbers: numbers) }
    let candidates = Set(roles.idCandidates)
    var keys: [Int: KeySurvey] = [:]
    for field in [roles.id, roles.group].compactMap(\.self) { keys[field] = KeySurvey(checksUnique: false) }
    for field in candidates { keys[field] = KeySurvey(checksUnique: true) }
    let keyFields = keys.keys.sorted()
    let isError = options.missing == .error, drops = options.missing == .drop
    var rowCount = 0, droppedCount = 0
    // In memory that stays where it is: this is done for each cell.
    try columns.withUnsafeMutableBufferPointer { columns throws in
      try table.forEachRow(passes: passes) { record, line in
        var isComplete = true
        for index in columns.indices {
          let field = columns[index].field
          if let value = numbers.number(record.start(field), record.count(field)), !columns[index].isCategorical {
            if columns[index].numberCount == 0 {
              columns[index].firstNumberLine = line
              if columns[index].textCount > 0 { throw columns[index].mixed(heading) }
            }
            columns[index].numberCount += 1
            guard Float(value).isFinite else { throw Self.tooLarge(record, field, line, heading) }
            if !columns[index].isWide, OutputFile.needsDouble(value) { columns[index].isWide = true }
          } else if columns[index].add(record.cell(field), line: line) {
            if columns[index].numberCount > 0 { throw columns[index].mixed(heading) }
          } else {
            isComplete = false
            if isError, !candidates.contains(field) {
              throw Failure.data(
                MissingCell.message(
                  heading.place(field, line: line), CellWords.text(record.cell(field)), isFollowing: false))
            }
          }
        }
        for index in targets.indices {
          let field = targets[index].field, cell = record.cell(field)
          if drops ? CellWords.isMissing(cell) : cell.isEmpty {
            guard drops else {
              throw Failure.data(
                "\(heading.place(field, line: line)): empty cell, expected a label; --missing drop leaves such "
                  + "rows out")
            }
            isComplete = false
          }
        }
        guard isComplete || !drops else {
          droppedCount += 1
          return
        }
        for index in targets.indices { targets[index].add(record.cell(targets[index].field), line: line) }
        for field in keyFields { keys[field]?.add(record.cell(field)) }
        if let weight = roles.weight { _ = try Self.weight(record, weight, line, heading, numbers) }
        rowCount += 1
      }
    }
    (self.columns, self.targets, self.keys) = (columns, targets, keys)
    (self.rowCount, self.droppedCount) = (rowCount, droppedCount)
    guard rowCount > 0 else {
      throw Failure.data(
        droppedCount == 0
          ? "\(table.path): a header and no records"
          : "\(table.path): each of its \(plural(droppedCount, "row")) has a missing value, and --missing drop leaves "
            + "none; leave columns out with --drop, or fill them with --missing median")
    }
  }

  private static func tooLarge(
    _ record: CSVReader.Record, _ field: Int, _ line: Int, _ heading: TableHeading
  ) -> Failure {
    .data(
      "\(heading.place(field, line: line)): '\(CellWords.text(record.cell(field)).shownName)', expected a finite "
        + "number within float32, at most 3.4e+38")
  }

  /// The weight of a row: 0 or more.
  static func weight(
    _ record: CSVReader.Record, _ field: Int, _ line: Int, _ heading: TableHeading, _ numbers: NumberSyntax
  ) throws -> Double {
    guard let value = numbers.number(record.start(field), record.count(field)), value >= 0, Float(value).isFinite else {
      throw Failure.data(
        "\(heading.place(field, line: line)): '\(CellWords.text(record.cell(field)).onOneLine.shownName)', expected a "
          + "weight: a finite number of 0 or more")
    }
    return value
  }
}
