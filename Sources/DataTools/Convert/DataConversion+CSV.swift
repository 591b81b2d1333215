import Basics
import HDF5Storage

extension DataConversion {
  /// Writes the splits of one or two CSV files, with the names of features and classes as attributes.
  static func convertCSV(_ source: String, _ options: ConversionOptions, to file: OutputFile) throws {
    try options.checkTestSplit()
    var tables = [try CSVTable(path: source, options: options)]
    if let path = options.testFile {
      let test = try CSVTable(path: path, options: options)
      try checkColumns(tables[0], test)
      tables.append(test)
    }
    let labels = try CSVLabels(tables: tables, kind: options.labelKind)
    var splits = tables.indices.map {
      Split(name: $0 == 0 ? "train" : "test", table: $0, rows: tables[$0].labels.indices.map(\.self))
    }
    if let fraction = options.testFraction {
      let split = try TestSplit(groups: labels.groups(table: 0), fraction: fraction, seed: options.seed)
      splits = [Split(name: "train", table: 0, rows: split.train), Split(name: "test", table: 0, rows: split.test)]
    }
    for split in splits {
      let table = tables[split.table]
      let width = table.featureCount
      let features = split.rows.flatMap { table.features[($0 * width)..<(($0 + 1) * width)] }
      try file.write("/\(split.name)/x", shape: [split.rows.count, width], features)
      if let names = table.featureNames { try file.setLines("names", names, of: "/\(split.name)/x") }
      let labelPath = "/\(split.name)/y"
      let shape = [split.rows.count]
      switch labels {
      case .classes(let names, let indices):
        try file.write(labelPath, shape: shape, split.rows.map { indices[split.table][$0] })
        try file.setLines("classes", names, of: labelPath)
      case .integers(let values):
        try file.write(labelPath, shape: shape, split.rows.map { values[split.table][$0] })
      case .values(let values):
        try file.write(labelPath, shape: shape, split.rows.map { values[split.table][$0] })
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

  private static func checkColumns(_ train: CSVTable, _ test: CSVTable) throws {
    guard train.featureCount == test.featureCount else {
      throw Failure.data(
        "\(test.path) has \(test.featureCount) features and \(train.path) \(train.featureCount); they must have the same columns"
      )
    }
    guard let names = train.featureNames, let testNames = test.featureNames,
      let column = names.indices.first(where: { names[$0] != testNames[$0] })
    else { return }
    throw Failure.data(
      "\(test.path): feature '\(testNames[column])' stands where \(train.path) has '\(names[column])'; "
        + "they must have the same columns in the same order")
  }
}

extension CSVLabels {
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
