import Basics
import HDF5Storage
import Settings

/// Converts a table: a reading that finds what its columns are, one that finds words and fill values on the rows to
/// train on where that takes one, and one that writes.
struct TableConversion {
  let options: CSVFormat
  let file: OutputFile
  /// The rules, as far as they are found.
  private var rules = TableRules()
  private var layout = TableLayout.none
  /// The bytes of the longest date that orders the rows.
  private var timeLength = 1

  init(_ options: CSVFormat, to file: OutputFile) { (self.options, self.file) = (options, file) }

  private var columns: ColumnOptions { options.columns }

  /// Converts a table by the options, and with it the one of the test split, if there is one.
  mutating func convert(_ path: String) throws {
    let table = try open(path)
    let roles = try TableRoles(table.heading, label: options.table.label, columns)
    let drawsTest = options.table.test != nil && columns.window == nil
    let survey = try TableSurvey(table, roles, columns, keepsCodes: drawsTest, passes: 2)
    try decide(roles, survey, table.heading)
    var tables = [table], targets = [survey.targets], keys = survey.keys, other: FollowingSurvey?
    if let testPath = options.table.testFile {
      let test = try open(testPath)
      // Words of the test split that training has not are unknown, so that the rules come first.
      rules = fitted(rules, survey)
      if needsFit(drawsTest: false) { rules = try fit(table, survey, isTraining: { _ in true }) }
      let testLayout = try strictLayout(of: test, like: path)
      let found = try FollowingSurvey(test, testLayout, rules, isFollowing: false, passes: 2)
      _ = try found.hasTargets(test.heading, isRequired: true)
      if rules.type == .float32, found.isWide { rules.type = .float64 }
      (tables, targets, other) = ([table, test], [survey.targets, found.targets], found)
    }
    let kind = isForecast(survey) ? .values : options.labels
    rules.target = try TargetRule(targets, kind: kind, of: tables)
    if kind == .automatic, let column = survey.targets.first, rules.targets.count == 1,
      let note = rules.target.note(column, name: table.heading.names?[column.field])
    {
      file.notes.append(note)
    }
    try finishWindow(roles, table.heading)
    let (parts, part) = try split(survey)
    if other == nil {
      rules = fitted(rules, survey)
      if needsFit(drawsTest: parts.count > 1) { rules = try fit(table, survey) { part($0) == 0 } }
    }
    note(survey.droppedCount, of: table)
    if let time = layout.time { keys[time] = KeySurvey(longest: timeLength) }
    let output = TableOutput(rules: rules, preparation: preparation, file: file, isFollowing: false)
    try output.write(table, layout, keys: keys, parts: parts, passes: 1, part: part)
    guard let other else { return }
    note(other.droppedCount, of: tables[1])
    let test = TableOutput.Part(name: "test", rowCount: other.rowCount)
    let testLayout = try strictLayout(of: tables[1], like: path)
    try output.write(tables[1], testLayout, keys: other.keys, parts: [test], passes: 1) { _ in 0 }
  }

  private func open(_ path: String) throws -> TableFile {
    let table = try TableFile(path: path, beside: file.path, options: options.reading, known: options.givenColumns)
    file.notes += table.notes
    return table
  }

  private func note(_ dropped: Int, of table: TableFile) {
    guard dropped > 0 else { return }
    file.notes.append("\(table.path.escaped): left out \(plural(dropped, "row")) with missing values")
  }

  /// Where a table has what the one at `path` has.
  private func strictLayout(of table: TableFile, like path: String) throws -> TableLayout {
    var notes: [String] = []
    defer { file.notes += notes }
    return try TableLayout(table.heading, rules, of: path, isStrict: true, notes: &notes)
  }

  // MARK: What columns are

