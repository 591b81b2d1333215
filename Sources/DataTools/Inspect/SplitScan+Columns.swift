import Basics
import DataPipeline
import HDF5Storage

/// Labels of several numbers a row, whose attribute `columns` names them, one a line.
struct LabelColumns {
  let names: [String]
  /// The numbers of each column.
  let values: [[Double]]
  private let path: String

  /// - Returns: nil where the labels have no such attribute, or not a name for each number.
  /// - Throws: `Failure` if the labels cannot be read.
  init?(_ labels: any SampleRows) throws {
    let width = labels.rowElementCount
    let listed = try labels.object.flatMap { try labels.file.textsAttribute("columns", of: $0) }.map(DataNames.lines)
    guard let names = labels.columnNames ?? listed, width > 1,
      names.count == width
    else { return nil }
    let rows: [Double] = try labels.readAll()
    self.names = names
    path = labels.path
    values = names.indices.map { column in stride(from: column, to: rows.count, by: width).map { rows[$0] } }
  }

  /// The column of class indices; nil where there is none.
  var labels: [Double]? { names.first == "class" ? values[0] : nil }

  var report: [InspectedColumn] {
    zip(names, values).map { InspectedColumn(name: $0, statistics: ValueScan(column: $1).statistics) }
  }

  /// Rows whose box the training of a detector refuses, if the columns are those of boxes: their number, and a few of
  /// them.
  var unfitBoxes: (count: Int, examples: [String]) {
    guard names == ShapeWriter.columns else { return (0, []) }
    func box(_ row: Int) -> [Double] { values.dropFirst().map { $0[row] } }
    let rows = values[0].indices.filter { !ClassesAndBoxes.isBox(box($0)[...]) }
    let examples = rows.prefix(3).map { "row \($0) is \(box($0))" }
    return (rows.count, examples)
  }
}

extension ValueScan {
  /// One column of numbers.
  init(column values: [Double]) {
    self.init(width: 1)
    values.withUnsafeBufferPointer { add($0, width: 1, firstRow: 0) }
  }
}
