import Foundation
public import Settings

/// What a parameter of a search can be. Numbers are also seen on a scale from 0 to 1, even or logarithmic, on which
/// samplers work; a choice stands for its index.
public enum Domain: Sendable, Equatable {
  /// Any JSON values, whole parts of a configuration included; at least one.
  case choices([JSONValue])
  /// low ≤ x ≤ high
  case real(low: Double, high: Double, isLogarithmic: Bool)
  /// low, low + step, … up to high
  case steps(low: Double, high: Double, step: Double, isLogarithmic: Bool, isWhole: Bool)

  /// The values that there are; nil for infinitely many.
  public var count: Int? {
    switch self {
    case .choices(let values): values.count
    case .real(let low, let high, _): low == high ? 1 : nil
    case .steps(let low, let high, let step, _, _): Int(((high - low) / step).rounded(.down)) + 1
    }
  }

  /// The value of this number, or the choice with this index, as a configuration has it.
  public func json(_ value: Double) -> JSONValue {
    switch self {
    case .choices(let values): values[min(max(0, Int(value)), values.count - 1)]
    case .real: .number(value)
    case .steps(_, _, _, _, let isWhole): isWhole ? .integer(Int(value)) : .number(value)
    }
  }

  /// The number or index that `json` shows; nil for what the domain does not have.
  public func value(_ json: JSONValue) -> Double? {
    switch self {
    case .choices(let values): return values.firstIndex(of: json).map(Double.init)
    case .real(let low, let high, _), .steps(let low, let high, _, _, _):
      guard let number = json.finiteNumber, number >= low, number <= high else { return nil }
      return number
    }
  }

  // MARK: The scale from 0 to 1

  /// The value at `place`, 0 ≤ place ≤ 1; of steps the nearest, each with its share of the scale.
  public func value(at place: Double) -> Double {
    switch self {
    case .choices(let values): return min(Double(values.count - 1), (place * Double(values.count)).rounded(.down))
    case .real(let low, let high, _): return min(high, max(low, unscaled(place)))
    case .steps(let low, _, let step, _, _):
      let steps = Double((count ?? 1) - 1)
      let number = min(steps, max(0, ((unscaled(place) - low) / step).rounded()))
      // Decimal steps stay as they are written: 0.1 and 3 steps of it give 0.3.
      return (number * step + low).roundedToDigits
    }
  }

  /// Where a number stands; of steps from the lower to the upper end of its share.
  func places(_ value: Double) -> (lower: Double, upper: Double) {
    switch self {
    case .choices: return (0, 1)
    case .real:
      let place = scaled(value)
      return (place, place)
    case .steps(_, _, let step, _, _): return (scaled(value - step / 2), scaled(value + step / 2))
    }
  }

  /// The middle of its place.
  func place(_ value: Double) -> Double {
    if case .choices(let values) = self { return (value + 0.5) / Double(values.count) }
    return scaled(value)
  }

  /// The ends of the scale, before the logarithm.
  private var ends: (low: Double, high: Double, isLogarithmic: Bool) {
    switch self {
    case .choices(let values): return (0, Double(values.count), false)
    case .real(let low, let high, let isLogarithmic): return (low, high, isLogarithmic)
    case .steps(let low, _, let step, let isLogarithmic, _):
      return (low - step / 2, low + step * (Double(count ?? 1) - 0.5), isLogarithmic)
    }
  }

  private func scaled(_ value: Double) -> Double {
    let (low, high, isLogarithmic) = ends
    guard high > low else { return 0.5 }
    let place = isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
    return min(1, max(0, place))
  }

  private func unscaled(_ place: Double) -> Double {
    let (low, high, isLogarithmic) = ends
    return isLogarithmic ? low * pow(high / low, place) : low + (high - low) * place
  }
}

extension Double {
  /// The nearest number of 12 decimal digits.
  fileprivate var roundedToDigits: Double { Double(String(format: "%.12g", self)) ?? self }
}
