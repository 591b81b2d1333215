/// The numbers that a setting accepts, in words as well as in code.
public enum Interval<Number: Comparable & Sendable & CustomStringConvertible>: Sendable, CustomStringConvertible {
  case any
  /// lower ≤ x
  case atLeast(Number)
  /// lower < x
  case above(Number)
  /// lower ≤ x ≤ upper
  case closed(Number, Number)
  /// lower ≤ x < upper
  case halfOpen(Number, Number)
  /// lower < x ≤ upper
  case upTo(Number, above: Number)
  /// lower < x < upper
  case between(Number, Number)

  public func contains(_ number: Number) -> Bool {
    switch self {
    case .any: true
    case .atLeast(let lower): number >= lower
    case .above(let lower): number > lower
    case .closed(let lower, let upper): number >= lower && number <= upper
    case .halfOpen(let lower, let upper): number >= lower && number < upper
    case .upTo(let upper, let lower): number > lower && number <= upper
    case .between(let lower, let upper): number > lower && number < upper
    }
  }

  public var description: String {
    switch self {
    case .any: "any number"
    case .atLeast(let lower): "at least \(Self.text(lower))"
    case .above(let lower): "more than \(Self.text(lower))"
    case .closed(let lower, let upper): "from \(Self.text(lower)) to \(Self.text(upper))"
    case .halfOpen(let lower, let upper): "at least \(Self.text(lower)) and less than \(Self.text(upper))"
    case .upTo(let upper, let lower): "more than \(Self.text(lower)) and at most \(Self.text(upper))"
    case .between(let lower, let upper): "more than \(Self.text(lower)) and less than \(Self.text(upper))"
    }
  }

  /// The same for `--help`: empty where any number will do.
  public var words: String {
    if case .any = self { return "" }
    return description
  }

  /// `number` as people write it: without the `.0` of a whole one.
  private static func text(_ number: Number) -> String {
    number.description.hasSuffix(".0") ? String(number.description.dropLast(2)) : number.description
  }
}
