import Basics

extension JSONValue {
  /// How a message shows what was found: its JSON on one line, cut short if long.
  public var summary: String {
    let text = line
    return text.count <= 40 ? text : text.prefix(37) + "..."
  }

  /// This text.
  /// - Parameter subject: what the value is for, such as `data.path` or `--data`; errors begin with it.
  public func requireString(_ subject: String) throws(SettingsError) -> String {
    guard case .string(let text) = content else { throw mismatch(subject, "text in quotes") }
    guard !text.isEmpty else { throw mismatch(subject, "text that is not empty") }
    return text
  }

  /// This truth value.
  public func requireBool(_ subject: String) throws(SettingsError) -> Bool {
    guard case .bool(let value) = content else { throw mismatch(subject, "true or false") }
    return value
  }

  /// The greatest size or count that a setting may give: 2³¹ − 1. Two of them can be multiplied, and some such products
  /// added, before 64 bits are full.
  public static let greatestCount = Int(Int32.max)

  /// This size or count, if `interval` has it: a whole number whose magnitude is at most `greatestCount`. `1e3` and
  /// `1000.0` are whole numbers too.
  public func requireInteger(_ subject: String, in interval: Interval<Int> = .any) throws(SettingsError) -> Int {
    let integer = try wholeNumber(subject)
    if let integer, !interval.contains(integer) { throw mismatch(subject, interval.description) }
    guard let integer, integer <= Self.greatestCount else {
      throw mismatch(subject, "at most \(Self.greatestCount)")
    }
    guard integer >= -Self.greatestCount else { throw mismatch(subject, "at least -\(Self.greatestCount)") }
    return integer
  }

  /// This whole number from 0 to 2⁶³ − 1, which is more than any count: a seed.
  public func requireSeed(_ subject: String) throws(SettingsError) -> UInt64 {
    guard let seed = try wholeNumber(subject) else { throw mismatch(subject, "at most \(Int.max)") }
    guard seed >= 0 else { throw mismatch(subject, Interval.atLeast(0).description) }
    return UInt64(seed)
  }

  /// This whole number; nil for one above what 64 bits hold.
  private func wholeNumber(_ subject: String) throws(SettingsError) -> Int? {
    switch content {
    case .integer(let value): return value
    case .number(let value) where value.rounded() == value:
      guard value > -0x1p63 else { throw mismatch(subject, "at least -\(Self.greatestCount)") }
      return Int(exactly: value)
    default: throw mismatch(subject, "a whole number")
    }
  }

  /// This number, if `interval` has it.
  public func requireDouble(_ subject: String, in interval: Interval<Double> = .any) throws(SettingsError) -> Double {
    let number: Double
    switch content {
    case .integer(let value): number = Double(value)
    case .number(let value): number = value
    default: throw mismatch(subject, "a number")
    }
    // No file can say anything else, but a program can.
    guard number.isFinite else {
      throw SettingsError("\(subject): expected a finite number, found \(number)", at: position)
    }
    guard interval.contains(number) else { throw mismatch(subject, interval.description) }
    return number
  }

  /// This text, if it is one of `known`.
  public func requireName(_ subject: String, of known: [String]) throws(SettingsError) -> String {
    guard case .string(let name) = content, brokenJSON == nil else {
      throw mismatch(subject, "one of " + known.map { "\"\($0)\"" }.joined(separator: ", "))
    }
    guard known.contains(name) else {
      throw SettingsError("\(subject): unknown name '\(name)' (\(known.suggestion(for: name)))", at: position)
    }
    return name
  }

  /// The elements of this list.
  public func requireArray(_ subject: String) throws(SettingsError) -> [JSONValue] {
    guard case .array(let elements) = content else { throw mismatch(subject, "a list in brackets") }
    return elements
  }

  /// The complaint that something else was expected here.
  public func mismatch(_ subject: String, _ expected: String) -> SettingsError {
    if let brokenJSON { return SettingsError("\(subject): \(brokenJSON)") }
    return SettingsError("\(subject): expected \(expected), found \(summary)", at: position)
  }

  /// - Throws: where a text of the command line begins like a list or an object, but is no JSON5.
  public func requireSoundJSON(_ subject: String) throws(SettingsError) {
    if brokenJSON != nil { throw mismatch(subject, "JSON5") }
  }

  /// What is wrong with a text of the command line that begins like a list or an object and is taken for a plain text
  /// because it is no JSON5; nil for all else.
  private var brokenJSON: String? {
    guard case .string(let text) = content, position == nil, text.hasPrefix("[") || text.hasPrefix("{") else {
      return nil
    }
    do {
      _ = try JSON5Parser.parse(text, file: "")
      return nil
    } catch {
      let place = error.position?.column.map { ", column \($0) of \(text)" } ?? ""
      return "\(error.message)\(place); the shell takes quotes away: put all of it in single quotes"
    }
  }
}
