import Foundation
import Basics
import Settings

/// What a comparison has come to: one row for each configuration, with mean and deviation over its seeds.
struct CompareTables {
  private let study: CompareStudy
  /// By configuration and seed.
  let results: [[TrialResult?]]

  init(_ study: CompareStudy, _ records: [JSONValue]) {
    self.study = study
    let all = records.map(TrialResult.init)
    results = study.variations.indices.map { variation in
      study.seeds.indices.map { all[variation * study.seeds.count + $0] }
    }
  }

  /// The figure of one goal by configuration and seed; nil where there is none. The epoch is that of the first goal.
  func figures(_ goal: Goal) -> [[Double?]] {
    results.map { row in
      row.map { result in
        guard let result, let best = study.goals[0].value(of: result) else { return nil }
        if goal.split == .test { return result.test(goal.metric) }
        return result.values(of: goal.key)[best.epoch - 1]
      }
    }
  }

  /// The configuration whose mean is best; nil where they train on different data, or none has a figure.
  var best: Int? {
    guard study.isOneContest, results.count > 1 else { return nil }
    let goal = study.goals[0]
    let means = figures(goal).map { row in
      row.contains { $0 == nil } ? nil : goal.score(Significance.moments(row.compactMap(\.self)).mean)
    }
    return means.indices.filter { means[$0] != nil }.min { (means[$0] ?? 0, $0) < (means[$1] ?? 0, $1) }
  }

  var lines: [String] { [""] + tableLines + [""] + verdict + checkpointLines + [""] }

  // MARK: The table

  private static func text(_ values: [Double]) -> String {
    guard !values.isEmpty else { return "–" }
    let (mean, deviation) = Significance.moments(values)
    return values.count == 1 ? shortNumber(mean) : "\(shortNumber(mean)) ± \(String(format: "%.2g", deviation))"
  }

  /// A table in cells, its head first; of each row whether it is the best.
  struct Cells {
    var head: [String]
    var rows: [(cells: [String], isBest: Bool)] = []
  }

  var table: Cells {
    let hasFailed = results.contains { $0.contains { $0?.state == .failed } }
    var table = Cells(head: ["configuration"] + study.goals.map(\.key) + (hasFailed ? ["failed"] : []))
    let columns = study.goals.map(figures)
    for (index, variation) in study.variations.enumerated() {
      var cells = [variation.name.shownName] + columns.map { Self.text($0[index].compactMap(\.self)) }
      if hasFailed { cells.append("\(results[index].count { $0?.state == .failed })/\(study.seeds.count)") }
      table.rows.append((cells, index == best))
    }
    return table
  }

  private var tableLines: [String] {
    let cells = table
    var table = TextTable([.left, .left] + cells.head.dropFirst().map { _ in .right })
    table.add([""] + cells.head)
    for row in cells.rows { table.add([row.isBest ? "*" : ""] + row.cells) }
    return table.lines + [legend]
  }

  var legend: String {
    let seeds = study.seeds.count == 1 ? "one seed" : "mean ± standard deviation over \(study.seeds.count) seeds"
    return "\(seeds); \(study.goals[0].epoch == .best ? "best" : "last") epoch"
  }

  // MARK: Significance

  /// The fewest seeds by which anything is told.
  private static let fewestSeeds = 3
  private static let level = 0.05

  /// Whether the others are worse than the best by more than chance, in words.
  var verdict: [String] {
    guard let best else {
      return study.isOneContest ? [] : ["on different data or losses, so that no configuration is called the best"]
    }
    let name = study.variations[best].name.shownName
    guard study.seeds.count >= Self.fewestSeeds else {
      return ["\(name) has the best mean; not enough seeds to tell whether by chance, give at least --seeds 3"]
    }
    let values = figures(study.goals[0])
    let others = values.indices.filter { $0 != best && !values[$0].contains(nil) }
    let raw = others.map { other in
      Significance.pairedTTest(zip(values[other], values[best]).map { ($0 ?? 0) - ($1 ?? 0) }) ?? 1
    }
    let corrected = Significance.holm(raw)
    let (worse, unclear) = (
      zip(others, corrected).filter { $1 < Self.level }, zip(others, corrected).filter { $1 >= Self.level }
    )
    func list(_ items: [(Int, Double)]) -> String {
      items.map {
        "\(study.variations[$0.0].name.shownName) (p \($0.1 < 0.001 ? "< 0.001" : "= " + String(format: "%.3f", $0.1)))"
      }
      .joined(separator: ", ")
    }
    let test = "paired t-test over \(study.seeds.count) seeds, Holm's correction"
    var lines = ["\(name) has the best mean; by \(test)"]
    if !worse.isEmpty { lines.append("  worse than it: \(list(worse))") }
    if !unclear.isEmpty { lines.append("  no difference to be told: \(list(unclear))") }
    return lines
  }

  // MARK: Checkpoints

  /// One table for each figure; without columns where there is no such figure.
  var checkpoints: [(key: String, cells: Cells)] {
    guard let checkpoints = study.checkpoints else { return [] }
    return checkpoints.keys.map { key in
      let figures = results.map { row in row.compactMap(\.self).map { checkpoints.figures($0, key: key) } }
      let places = Set(figures.joined().flatMap(\.keys)).sorted()
      var cells = Cells(head: ["\(key) after \(checkpoints.isByStep ? "step" : "epoch")"] + places.map(String.init))
      for (index, variation) in study.variations.enumerated() {
        let row = places.map { place in Self.text(figures[index].compactMap { $0[place] }) }
        cells.rows.append(([variation.name.shownName] + row, false))
      }
      return (key, cells)
    }
  }

  private var checkpointLines: [String] {
    checkpoints.flatMap { key, cells -> [String] in
      guard cells.head.count > 1 else { return ["", "\(key): there is no such figure where it is asked for"] }
      var table = TextTable([.left] + cells.head.dropFirst().map { _ in .right })
      for row in [cells.head] + cells.rows.map(\.cells) { table.add(row) }
      return [""] + table.lines
    }
  }
}
