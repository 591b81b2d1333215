import Basics

/// What a reading finds of a table whose rules are those of another: how many rows it has, and what its targets are.
struct FollowingSurvey {
  private(set) var rowCount = 0
  private(set) var droppedCount = 0
  private(set) var targets: [TargetSurvey]
  private(set) var keys: [Int: KeySurvey] = [:]
  /// Whether float32 would merge numbers of the features.
  private(set) var isWide = false
  /// Rows whose targets are all empty, and the first that has one that is.
  private(set) var unlabelledCount = 0
  private(set) var firstUnlabelled: (field: Int, line: Int)?

  /// - Throws: for a cell that the rules do not know.
  init(
    _ table: TableFile, _ layout: TableLayout, _ rules: TableRules, isFollowing: Bool, passes: Int
  ) throws {
    let numbers = table.numbers, heading = table.heading
    let encoder = RowEncoder(heading, rules, fields: layout.features, numbers, isFollowing: isFollowing)
    targets = layout.targets.map { TargetSurvey(field: $0, keepsCodes: false, numbers: numbers) }
    for field in [layout.id, layout.group, layout.time].compactMap(\.self) {
      keys[field] = KeySurvey(checksUnique: false)
    }
    let keyFields = keys.keys.sorted(), drops = rules.missing == .drop && !isFollowing
    var row = [Double](repeating: 0, count: encoder.width)
    try table.forEachRow(passes: passes) { record, line in
      let isKept = try row.withUnsafeMutableBufferPointer { row in
        guard let base = row.baseAddress else { return true }
        return try encoder.encode(record, line: line, into: base)
      }
      if !isWide, row.contains(where: OutputFile.needsDouble) { isWide = true }
      let cells = targets.map { record.cell($0.field) }
      let hasTargets = cells.allSatisfy { !(drops ? CellWords.isMissing($0) : $0.isEmpty) }
      guard isKept, hasTargets || !drops else {
        droppedCount += 1
        return
      }
      if !hasTargets {
        if cells.allSatisfy(\.isEmpty) { unlabelledCount += 1 }
        if firstUnlabelled == nil {
          firstUnlabelled = (targets.first { record.cell($0.field).isEmpty }?.field ?? 0, line)
        }
      } else {
        for (index, cell) in cells.enumerated() { targets[index].add(cell, line: line) }
      }
      for field in keyFields { keys[field]?.add(record.cell(field)) }
      if let weight = layout.weight { _ = try TableSurvey.weight(record, weight, line, heading, numbers) }
      rowCount += 1
    }
    guard rowCount > 0 else { throw Failure.data("\(table.path): a header and no records") }
  }

  /// Whether the rows have targets.
  ///
  /// - Parameter isRequired: whether rows without are an error.
  /// - Throws: where some have and some have not.
  func hasTargets(_ heading: TableHeading, isRequired: Bool) throws -> Bool {
    guard !targets.isEmpty else { return false }
    guard let (field, line) = firstUnlabelled else { return true }
    if unlabelledCount == rowCount, !isRequired { return false }
    throw Failure.data(
      "\(heading.place(field, line: line)): empty cell, expected a label; give every row one, or leave the column out")
  }
}