  /// Decides what each column is by what the first reading found.
  private mutating func decide(_ roles: TableRoles, _ survey: TableSurvey, _ heading: TableHeading) throws {
    let id = try chooseID(roles, survey, heading)
    var time: Int?
    rules.missing = columns.missing
    var isWide = false
    for column in survey.columns where !id.unused.contains(column.field) {
      let isDate = column.dateCount > 0 && column.dateCount == column.textCount && column.numberCount == 0
      if columns.window != nil, isDate, time == nil {
        time = column.field
        timeLength = column.longest
        if columns.dates == .error {
          file.notes.append(
            "\(heading.path.escaped): \(heading.title(column.field)) orders the rows and is no feature; --dates parts "
              + "makes features of its parts")
          continue
        }
      }
      if roles.targets.contains(column.field), !Self.isSeries(column) { continue }
      if let missing = column.firstMissing, columns.missing == .error {
        throw Failure.data(
          MissingCell.message(heading.place(column.field, line: missing.line), missing.text, isFollowing: false))
      }
      rules.features.append(
        FeatureRule(column: heading.key(column.field), rule: try column.rule(heading, columns)))
      layout.features.append(column.field)
      if column.isWide { isWide = true }
    }
    guard !rules.features.isEmpty else { throw Failure.data("\(heading.path): no column is left for features") }
    rules.type = isWide ? .float64 : .float32
    rules.targets = roles.targets.map(heading.key)
    let used = Set(layout.features + roles.targets + [id.column, roles.group, roles.weight, time].compactMap(\.self))
    rules.unused = heading.names.map { names in names.indices.filter { !used.contains($0) }.map { names[$0] } } ?? []
    (layout.targets, layout.group, layout.weight) = (roles.targets, roles.group, roles.weight)
    (layout.id, layout.time) = (id.column, time)
    rules.id = id.column.map(heading.key)
    rules.group = roles.group.map(heading.key)
    rules.weight = roles.weight.map(heading.key)
    if let steps = columns.window {
      rules.window = WindowRule(
        steps: steps, horizons: columns.horizon?.steps ?? [1], time: time.map(heading.key))
    }
  }

  /// Whether a target is a series of numbers, whose past tells of its future.
  private static func isSeries(_ column: ColumnSurvey) -> Bool { column.textCount == 0 && !column.isCategorical }

  /// The column of ids, and columns that are no features beside it.
  private func chooseID(
    _ roles: TableRoles, _ survey: TableSurvey, _ heading: TableHeading
  ) throws -> (column: Int?, unused: Set<Int>) {
    var named: Int?, counter: Int?, unused: Set<Int> = []
    for field in roles.idCandidates {
      guard let key = survey.keys[field], let column = survey.columns.first(where: { $0.field == field }),
        let name = heading.names?[field]
      else { continue }
      let hasIDs =
        key.isUnique && !key.hasMissing && column.missingCount == 0
        && (key.isInteger || key.isOfDigits || column.numberCount == 0)
      if TableRoles.isCounterName(name) {
        guard hasIDs, key.isCounter || column.numberCount == 0, counter == nil else { continue }
        counter = field
      } else if hasIDs, named == nil {
        named = field
      } else if !key.isUnique {
        file.notes.append(
          "\(heading.path.escaped): '\(name.shownName)' repeats and is taken for a feature; --drop leaves it out, "
            + "--group keeps it for folds")
      }
    }
    for field in [named, counter].compactMap(\.self) where survey.columns.count > unused.count + 1 {
      unused.insert(field)
      let isID = field == (named ?? counter)
      file.notes.append(
        "\(heading.path.escaped): \(heading.title(field)) numbers the rows and is no feature"
          + "\(isID ? "; it is kept as id" : ""); --id none makes it one")
    }
    return (roles.id ?? [named, counter].compactMap(\.self).first(where: unused.contains), unused)
  }

  /// Whether the targets are what numbers of the features become later.
  private func isForecast(_ survey: TableSurvey) -> Bool {
    guard let window = rules.window, !window.horizons.contains(0), options.labels == .automatic else { return false }
    return survey.targets.allSatisfy { $0.firstText == nil }
  }

  /// Takes features away that tell a target of their own row.
  private mutating func finishWindow(_ roles: TableRoles, _ heading: TableHeading) throws {
    guard let window = rules.window else { return }
    guard window.horizons.contains(0) else { return }
    let kept = rules.features.indices.filter { !roles.targets.contains(layout.features[$0]) }
    guard !kept.isEmpty else { throw Failure.data("\(heading.path): no column is left for features beside the target") }
    rules.features = kept.map { rules.features[$0] }
    layout.features = kept.map { layout.features[$0] }
  }

  // MARK: Splits

