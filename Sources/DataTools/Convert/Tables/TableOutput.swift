import Basics
import HDF5Storage
import Settings

/// Writes the splits of a table by its rules.
struct TableOutput {
  /// One split.
  struct Part {
    let name: String
    /// Rows of the table that it has.
    let rowCount: Int
  }

  let rules: TableRules
  /// What is stored with the features.
  let preparation: JSONValue
  let file: OutputFile
  /// Whether the rules were found on other rows.
  let isFollowing: Bool

  /// Reads the table once more and writes its parts.
  ///
  /// - Parameters:
  ///   - keys: of the columns beside the rows.
  ///   - part: the part of a row by its number, of those that are kept.
  func write(
    _ table: TableFile, _ layout: TableLayout, keys: [Int: KeySurvey], parts: [Part], passes: Int,
    part: (Int) -> Int
  ) throws {
    let numbers = table.numbers, heading = table.heading
    let encoder = RowEncoder(heading, rules, fields: layout.features, numbers, isFollowing: isFollowing)
    let targets = TargetEncoder(heading, rules.target, fields: layout.targets, numbers, isFollowing: isFollowing)
    let hasTargets = !layout.targets.isEmpty, drops = rules.missing == .drop && !isFollowing
    // The rows of a window are called by the last of them.
    let keyFields = [("id", layout.id ?? layout.time), ("group", layout.group)].compactMap { name, field in
      field.map { (name, $0) }
    }
    let described = keyFields.map { name, field -> (name: String, key: TableWriter.Key) in
      let survey = keys[field]
      return (name, survey?.isInteger == true ? .integers : .texts(survey?.longest ?? 1))
    }
    let cutters = rules.window.map { window in
      parts.map { _ in
        WindowCutter(
          window, width: encoder.width, targetSize: rules.target.type.byteCount, targetCount: layout.targets.count)
      }
    }
    let writers = try parts.enumerated().map { index, part in
      try writer(part, cutters?[index], hasTargets: hasTargets, described, hasWeight: layout.weight != nil, table)
    }
    var order = layout.time.map { TimeOrder(heading, field: $0) }
    let row = UnsafeMutablePointer<Double>.allocate(capacity: max(1, encoder.width))
    let labels = UnsafeMutableRawPointer.allocate(byteCount: max(1, targets.byteCount), alignment: 8)
    defer {
      row.deallocate()
      labels.deallocate()
    }
    let features = UnsafeBufferPointer(start: UnsafePointer(row), count: encoder.width)
    let given = hasTargets ? UnsafeRawPointer(labels) : nil
    var number = 0
    try table.forEachRow(passes: passes) { record, line in
      guard try encoder.encode(record, line: line, into: row) else { return }
      if drops, !targets.isComplete(record) { return }
      if hasTargets { try targets.encode(record, line: line, into: labels) }
      if let time = layout.time { try order?.add(record.cell(time), line: line) }
      let index = part(number)
      number += 1
      let cells = keyFields.isEmpty ? [] : keyFields.map { record.cell($0.1) }
      guard let cutters else {
        let weight = try layout.weight.map { try TableSurvey.weight(record, $0, line, heading, numbers) } ?? 1
        return try writers[index].append(features, targets: given, keys: cells, weight: weight)
      }
      try cutters[index].add(features, targets: given, keys: cells) {
        try writers[index].append($0, targets: $1, keys: $2, weight: 1)
      }
    }
    for writer in writers {
      try writer.finish()
      try describe(writer.name, hasTargets: hasTargets)
    }
    file.notes += encoder.notes + [order?.note, table.repetitionNote].compactMap(\.self)
  }

  private func writer(
    _ part: Part, _ cutter: WindowCutter?, hasTargets: Bool, _ keys: [(name: String, key: TableWriter.Key)],
    hasWeight: Bool, _ table: TableFile
  ) throws -> TableWriter {
    var (count, shape) = (part.rowCount, [rules.width])
    if let cutter, let window = rules.window {
      count = cutter.windowCount(part.rowCount)
      shape = [window.steps, rules.width]
      guard count > 0 else {
        let need = hasTargets ? window.rowCount : window.steps
        throw Failure.data(
          "\(table.path): the part for \(part.name) has \(plural(part.rowCount, "row")), but a window of "
            + "\(plural(window.steps, "row"))"
            + (hasTargets ? " and a target \(plural(window.greatestHorizon, "row")) behind it take" : " takes")
            + " \(grouped(need)); give a shorter --window or more rows")
      }
    }
    let targetCount = rules.targets.count * (rules.window?.horizons.count ?? 1)
    return try TableWriter(
      part.name, rows: count, shape: shape, type: rules.type,
      targetShape: hasTargets ? (targetCount == 1 ? [] : [targetCount]) : nil, targetType: rules.target.type,
      keys: keys, hasWeight: hasWeight, to: file)
  }

  /// Says what the numbers of a split stand for.
  private func describe(_ split: String, hasTargets: Bool) throws {
    let x = "/\(split)/x", y = "/\(split)/y"
    if let names = rules.names { try file.setLines("names", names, of: x) }
    if let greatest = rules.greatestNumber { try file.file.setAttribute("valid_max", to: greatest, of: x) }
    try file.setPreparation(preparation, of: x)
    guard hasTargets else { return }
    if case .classes(let names) = rules.target { try file.setLines("classes", names, of: y) }
    guard let names = rules.targetNames else { return }
    try file.setLines(names.count == 1 ? "name" : "columns", names, of: y)
  }
}
