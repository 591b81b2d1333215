import Basics

/// Where a table has what the rules speak of.
struct TableLayout {
  /// The fields of the feature rules.
  var features: [Int]
  /// Empty where the table has no targets.
  var targets: [Int]
  var id: Int?
  var group: Int?
  var weight: Int?
  var time: Int?

  /// Finds the columns of rules that were found on another table: by name in any order, or by position where either
  /// has no header.
  ///
  /// - Parameters:
  ///   - owner: the table or model whose rules they are, for messages.
  ///   - isStrict: whether the table has to have the targets, and no other column than those of the rules.
  /// - Throws: where a column is missing.
  init(
    _ heading: TableHeading, _ rules: TableRules, of owner: String, isStrict: Bool, notes: inout [String]
  ) throws {
    let isNamed = if case .name? = rules.features.first?.column { true } else { false }
    if isNamed, let names = heading.names {
      self = try Self.named(names, heading, rules, owner, isStrict: isStrict, notes: &notes)
      return
    }
    // By position: all columns in the order in which the first table had them.
    let own = rules.features.map(\.column) + rules.targets
    let width = rules.features.count
    let hasTargets = heading.columnCount > width || rules.window != nil
    let indices = own.map { key -> Int? in if case .index(let index) = key { index } else { nil } }
    if !indices.contains(nil), !isNamed, heading.columnCount > (indices.compactMap(\.self).max() ?? 0) {
      features = indices.prefix(width).compactMap(\.self)
      targets = indices.dropFirst(width).compactMap(\.self)
      func field(_ key: ColumnKey?) -> Int? { key.flatMap { heading.column($0) } }
      (id, group, weight, time) = (
        field(rules.id), field(rules.group), field(rules.weight), field(rules.window?.time)
      )
    } else if heading.columnCount == width, !isStrict {
      (features, targets) = (Array(0..<width), [])
    } else {
      let expected = isNamed ? ": " + listing(rules.features.map(\.column.text), limit: 20) : ""
      throw Failure.data(
        "\(heading.path): \(plural(heading.columnCount, "column"))\(isNamed ? " without a header" : ""), but "
          + "\(owner) takes \(plural(width, "feature"))\(hasTargets ? "" : " and no label")\(expected)")
    }
    if isNamed || heading.names != nil {
      notes.append(
        "\(heading.path.escaped): its columns are taken by position"
          + (isNamed ? ": " + listing(rules.features.map(\.column.text), limit: 20) : ""))
    }
  }

  init(features: [Int], targets: [Int]) { (self.features, self.targets) = (features, targets) }

  private static func named(
    _ names: [String], _ heading: TableHeading, _ rules: TableRules, _ owner: String, isStrict: Bool,
    notes: inout [String]
  ) throws -> TableLayout {
    var places: [String: Int] = [:], twice: Set<String> = []
    for (field, name) in names.enumerated() where places.updateValue(field, forKey: name) != nil { twice.insert(name) }
    func field(_ key: ColumnKey?) -> Int? {
      guard case .name(let name)? = key else { return nil }
      return names.firstIndex(of: name)
    }
    let wanted = rules.features.map(\.column.text)
    if let name = wanted.first(where: twice.contains) {
      throw Failure.data(
        "\(heading.path): line \(heading.line): two columns are called '\(name.shownName)'; name each but once")
    }
    let targetNames = rules.targets.map(\.text)
    let missing = wanted.filter { places[$0] == nil }
    let lacksTarget = targetNames.filter { places[$0] == nil }
    if isStrict, let target = lacksTarget.first {
      throw Failure.data(
        "\(heading.path) has no label column '\(target.shownName)', which \(owner) has; a test split needs labels: add "
          + "them, or leave --test-file out")
    }
    let beside = [rules.id, rules.group, rules.weight, rules.window?.time].compactMap { $0?.text }
    let all = Set(wanted + targetNames + beside + rules.unused)
    let more = names.filter { !all.contains($0) }
    guard missing.isEmpty, more.isEmpty || !isStrict else {
      let lacks = missing.isEmpty ? nil : "lacks \(text(missing))"
      let has = more.isEmpty || !isStrict ? nil : "has besides \(text(more))"
      throw Failure.data(
        "\(heading.path) \([lacks, has].compactMap(\.self).joined(separator: " and ")); expected the columns of "
          + "\(owner), in any order: \(listing(wanted, limit: 20))")
    }
    if !more.isEmpty {
      notes.append(
        "\(heading.path.escaped): \(text(more)) \(more.count == 1 ? "is none" : "are none") of \(owner.escaped) and "
          + "not used")
    }
    var layout = TableLayout(
      features: wanted.compactMap { places[$0] },
      targets: lacksTarget.isEmpty ? targetNames.compactMap { places[$0] } : [])
    let usualID = names.firstIndex { ["id", "ids", "sample_id"].contains($0.lowercased()) && !all.contains($0) }
    layout.id = field(rules.id) ?? (isStrict ? nil : usualID)
    layout.group = field(rules.group)
    layout.weight = field(rules.weight)
    layout.time = field(rules.window?.time)
    return layout
  }

  /// `the column 'a'`, `the columns a, b`.
  private static func text(_ names: [String]) -> String {
    names.count == 1 ? "the column '\(names[0].shownName)'" : "the columns \(listing(names, limit: 8))"
  }
}
