import Diagnostics

extension JSONValue {
  /// How a message shows what was found: its JSON on one line, cut short if long.
  var summary: String {
    let text = line
    return text.count <= 40 ? text : text.prefix(37) + "..."
  }

  /// This text.
  /// - Parameter subject: what the value is for, such as `data.path` or `--data`; errors begin with it.
  func requireString(_ subject: String) throws(ConfigurationError) -> String {
    guard case .string(let text) = content else { throw mismatch(subject, "text in quotes") }
    guard !text.isEmpty else { throw mismatch(subject, "text that is not empty") }
    return text
  }

  /// This truth value.
  func requireBool(_ subject: String) throws(ConfigurationError) -> Bool {
    guard case .bool(let value) = content else { throw mismatch(subject, "true or false") }
    return value
  }

  /// This whole number, if `interval` has it. `1e3` and `1000.0` are whole numbers too.
  func requireInteger(_ subject: String, in interval: Interval<Int>) throws(ConfigurationError) -> Int {
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
  func requireDouble(_ subject: String, in interval: Interval<Double>) throws(ConfigurationError) -> Double {
    let number: Double
    switch content {
    case .integer(let value): number = Double(value)
    case .number(let value): number = value
    default: throw mismatch(subject, "a number")
    }
    guard interval.contains(number) else { throw mismatch(subject, interval.description) }
    return number
  }

  /// This text, if it is one of `known`.
  func requireName(_ subject: String, of known: [String]) throws(ConfigurationError) -> String {
    guard case .string(let name) = content else {
      throw mismatch(subject, "one of " + known.map { "\"\($0)\"" }.joined(separator: ", "))
    }
    guard known.contains(name) else {
      throw ConfigurationError("\(subject): unknown name '\(name)' (\(known.suggestion(for: name)))", at: position)
    }
    return name
  }

  /// The complaint that something else was expected here.
  func mismatch(_ subject: String, _ expected: String) -> ConfigurationError {
    ConfigurationError("\(subject): expected \(expected), found \(summary)", at: position)
  }
}
