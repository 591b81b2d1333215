import Basics
import Reports
import Settings

/// The page of a comparison: its table, what the differences mean, and the curves.
struct ComparePage {
  private let study: CompareStudy
  private let tables: CompareTables

  init(_ study: CompareStudy, _ tables: CompareTables) { (self.study, self.tables) = (study, tables) }

  var text: String {
    var page = Page(title: RunName.of(study.file))
    let words = ([tables.legend] + tables.verdict).map { HTML.note($0) }.joined
    page.addHead(Self.html(tables.table) + words)
    page.addSection("Curves", .grid(of: curves))
    page.addSection(
      "Checkpoints", .grid(tables.checkpoints.filter { $0.cells.head.count > 1 }.map { Self.html($0.cells) }))
    page.addSection("Study", .details("study.json", .element("pre", text: study.description.text)))
    return page.file
  }

  private static func html(_ cells: CompareTables.Cells) -> HTML {
    var table = HTMLTable(cells.head)
    for row in cells.rows { table.add(row.cells, isMarked: row.isBest) }
    return table.html
  }

  /// One chart for each figure that epochs have: the mean over the seeds, and each seed faintly.
  private var curves: [Figure] {
    var keys: [String] = []
    for key in study.goals.map(\.key) + ["train_loss", "val_loss", "train_accuracy", "val_accuracy"]
    where !key.hasPrefix("test_") && !keys.contains(key) { keys.append(key) }
    return keys.compactMap(chart)
  }

  private func chart(_ key: String) -> Figure? {
    var series: [LineChart.Series] = []
    for (index, row) in tables.results.enumerated() {
      let curves = row.compactMap { $0?.values(of: key) }.filter { $0.contains { $0 != nil } }
      guard !curves.isEmpty else { continue }
      if curves.count > 1 {
        series += curves.map { curve in
          LineChart.Series("", Self.points(curve), style: .faint, ink: .series(index))
        }
      }
      let longest = curves.map(\.count).max() ?? 0
      // Behind the end of the shortest the mean would be of other seeds.
      let means = (0..<longest).map { epoch -> Double? in
        let values = curves.compactMap { $0.count > epoch ? $0[epoch] : nil }
        return values.count == curves.count ? values.reduce(0, +) / Double(values.count) : nil
      }
      series.append(.init(study.variations[index].name.shownName, Self.points(means), ink: .series(index)))
    }
    guard !series.isEmpty else { return nil }
    var chart = LineChart(key.replacing("_", with: "-"), title: "\(key) by epoch", xLabel: "epoch", series: series)
    (chart.xIsWhole, chart.yKind) = (true, .automatic)
    return chart.figure
  }

  private static func points(_ values: [Double?]) -> [Scene.Point] {
    values.enumerated().map { Scene.Point(Double($0 + 1), $1 ?? .nan) }
  }
}
