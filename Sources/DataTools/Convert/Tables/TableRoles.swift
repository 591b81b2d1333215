import Basics

/// What each column of a table is.
struct TableRoles {
  /// In the order in which they are given.
  var targets: [Int]
  /// In the order of the table.
  var features: [Int]
  /// The ids' column, as an option names it.
  var id: Int?
  /// Columns that may be ids by their names, if their cells are all different.
  var idCandidates: [Int] = []
  var group: Int?
  var weight: Int?

  /// - Throws: for a column that an option names and that is not there, or that is to be two things.
  init(_ heading: TableHeading, label: String?, _ options: ColumnOptions) throws {
    func columns(_ list: ColumnList?, _ option: String) throws -> [Int] {
      try list?.columns.map { try heading.column($0, option: option) } ?? []
    }
    var drop = Set(try columns(options.drop, "--drop"))
    if let names = heading.names {
      // All of a name that several have.
      let dropped = Set(drop.map { names[$0] })
      drop.formUnion(names.indices.filter { dropped.contains(names[$0]) })
    }
    let categorical = try columns(options.categorical, "--categorical")
    group = try options.group.map { try heading.column($0, option: "--group") }
    weight = try options.weight.map { try heading.column($0, option: "--weight") }
    if let name = options.id, name != "none" { id = try heading.column(name, option: "--id") }
    targets = try columns(options.target, "--target")
    if let label, options.target == nil { targets = [try heading.column(label, option: "--label")] }
    let taken = drop.union([group, weight, id].compactMap(\.self))
    if targets.isEmpty, !options.isUnlabelled {
      let free = heading.names.map { names in names.indices.map { taken.contains($0) ? "" : names[$0] } }
      let usual = CSVTable.usualColumn(CSVTable.labelNames, names: free)
      targets = [usual ?? (0..<heading.columnCount).last { !taken.contains($0) }].compactMap(\.self)
    }
    let uses =
      targets.map { ($0, options.target == nil ? "--label" : "--target") } + drop.map { ($0, "--drop") }
      + [(group, "--group"), (weight, "--weight"), (id, "--id")].compactMap { column, option in
        column.map { ($0, option) }
      }
    for (index, (column, option)) in uses.enumerated() {
      guard let other = uses[..<index].first(where: { $0.0 == column }) else { continue }
      // What groups the rows may also be what they are called.
      if Set([option, other.1]) == ["--group", "--id"] { continue }
      throw Failure.usage(
        "\(heading.title(column)) of \(heading.path.escaped) is named by \(other.1) and "
          + (option == other.1 ? "again" : "by \(option)") + "; a column is one thing")
    }
    let others = taken.union(targets)
    features = (0..<heading.columnCount).filter { !others.contains($0) }
    // The past of a target is what a window tells of its future.
    if options.window != nil { features = (features + targets).sorted() }
    if let stray = categorical.first(where: others.contains) {
      throw Failure.usage("--categorical: \(heading.title(stray)) of \(heading.path.escaped) is no feature")
    }
    guard !features.isEmpty else {
      throw Failure.data(
        heading.columnCount == 1
          ? "\(heading.path): line \(heading.line): one column, expected a label and at least one feature; is the "
            + "delimiter right?"
          : "\(heading.path): no column is left for features")
    }
    try checkUnique(heading)
    guard options.id == nil, features.count > 1, let names = heading.names else { return }
    idCandidates = features.filter { Self.mayBeID(names[$0]) }
  }

  private func checkUnique(_ heading: TableHeading) throws {
    guard let names = heading.names else { return }
    var seen: Set<String> = []
    guard let twice = features.first(where: { !seen.insert(names[$0]).inserted }) else { return }
    throw Failure.data(
      "\(heading.path): line \(heading.line): two columns are called '\(names[twice].shownName)'; give each column a "
        + "name of its own")
  }

  /// Whether a column so called has ids, if all of its cells are different.
  private static func mayBeID(_ name: String) -> Bool {
    let small = name.lowercased()
    return isCounterName(name) || ["id", "ids", "sample_id", "uuid", "guid"].contains(small)
      || ["_id", " id", "-id"].contains(where: small.hasSuffix)
      || (name.hasSuffix("Id") || name.hasSuffix("ID")) && name.dropLast(2).last?.isLowercase == true
  }

  /// Whether a column so called may be the number of the row: what pandas and R write for their index.
  static func isCounterName(_ name: String) -> Bool {
    let small = name.lowercased()
    return small.isEmpty || small.hasPrefix("unnamed:") || ["index", "row", "rownames", "row_names"].contains(small)
  }
}
