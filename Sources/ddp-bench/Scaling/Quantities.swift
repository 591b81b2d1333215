import Basics
import Settings

/// An amount with its unit on a command line.
protocol QuantityText: SettingValue where Limits == NoLimits {
  /// What it is, for messages: a time such as 10us.
  static var form: String { get }
  var text: String { get }
  /// Nil where `text` is no such amount.
  init?(_ text: String)
}

extension QuantityText {
  static func read(_ value: JSONValue, _ subject: String, _ limits: NoLimits) throws(SettingsError) -> Self {
    let text = try value.requireString(subject)
    guard let quantity = Self(text) else {
      throw SettingsError("\(subject): expected \(form), found '\(text.shownName)'")
    }
    return quantity
  }
  func json(_ limits: NoLimits) -> JSONValue { .string(text) }
  static func value(ofText text: String) -> JSONValue { .string(text) }
}

/// A time, such as `10us`.
struct TimeText: QuantityText {
  static let form = "a time such as 10us or 5ms"
  let text: String
  let seconds: Double

  init?(_ text: String) {
    guard let seconds = amount(text, [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1)]) else { return nil }
    (self.text, self.seconds) = (text, seconds)
  }
}

/// What a link carries in each direction, such as `10Gbit/s`.
struct RateText: QuantityText {
  static let form = "a rate such as 10Gbit/s or 1.2GB/s"
  let text: String
  let bytesPerSecond: Double

  init?(_ text: String) {
    let units: [(String, Double)] = [("Gbit/s", 1e9 / 8), ("Mbit/s", 1e6 / 8), ("GB/s", 1e9), ("MB/s", 1e6)]
    guard let rate = amount(text, units), rate > 0 else { return nil }
    (self.text, bytesPerSecond) = (text, rate)
  }
}

/// A number that is not negative and one of the units behind it, in its base; nil for anything else.
private func amount(_ text: String, _ units: [(suffix: String, factor: Double)]) -> Double? {
  for unit in units where text.hasSuffix(unit.suffix) {
    let number = text.dropLast(unit.suffix.count).filter { $0 != " " }
    if let value = Double(number), value >= 0, value.isFinite { return value * unit.factor }
  }
  return nil
}
