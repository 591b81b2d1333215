import Basics
public import Settings

/// What the formats of comma-separated values share: how the file is read, and where the test split comes from.
public struct TableOptions: OptionGroup, Equatable {
  public static let options = [
    Option(
      "--header", \TableOptions.header, "RULE",
      "whether the first line names the columns; auto: it has no number, or a usual or given name of a column"),
    Option(
      "--label", \TableOptions.label, "NAME|INDEX", default: "by name",
      "the label column, by name or by number from 0 (-1 is the last)"),
    Option(
      "--encoding", \TableOptions.encoding, "NAME",
      "how bytes stand for characters: latin1, windows-1252, utf-16 or any other that iconv knows"),
    Option(
      "--delimiter", \TableOptions.delimiter, "C",
      "the character between cells, or tab; auto: comma, semicolon or tab, by the name and the first lines"),
    Option(
      "--test-file", \TableOptions.testFile, "FILE.csv", "another file with the same columns: the test split"),
    Option(
      "--test", \TableOptions.test, "FRACTION", .between(0, 1),
      "draws the test split from the rows, stratified by class"),
    Option("--seed", \TableOptions.seed, "N", "of the choice of test rows"),
  ]

  /// Whether the first record names the columns.
  public var header = HeaderRule.automatic
  /// The name of the label column, or its number from 0 (−1 is the last); nil for one with a usual name.
  public var label: String?
  public var encoding = TextEncodingName()
  public var delimiter = Delimiter()
  /// A second file, which becomes the test split.
  public var testFile: String?
  /// The fraction of the rows that becomes the test split, stratified by class; nil for none.
  public var test: Double?
  /// The seed of the choice of test rows.
  public var seed: UInt64 = 0
  /// How numbers are written.
  var numbers = NumberSyntax()

  public init() {}

  /// - Throws: `Failure` for a test split that is given twice.
  func check() throws {
    guard test == nil || testFile == nil else {
      throw Failure.usage("--test and --test-file exclude each other: the test split is either")
    }
  }
}

/// Whether a CSV file's first record is a header.
public enum HeaderRule: String, SettingChoice {
  /// A header is a first record without any number, or one with a usual name of a column, or 0, 1, 2, ….
  case automatic = "auto"
  case present = "yes"
  case absent = "no"
}

/// The byte between the cells of a table.
public struct Delimiter: SettingValue, Equatable {
  /// Nil for one that the first lines tell.
  public let byte: UInt8?

  public init(_ byte: UInt8? = nil) { self.byte = byte }

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> Delimiter {
    let text = try value.requireString(subject)
    if text == "auto" { return Delimiter() }
    let character = text == "tab" || text == "\\t" ? "\t" : text
    guard let byte = character.utf8.first, character.utf8.count == 1, !"\"\r\n".utf8.contains(byte) else {
      throw value.mismatch(subject, "one character, or tab")
    }
    return Delimiter(byte)
  }

  public func json(_ limits: NoLimits) -> JSONValue { .string(byte.map(Self.name) ?? "auto") }

  public static func value(ofText text: String) -> JSONValue { .string(text) }

  /// As `--delimiter` takes it.
  static func name(_ byte: UInt8) -> String { byte == 0x09 ? "tab" : String(UnicodeScalar(byte)) }

  /// A tab for the names that say so: `.tsv` and `.tab`, also of a compressed file.
  static func usual(for path: String) -> UInt8? {
    var parts = path.lowercased().split(separator: ".")
    if parts.last == "gz" { parts.removeLast() }
    return parts.count > 1 && (parts.last == "tsv" || parts.last == "tab") ? 0x09 : nil
  }
}
