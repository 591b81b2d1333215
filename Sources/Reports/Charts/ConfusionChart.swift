import Basics

/// Samples by class (row) and prediction (column), darker where there are more of a row's.
public struct ConfusionChart: Sendable {
  public var name: String
  public var title: String
  /// One for each row and column.
  public var classes: [String]
  public var counts: [[Int]]
  public var width = 420.0

  /// - Precondition: as many rows and columns as classes.
  public init(_ name: String, title: String, classes: [String], counts: [[Int]]) {
    precondition(counts.count == classes.count && counts.allSatisfy { $0.count == classes.count })
    (self.name, self.title, self.classes, self.counts) = (name, title, classes, counts)
  }

  public var figure: Figure {
    let count = Double(classes.count)
    // Names that do not fit above their columns are numbered.
    let longest = classes.map { Scene.textWidth($0, size: 11) }.max() ?? 0
    let isNumbered = longest + 22 > min(80, (width - 40 - min(120, longest)) / count)
    let rowNames = isNumbered && longest > 16 ? classes.enumerated().map { "\($0 + 1) \($1)" } : classes
    let columnNames = isNumbered && longest > 16 ? classes.indices.map { "\($0 + 1)" } : classes
    let labels = min(120, (rowNames.map { Scene.textWidth($0, size: 11) }.max() ?? 0) + 6)
    let left = 12 + labels + 4, top = 56.0
    let cell = min(80, (width - 12 - left) / count)
    var scene = Scene(width: width, height: top + cell * count + 26)
    scene.text(Scene.fitted(title, to: width - 24, size: 13), 12, 18, size: 13, isBold: true)
    scene.text("rows: true class, columns: predicted", 12, 35, .faint, size: 11)
    // Of many classes, every second or fifth name and no numbers.
    let every = max(1, Int((14 / cell).rounded(.up)))
    for (row, name) in classes.enumerated() {
      let y = top + cell * Double(row)
      if row % every == 0 {
        scene.text(
          Scene.fitted(rowNames[row], to: labels, size: 11), left - 5, y + cell / 2 + 4, .faint, size: 11, anchor: .end)
        let short = Scene.fitted(columnNames[row], to: max(12, cell * Double(every) - 2), size: 10)
        scene.text(
          short, left + cell * (Double(row) + 0.5), top - 4, .faint, size: 10, anchor: .middle)
      }
      let total = counts[row].reduce(0, +)
      for (column, value) in counts[row].enumerated() {
        let x = left + cell * Double(column)
        let share = total > 0 ? Double(value) / Double(total) : 0
        scene.rectangle(
          x: x + 0.5, y: y + 0.5, width: cell - 1, height: cell - 1, .grid, opacity: 0.45)
        scene.rectangle(
          x: x + 0.5, y: y + 0.5, width: cell - 1, height: cell - 1, row == column ? .series(0) : .series(4),
          opacity: value == 0 ? 0 : 0.12 + 0.88 * share,
          note: "\(name) as \(classes[column]): \(grouped(value)), \(percentage(share))")
        if value > 0, cell >= 20, Scene.textWidth(grouped(value), size: 11) < cell {
          scene.text(
            grouped(value), x + cell / 2, y + cell / 2 + 4, share > 0.55 ? .paper : .text, size: 11, anchor: .middle)
        }
      }
    }
    return Figure(name: name, scene: scene)
  }
}
