import Basics
import DataPipeline
import HDF5Storage
public import Settings

/// Comma-separated values: a column of labels, all others numbers.
public struct CSVFormat: DataFormat {
  public static let name = "csv"
  public static let operands = "FILE.csv"
  public static let summary = "x is float32 [N, columns - 1], y the label column"
  public static let discussion = """
    Class names are sorted, numbered from 0 and kept as attribute 'classes' of y. Without --label it is the column \
    named label, target, class, y or species, otherwise the last.
    """
  public static let options =
    TableOptions.options.map { $0.lifted(\CSVFormat.table) } + [
      Option(
        "--labels", \CSVFormat.labels, "KIND",
        "auto: names are classes, whole numbers stay, other numbers are targets of a regression; classes: each "
          + "different cell is a class; values: float32 targets")
    ]

  public var table = TableOptions()
  /// How the label column becomes numbers.
  public var labels = LabelKind.automatic

  public init() {}

  public func check() throws { try table.check() }

  public var companions: [String] { [table.testFile].compactMap(\.self) }

  /// Writes the splits of one or two files, with the names of features and classes as attributes.
  public func write(_ sources: [String], to file: OutputFile) throws {
    try requireOne(sources, "name the test split's with --test-file")
    var tables = [try CSVTable(path: sources[0], options: table)]
    if let path = table.testFile {
      tables.append(try CSVTable(path: path, options: table).ordered(like: tables[0]))
    }
    let numbers = try CSVLabels(tables: tables, kind: labels)
    var splits = tables.indices.map {
      Split(name: $0 == 0 ? "train" : "test", table: $0, rows: tables[$0].labels.indices.map(\.self))
    }
    if let fraction = table.test {
      let split = try TestSplit(groups: numbers.groups(table: 0), fraction: fraction, seed: table.seed)
      splits = [Split(name: "train", table: 0, rows: split.train), Split(name: "test", table: 0, rows: split.test)]
    }
    if labels == .automatic, let note = numbers.note(name: tables[0].labelName) { file.notes.append(note) }
    let isWide = tables.contains { $0.features.contains(where: OutputFile.needsDouble) }
    for split in splits {
      let table = tables[split.table]
      let width = table.featureCount
      let features = split.rows.flatMap { table.features[($0 * width)..<(($0 + 1) * width)] }
      try file.write(numbers: features, "/\(split.name)/x", shape: [split.rows.count, width], isWide: isWide)
      if let names = table.featureNames { try file.setLines("names", names, of: "/\(split.name)/x") }
      let labelPath = "/\(split.name)/y"
      let shape = [split.rows.count]
      switch numbers {
      case .classes(let names, let indices):
        try file.write(labelPath, shape: shape, split.rows.map { indices[split.table][$0] })
        try file.setLines("classes", names, of: labelPath)
      case .integers(let values):
        try file.write(labelPath, shape: shape, split.rows.map { values[split.table][$0] })
      case .values(let values):
        try file.write(
          numbers: split.rows.map { values[split.table][$0] }, labelPath, shape: shape,
          isWide: values.contains { $0.contains(where: OutputFile.needsDouble) })
      }
      if let name = table.labelName { try file.setLines("name", [name], of: labelPath) }
    }
  }

  /// One split of the output: rows of one of the tables.
  private struct Split {
    let name: String
    let table: Int
    let rows: [Int]
  }
}

extension CSVLabels {
  /// What whole numbers are taken for, which the file does not say; nil for names and other numbers.
  ///
  /// - Parameter name: of the label column.
  fileprivate func note(name: String?) -> String? {
    guard case .integers(let values) = self else { return nil }
    let subject = "labels\(name.map { " '\($0.escaped)'" } ?? ""): "
    guard let reading = try? TargetReading(TargetSummary(integers: values[0]), place: { "record \($0 + 1)" }) else {
      return subject + "whole numbers that do not count classes; give --labels classes or --labels values"
    }
    let isValues = reading.kind == .values
    return subject + "\(reading.reason), which train takes for \(isValues ? "values" : "classes"); "
      + "--labels \(isValues ? "classes" : "values") decides otherwise"
  }

  /// The class of each row of a table for stratified splitting; one class for all where labels are values.
  fileprivate func groups(table: Int) -> [Int] {
    switch self {
    case .classes(_, let indices): indices[table].map(Int.init)
    // Whole numbers that hardly ever repeat are a regression's targets, and no classes to keep in proportion.
    case .integers(let values) where Set(values[table]).count > max(2, values[table].count / 4):
      [Int](repeating: 0, count: values[table].count)
    case .integers(let values): values[table].map { Int($0) }
    case .values(let values): [Int](repeating: 0, count: values[table].count)
    }
  }
}

/// How the label column of a CSV file becomes numbers.
public enum LabelKind: String, SettingChoice {
  /// Names become classes; whole numbers stay as they are; other numbers are regression targets.
  case automatic = "auto"
  /// Each different cell is a class, sorted and numbered from 0.
  case classes
  /// Targets of a regression.
  case values
}
