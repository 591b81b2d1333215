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

  /// This whole number, if `interval` has it. `1e3` and `1000.0` are whole numbers too.
  public func requireInteger(_ subject: String, in interval: Interval<Int> = .any) throws(SettingsError) -> Int {
    let integer: Int? =
      switch content {
      case .integer(let value): value
      case .number(let value): Int(exactly: value)
      default: nil
      }
    guard let integer else { throw mismatch(subject, "a whole number") }
    guard interval.contains(integer) else { throw mismatch(subject, interval.description) }
    return integer
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
    guard case .string(let name) = content else {
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
    SettingsError("\(subject): expected \(expected), found \(summary)", at: position)
  }
}