  /// The parts of the output, and the part of each row that is kept.
  private func split(_ survey: TableSurvey) throws -> ([TableOutput.Part], (Int) -> Int) {
    let count = survey.rowCount
    guard columns.window == nil else {
      let test = TestSplit.testCount(of: count, fraction: options.table.test ?? 0)
      let validation = TestSplit.testCount(of: count, fraction: columns.validation ?? 0)
      let train = count - test - validation
      guard train > 0 else { throw Failure.usage("--test and --validation leave no row to train on") }
      let parts = [("train", train), ("val", validation), ("test", test)].filter { name, count in
        name == "train" || (name == "val" ? columns.validation : options.table.test) != nil
      }
      let hasValidation = columns.validation != nil
      return (
        parts.map { .init(name: $0.0, rowCount: $0.1) },
        { $0 < train ? 0 : $0 < train + validation ? 1 : hasValidation ? 2 : 1 }
      )
    }
    guard let fraction = options.table.test else { return ([.init(name: "train", rowCount: count)], { _ in 0 }) }
    let groups =
      survey.targets.count == 1 ? rules.target.groups(survey.targets[0]) : [Int](repeating: 0, count: count)
    let split = try TestSplit(groups: groups, fraction: fraction, seed: options.table.seed)
    var isTest = [Bool](repeating: false, count: count)
    for row in split.test { isTest[row] = true }
    return (
      [.init(name: "train", rowCount: split.train.count), .init(name: "test", rowCount: split.test.count)],
      { isTest[$0] ? 1 : 0 }
    )
  }

  // MARK: Fitting

  /// Whether words or fill values have to be found on the rows to train on.
  private func needsFit(drawsTest: Bool) -> Bool {
    switch rules.missing {
    case .mean, .median: rules.features.contains { $0.rule.isNumeric } || drawsTest && hasWords
    case .error, .drop, .constant: drawsTest && hasWords
    }
  }

  private var hasWords: Bool { rules.features.contains { $0.rule.words != nil } }

  /// The rules with the words that the first reading found, and the constant.
  private func fitted(_ rules: TableRules, _ survey: TableSurvey) -> TableRules {
    let words = layout.features.map { field in
      survey.columns.first { $0.field == field }.flatMap { $0.words?.texts }
    }
    var result = rules.with(
      words: zip(rules.features, words).map { feature, words in feature.rule.words == nil ? nil : words })
    if case .constant(let value) = rules.missing {
      for index in result.features.indices {
        result.features[index].rule = result.features[index].rule.with(fill: value)
      }
    }
    return result
  }

  /// Reads the table for words and fill values.
  ///
  /// - Parameter isTraining: by the number of a row that is kept.
  private func fit(_ table: TableFile, _ survey: TableSurvey, isTraining: (Int) -> Bool) throws -> TableRules {
    let fitting = RuleFitting(
      rules, fields: layout.features, table.numbers,
      valueCount: survey.rowCount * rules.features.count { $0.rule.isNumeric })
    let encoder = RowEncoder(
      table.heading, rules, fields: layout.features, table.numbers, isFollowing: false)
    let targets = TargetEncoder(
      table.heading, rules.target, fields: layout.targets, table.numbers, isFollowing: false)
    var row = [Double](repeating: 0, count: encoder.width)
    let drops = rules.missing == .drop
    repeat {
      var number = 0
      try table.forEachRow(passes: 2) { record, line in
        if drops {
          let isKept = try row.withUnsafeMutableBufferPointer { row in
            try row.baseAddress.map { try encoder.encode(record, line: line, into: $0) } ?? true
          }
          guard isKept, targets.isComplete(record) else { return }
        }
        if isTraining(number) { fitting.add(record) }
        number += 1
      }
    } while fitting.endPass()
    let fitted = fitting.fitted
    if rules.missing == .mean || rules.missing == .median,
      let empty = fitted.features.first(where: { $0.rule.lacksFill })
    {
      throw Failure.data(
        "\(table.path): '\(empty.column.text.shownName)' has no value in the rows to train on, and so no mean or "
          + "median; leave it out with --drop")
    }
    return fitted
  }

  /// What is stored with the features.
  private var preparation: JSONValue {
    .object([.init("format", .string(CSVFormat.name))] + options.readingMembers + rules.members)
  }
}

extension TableLayout {
  /// That of no table.
  static let none = TableLayout(features: [], targets: [])
}
