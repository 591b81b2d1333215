import Basics
public import DataPipeline
import HDF5Storage
public import Settings

/// Comma-separated values: a column of labels or several of targets, all others features.
public struct CSVFormat: RepeatableFormat {
  public static let name = "csv"
  public static let operands = "FILE.csv"
  public static let summary = "x is float32 [N, features], y the label column or several targets"
  public static let discussion = """
    Class names are sorted, numbered from 0 and kept as attribute 'classes' of y. Without --label or --target it is \
    the column named label, target, class, y or species, otherwise the last. Columns of words become columns of 0 and \
    1. An empty cell, NA, N/A, NaN, null, none, ?, - or -- is a missing value. true and false are 1 and 0. A column \
    that numbers the rows, or is named as ids are and has all its cells different, is kept as id and is no feature. \
    The file is read two or three times and never held in memory.
    """
  public static let options =
    TableOptions.options.map { $0.lifted(\CSVFormat.table) } + [
      Option(
        "--labels", \CSVFormat.labels, "KIND",
        "auto: names are classes, whole numbers stay, other numbers are targets of a regression; classes: each "
          + "different cell is a class; values: float32 targets")
    ] + ColumnOptions.options.map { $0.lifted(\CSVFormat.columns) }

  public var table = TableOptions()
  /// How the label column becomes numbers.
  public var labels = LabelKind.automatic
  public var columns = ColumnOptions()
  public var isForPrediction = false
  /// The rules of earlier data.
  private var followed: FollowedTable?

  public init() {}

  public func check() throws {
    try table.check()
    try columns.check()
    guard table.label == nil || columns.target == nil && !columns.isUnlabelled else {
      throw Failure.usage("--label and --\(columns.target == nil ? "unlabelled" : "target") exclude each other")
    }
    guard columns.window == nil || table.testFile == nil else {
      throw Failure.usage("--window and --test-file exclude each other: --test takes the last part of the series")
    }
  }

  public var companions: [String] { [table.testFile].compactMap(\.self) }

  public static func reads(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".csv", ".tsv", ".tab"].contains { name.hasSuffix($0) || name.hasSuffix($0 + ".gz") }
  }

  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    let free = ["header", "encoding", "delimiter"]
    let given = (Self.settings.filter { !free.contains($0.key) }).first { $0.json(of: self) != $0.json(of: Self()) }
    if let given {
      let option = "--" + given.key.replacing("_", with: "-")
      throw Failure.usage("\(option) and --like exclude each other: \(owner) decides")
    }
    guard let followed = FollowedTable(preparation, names, of: owner) else {
      throw Failure.data("\(owner): its attribute '\(DataPreparation.attribute)' is not what data convert csv writes")
    }
    self.followed = followed
    try takeReading(of: preparation)
  }

  /// Writes the splits of one or two files, with the names of features and classes as attributes.
  public func write(_ sources: [String], to file: OutputFile) throws {
    try requireOne(sources, "name the test split's with --test-file")
    if let followed {
      return try followed.convert(sources[0], reading, isForPrediction: isForPrediction, to: file)
    }
    var conversion = TableConversion(self, to: file)
    try conversion.convert(sources[0])
  }
}

extension CSVFormat {
  /// How the file is read.
  var reading: TableOptions {
    var options = table
    options.numbers = columns.numbers
    return options
  }

  /// The columns that options name.
  var givenColumns: [String] {
    [table.label, columns.id, columns.group, columns.weight].compactMap(\.self)
      + [columns.target, columns.drop, columns.categorical].flatMap { $0?.columns ?? [] }
  }

  /// The options that say how the file is written, for new rows to be read alike.
  private static let readingKeys = ["header", "encoding", "delimiter", "decimal", "thousands"]

  /// Their settings in the preparation, where they are not the defaults.
  var readingMembers: [JSONValue.Member] {
    let defaults = Self()
    return Self.settings.compactMap { setting in
      let value = setting.json(of: self)
      guard Self.readingKeys.contains(setting.key), value != setting.json(of: defaults) else { return nil }
      return JSONValue.Member(setting.key, value)
    }
  }

  /// Takes those of a preparation, but for what the command line gives.
  fileprivate mutating func takeReading(of preparation: JSONValue) throws {
    let defaults = Self()
    for setting in Self.settings where Self.readingKeys.contains(setting.key) {
      guard let value = preparation[setting.key], setting.json(of: self) == setting.json(of: defaults) else { continue }
      try setting.read(value, as: setting.key, into: &self)
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
