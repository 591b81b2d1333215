import Foundation

/// The numbers of an axis: from where to where it goes, which of them are written, and where a value stands.
public struct AxisScale: Sendable, Equatable {
  /// How distances on an axis follow from its values.
  public enum Kind: Sendable {
    case linear
    /// Equal distances for equal ratios; what is not above zero is left out.
    case logarithmic
    /// Logarithmic where all values are above zero and the greatest is more than 50 times the least.
    case automatic
  }

  public let isLogarithmic: Bool
  public let lower: Double
  public let upper: Double
  public let ticks: [Tick]

  public struct Tick: Sendable, Equatable {
    public let value: Double
    public let label: String
  }

  /// - Parameters:
  ///   - values: what has to have room; those that are not finite are left out.
  ///   - isWhole: whether the ticks are whole numbers, such as epochs.
  ///   - tickCount: about how many.
  ///   - fitsTicks: whether the axis goes on to the next tick on both sides.
  public init(
    _ values: [Double], kind: Kind = .linear, isWhole: Bool = false, tickCount: Int = 5, fitsTicks: Bool = false
  ) {
    let finite = values.filter(\.isFinite)
    let positive = finite.filter { $0 > 0 }
    let least = positive.min() ?? 1, greatest = finite.max() ?? 1
    isLogarithmic =
      switch kind {
      case .linear: false
      case .logarithmic: !positive.isEmpty
      case .automatic: positive.count == finite.count && !finite.isEmpty && greatest > 50 * least
      }
    if isLogarithmic {
      (lower, upper, ticks) = Self.logarithmic(least, max(greatest, least))
    } else {
      (lower, upper, ticks) = Self.linear(finite.min() ?? 0, greatest, isWhole, max(1, tickCount), fitsTicks)
    }
  }

  /// Where a value stands, from 0 at the lower end to 1 at the upper; nil for what the axis cannot show.
  public func position(_ value: Double) -> Double? {
    guard value.isFinite, upper > lower else { return value.isFinite ? 0.5 : nil }
    guard isLogarithmic else { return Self.finite((value - lower) / (upper - lower)) }
    guard value > 0 else { return nil }
    let start = Foundation.log(lower)
    return Self.finite((Foundation.log(value) - start) / (Foundation.log(upper) - start))
  }

  /// Nil where an axis goes from one end of all numbers to the other.
  private static func finite(_ position: Double) -> Double? { position.isFinite ? position : nil }

  /// Steps of 1, 2 or 5 times a power of ten.
  private static func linear(
    _ least: Double, _ greatest: Double, _ isWhole: Bool, _ count: Int, _ fitsTicks: Bool
  ) -> (Double, Double, [Tick]) {
    var (low, high) = (least, greatest)
    if high <= low {
      let room = low == 0 ? 1 : abs(low) * 0.1
      (low, high) = isWhole ? (low - 1, high + 1) : (low - room, high + room)
    }
    let raw = (high - low) / Double(count)
    guard raw.isFinite, raw > 0 else { return (low, high, []) }
    let power = pow(10, Foundation.log10(raw).rounded(.down))
    var step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power
    if isWhole { step = max(1, step.rounded()) }
    if fitsTicks { (low, high) = ((low / step).rounded(.down) * step, (high / step).rounded(.up) * step) }
    let first = (low / step - 1e-9).rounded(.up), last = (high / step + 1e-9).rounded(.down)
    guard last - first < 100 else { return (low, high, []) }
    let isShort = max(abs(low), abs(high)) >= 1e5
    let ticks = stride(from: first, through: last, by: 1).map { index in
      Tick(value: index * step, label: isShort ? short(index * step) : label(index * step, step: step))
    }
    return (low, high, ticks)
  }

  /// A tick at each power of ten; at 2 and 5 times those too where there are few.
  private static func logarithmic(_ least: Double, _ greatest: Double) -> (Double, Double, [Tick]) {
    let (low, high) =
      greatest > least ? (least / 1.1, min(greatest * 1.1, 1e308)) : (max(least / 2, 1e-323), min(greatest * 2, 1e308))
    let first = Int(Foundation.log10(low).rounded(.down)), last = Int(Foundation.log10(high).rounded(.up))
    // A ratio may be beyond all numbers.
    let decades = Foundation.log10(high) - Foundation.log10(low)
    let factors: [Double] = decades < 1.5 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1]
    let stride = decades > 8 ? Int((decades / 6).rounded(.up)) : 1
    var ticks: [Tick] = []
    for exponent in first...max(first, last) where exponent % stride == 0 {
      for factor in factors {
        let value = factor * pow(10, Double(exponent))
        if value >= low && value <= high { ticks.append(Tick(value: value, label: short(value))) }
      }
    }
    return (low, high, ticks)
  }

  /// With as many decimals as the step has.
  private static func label(_ value: Double, step: Double) -> String {
    if abs(value) < step / 1e6 { return "0" }
    if step < 1e-4 { return short(value) }
    let decimals = max(0, Int((-Foundation.log10(step) - 1e-9).rounded(.up)))
    return String(format: "%.\(decimals)f", value)
  }

  /// Such as `20k`, `2M`, `0.001` or `1e-5`.
  static func short(_ value: Double) -> String {
    // Not that of a negative zero.
    guard value != 0 else { return "0" }
    let units: [(size: Double, name: String)] = [(1e9, "G"), (1e6, "M"), (1e3, "k")]
    if abs(value) >= 1e4, abs(value) < 1e12, let unit = units.first(where: { abs(value) >= $0.size }) {
      return String(format: "%.4g", value / unit.size) + unit.name
    }
    return String(format: "%.4g", value).replacing("e-0", with: "e-").replacing("e+0", with: "e")
      .replacing("e+", with: "e")
  }
}
