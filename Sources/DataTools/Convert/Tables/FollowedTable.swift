import Basics
import DataPipeline
import Settings

/// Converts tables by the rules of an earlier one.
struct FollowedTable: Sendable {
  let rules: TableRules
  private let preparation: JSONValue
  private let owner: String

  /// Nil where the preparation is none of a table.
  init?(_ preparation: JSONValue, _ names: DataNames, of owner: String) {
    guard let rules = TableRules(preparation, classes: names.classes) else { return nil }
    (self.rules, self.preparation, self.owner) = (rules, preparation, owner)
  }

  /// Writes the split `test`, without targets where the rows have none.
  ///
  /// - Parameter isForPrediction: whether the last windows of a series, whose targets are still to come, are written
  ///   too,
  ///   and then no targets at all.
  func convert(_ path: String, _ options: TableOptions, isForPrediction: Bool, to file: OutputFile) throws {
    let table = try TableFile(path: path, beside: file.path, options: options, known: knownNames)
    file.notes += table.notes
    var layout = try layout(of: table.heading, notes: &file.notes)
    let survey = try FollowingSurvey(table, layout, rules, isFollowing: true, passes: 2)
    let hasTargets = try survey.hasTargets(table.heading, isRequired: false)
    if !hasTargets || isForPrediction && rules.window != nil { layout.targets = [] }
    let output = TableOutput(rules: rules, preparation: preparation, file: file, isFollowing: true)
    try output.write(
      table, layout, keys: survey.keys, parts: [.init(name: "test", rowCount: survey.rowCount)], passes: 1
    ) { _ in 0 }
  }

  func layout(of heading: TableHeading, notes: inout [String]) throws -> TableLayout {
    try TableLayout(heading, rules, of: owner, isStrict: false, notes: &notes)
  }

  /// Names of columns that make a first line a header.
  var knownNames: [String] { rules.features.map(\.column.text) + rules.targets.map(\.text) }
}
