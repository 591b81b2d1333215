import Basics
import Settings

extension Domain {
  /// Reads `[ … ]` or `{ choices: [ … ] }`, or `{ low: 1e-4, high: 0.1, log: true, step: … }`: whole numbers where both
  /// ends are written as such, unless `type` is `float`.
  ///
  /// - Parameter reader: that of the object, for a parameter that is one; its other keys are left to the caller.
  init(reading reader: inout SettingsReader) throws(SettingsError) {
    if let choices = try reader.array("choices") {
      for key in ["low", "high", "log", "step", "type"] where reader.value(key) != nil {
        throw reader.error(key, "is for numbers and stands beside choices; leave one of the two out")
      }
      self = try Self.choices(checked: choices) { reader.error("choices", $0) }
      return
    }
    guard let lowValue = reader.value("low"), let highValue = reader.value("high") else {
      throw SettingsError(
        "\(reader.path): expected a list of choices, or low and high, as in { low: 1e-4, high: 0.1, log: true }",
        at: reader.error("low", "").position)
    }
    let low = try lowValue.requireDouble(reader.path(of: "low"))
    let high = try highValue.requireDouble(reader.path(of: "high"), in: .atLeast(low))
    let isLogarithmic = try reader.bool("log") ?? false
    let type = try reader.name("type", of: ["float", "integer"])
    let step = try reader.double("step", in: .above(0))
    if isLogarithmic && low <= 0 {
      throw lowValue.mismatch(reader.path(of: "low"), "more than 0 on a logarithmic scale")
    }
    let isWritten = [lowValue, highValue].allSatisfy { if case .integer = $0.content { true } else { false } }
    let isWhole = type.map { $0 == "integer" } ?? (isWritten && (step ?? 1).rounded() == (step ?? 1))
    if isWhole {
      for (key, value) in [("low", low), ("high", high), ("step", step ?? 1)] where value.rounded() != value {
        throw reader.error(key, "expected a whole number, found \(value)")
      }
    }
    guard isWhole || step != nil else {
      self = .real(low: low, high: high, isLogarithmic: isLogarithmic)
      return
    }
    let width = step ?? 1
    guard width <= high - low || high == low else {
      throw reader.error("step", "expected at most high - low, \(trimmedNumber(high - low)), found \(width)")
    }
    guard (high - low) / width < 1e9 else { throw reader.error("high", "makes more than a billion steps") }
    if isLogarithmic && low - width / 2 <= 0 {
      throw reader.error("low", "expected more than half a step on a logarithmic scale, found \(low)")
    }
    self = .steps(low: low, high: high, step: width, isLogarithmic: isLogarithmic, isWhole: isWhole)
  }

  /// The choices of a list, of which none may stand twice.
  static func choices(
    checked values: [JSONValue], error: (String) -> SettingsError
  ) throws(SettingsError) -> Domain {
    guard !values.isEmpty else { throw error("expected at least one value") }
    for index in values.indices where values[..<index].contains(values[index]) {
      throw error("\(values[index].summary) stands twice")
    }
    return .choices(values)
  }
}
