import Foundation

/// Such as `12,345`.
public func grouped(_ number: Int) -> String {
  var text = String(abs(number))
  var index = text.count - 3
  while index > 0 {
    text.insert(",", at: text.index(text.startIndex, offsetBy: index))
    index -= 3
  }
  return number < 0 ? "-" + text : text
}

/// A sum of counts or of weights, such as `1,437` or `12.35`.
public func countText(_ count: Double) -> String { Int(exactly: count).map(grouped) ?? shortNumber(count) }

/// Such as `0.0123`, `1.234` or `1.2e-07`: four significant digits.
public func shortNumber(_ value: Double) -> String {
  // The sign of a NaN says nothing.
  guard !value.isNaN else { return "nan" }
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  let size = abs(value)
  if size >= 1e5 || size < 1e-4 { return String(format: "%.3g", value) }
  return String(format: "%.*f", max(0, 3 - Int(log10(size).rounded(.down))), value)
}

/// Such as `0.001` or `2.5e-05`: as many of four significant digits as say something.
public func trimmedNumber(_ value: Double) -> String { String(format: "%.4g", value) }

/// Such as `1 rank` or `1,024 samples`.
public func plural(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }

/// Such as `97.31 %`.
public func percentage(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

/// Such as `12 ms`, `0.8 s`, `3 min 20 s` or `2 h 5 min`.
public func shortTime(_ seconds: Double) -> String {
  if seconds < 0.1 { return "\(Int((seconds * 1000).rounded(.up))) ms" }
  if seconds < 10 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// Such as `512 bytes`, `66.1 kB` or `1.2 GB`.
public func byteText(_ count: Double) -> String {
  var (value, unit) = (count, 0)
  let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
  while value >= 1000 && unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
  return unit == 0 ? "\(Int(value)) bytes" : String(format: "%.1f ", value) + units[unit]
}

extension Duration {
  /// In seconds.
  public var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// Bytes as people say them: `3.5 GB`.
public func shortBytes(_ bytes: Double) -> String {
  let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
  var value = bytes, unit = 0
  while value >= 1000, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
  return unit == 0 ? "\(Int(value)) B" : "\(shortNumber(value)) \(units[unit])"
}
