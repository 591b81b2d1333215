import Basics
import Foundation
public import Settings

/// What becomes of the columns of a table.
public struct ColumnOptions: OptionGroup, Equatable {
  public static let options = [
    Option(
      "--target", \ColumnOptions.target, "COLUMNS", default: "as --label",
      "the target column, or several with commas between: numbers, or each yes or no"),
    Option(flag: "--unlabelled", \ColumnOptions.isUnlabelled, "x alone, as for an autoencoder"),
    Option("--drop", \ColumnOptions.drop, "COLUMNS", default: "none", "the columns to leave out"),
    Option(
      "--id", \ColumnOptions.id, "COLUMN|none", default: "by name",
      "the column of ids, kept beside x and given back by predict; none: every column is a feature"),
    Option("--group", \ColumnOptions.group, "COLUMN", default: "none", "kept as group, for folds.group=/train/group"),
    Option(
      "--weight", \ColumnOptions.weight, "COLUMN", default: "none", "kept as weight: what a row counts, 0 or more"),
    Option(
      "--missing", \ColumnOptions.missing, "RULE",
      "missing values: error, drop (the row), mean, median (of the training rows), constant or constant=V"),
    Option(
      "--categories", \ColumnOptions.categories, "KIND",
      "columns of words; auto: one_hot up to --category-limit different words, an error beyond; one_hot: a column of 0 "
        + "and 1 for each; numbers: from 1, 0 for unknown ones, as for an embedding"),
    Option(
      "--category-limit", \ColumnOptions.categoryLimit, "N", .closed(1, 65_536),
      "the most words of a column that auto makes columns of"),
    Option(
      "--categorical", \ColumnOptions.categorical, "COLUMNS", default: "none",
      "columns to take for words although they have numbers"),
    Option(
      "--dates", \ColumnOptions.dates, "RULE",
      "columns of dates; error; parts: year, month, day, weekday (0: Monday), and hour and minute where there are any"),
    Option("--decimal", \ColumnOptions.decimal, "MARK", "what stands before a fraction"),
    Option(
      "--thousands", \ColumnOptions.thousands, "C", default: "none", "the character between groups of three digits"),
    Option(
      "--window", \ColumnOptions.window, "STEPS", .closed(1, 65_536), default: "none",
      "cuts a series into windows of so many rows, x [N, STEPS, columns]; --test is then the last part"),
    Option(
      "--horizon", \ColumnOptions.horizon, "STEPS", default: "1",
      "how many rows behind the window's last the target is, 0 for that row; several with commas between"),
    Option(
      "--validation", \ColumnOptions.validation, "FRACTION", .between(0, 1), default: "none",
      "with --window: the part of the series before the test split's"),
  ]

  public var target: ColumnList?
  public var isUnlabelled = false
  public var drop: ColumnList?
  public var id: String?
  public var group: String?
  public var weight: String?
  public var missing = MissingRule.error
  public var categories = CategoryRule.automatic
  public var categoryLimit = 100
  public var categorical: ColumnList?
  public var dates = DateRule.error
  public var decimal = DecimalMark.point
  public var thousands: Delimiter?
  public var window: Int?
  public var horizon: Horizons?
  public var validation: Double?

  public init() {}

  /// How numbers are written.
  var numbers: NumberSyntax {
    NumberSyntax(decimal: UInt8(ascii: decimal == .comma ? "," : "."), thousands: thousands?.byte)
  }

  func check() throws {
    if let thousands = thousands?.byte, thousands == numbers.decimal || thousands &- 48 < 10 {
      throw Failure.usage(
        "--thousands \(Delimiter.name(thousands)): expected another character than digits and decimals")
    }
    if isUnlabelled, target != nil { throw Failure.usage("--unlabelled and --target exclude each other") }
    guard window == nil else { return try checkWindow() }
    for (option, isGiven) in [("--horizon", horizon != nil), ("--validation", validation != nil)] where isGiven {
      throw Failure.usage(
        "\(option) needs --window; of rows in any order, training takes a part to validate on by data.validation")
    }
  }

  private func checkWindow() throws {
    guard group == nil, weight == nil else {
      throw Failure.usage(
        "--window and --\(group == nil ? "weight" : "group") exclude each other: a window has many rows")
    }
    guard missing != .drop else {
      throw Failure.usage(
        "--missing drop leaves gaps in a series; give --missing mean, median or constant with --window")
    }
    guard !isUnlabelled else { throw Failure.usage("--unlabelled and --window exclude each other") }
  }
}

/// Columns by name or number, with commas between; a name that has commas stands in double quotes.
public struct ColumnList: SettingValue, Equatable {
  public let columns: [String]

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> ColumnList {
    let text = try value.requireString(subject)
    var columns: [String] = [""]
    var isQuoted = false
    for character in text {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: columns.append("")
      default: columns[columns.count - 1].append(character)
      }
    }
    columns = columns.map { $0.trimmingCharacters(in: .whitespaces) }
    guard !isQuoted, columns.allSatisfy({ !$0.isEmpty }) else {
      throw value.mismatch(subject, "names or numbers of columns with commas between")
    }
    return ColumnList(columns: columns)
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    .string(columns.map { $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ","))
  }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

/// How many rows behind a window's last its targets are.
public struct Horizons: SettingValue, Equatable {
  public let steps: [Int]

  public static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> Horizons {
    let text = try value.requireString(subject)
    let steps = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Int($0.trimmingCharacters(in: .whitespaces)).flatMap { (0...65_536).contains($0) ? $0 : nil }
    }
    guard !steps.contains(nil), Set(steps).count == steps.count else {
      throw value.mismatch(subject, "whole numbers from 0 to 65536, each once, with commas between")
    }
    return Horizons(steps: steps.compactMap(\.self))
  }

  public func json(_ limits: NoLimits) -> JSONValue { .string(steps.map(String.init).joined(separator: ",")) }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
}

/// What becomes of missing values.
public enum MissingRule: SettingValue, Equatable {
  case error, drop, mean, median
  case constant(Double)

  public static func read(
    _ value: JSONValue, _ subject: String, _ limits: NoLimits
  ) throws(SettingsError) -> MissingRule {
    let text = try value.requireString(subject)
    switch text {
    case "error": return .error
    case "drop": return .drop
    case "mean": return .mean
    case "median": return .median
    case "constant": return .constant(0)
    default:
      if text.hasPrefix("constant="), let number = Double(text.dropFirst(9)), Float(number).isFinite {
        return .constant(number)
      }
      throw value.mismatch(subject, "error, drop, mean, median, constant or constant=V")
    }
  }

  public func json(_ limits: NoLimits) -> JSONValue {
    switch self {
    case .error: "error"
    case .drop: "drop"
    case .mean: "mean"
    case .median: "median"
    case .constant(let value): .string(value == 0 ? "constant" : "constant=\(value)")
    }
  }
  public static func value(ofText text: String) -> JSONValue { .string(text) }
  public static var choices: [String] { ["error", "drop", "mean", "median", "constant"] }
}

/// What becomes of columns of words.
public enum CategoryRule: String, SettingChoice {
  case automatic = "auto"
  case oneHot = "one_hot"
  case numbers
}

/// What becomes of columns of dates.
public enum DateRule: String, SettingChoice { case error, parts }

/// What stands before a fraction.
public enum DecimalMark: String, SettingChoice { case point, comma }
