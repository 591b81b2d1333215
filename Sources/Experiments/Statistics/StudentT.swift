import Foundation

/// Student's t distribution with ν degrees of freedom.
public struct StudentT: Sendable {
  public let degrees: Double

  /// - Precondition: ν > 0.
  public init(degrees: Double) {
    precondition(degrees > 0, "\(degrees) degrees of freedom")
    self.degrees = degrees
  }

  /// P(T ≤ t) = 1 − I(ν / (ν + t²); ν/2, 1/2) / 2 for t ≥ 0.
  public func cumulative(_ t: Double) -> Double {
    let tail = Self.incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
    return t >= 0 ? 1 - tail : tail
  }

  /// P(|T| ≥ |t|).
  public func twoSided(_ t: Double) -> Double { Self.incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) }

  /// The t with P(T ≤ t) = p, for 0 < p < 1.
  public func quantile(_ p: Double) -> Double {
    precondition(0 < p && p < 1, "a quantile of \(p)")
    guard p != 0.5 else { return 0 }
    guard p > 0.5 else { return -quantile(1 - p) }
    var (low, high) = (0.0, 1.0)
    while cumulative(high) < p { (low, high) = (high, high * 2) }
    // Halved until the two are neighbours.
    while true {
      let middle = low + (high - low) / 2
      guard middle > low && middle < high else { return high }
      if cumulative(middle) < p { low = middle } else { high = middle }
    }
  }

  /// The regularized incomplete beta function I(x; a, b), by Lentz's continued fraction (Press et al., Numerical
  /// Recipes, 3rd edition, section 6.4).
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let logFactor = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return x < (a + 1) / (a + b + 2)
      ? exp(logFactor) * fraction(x, a, b) / a : 1 - exp(logFactor) * fraction(1 - x, b, a) / b
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func bounded(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / bounded(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...10_000 {
      let m = Double(step)
      for coefficient in [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ] {
        d = 1 / bounded(1 + coefficient * d)
        c = bounded(1 + coefficient / c)
        result *= d * c
      }
      if abs(d * c - 1) < 1e-16 { break }
    }
    return result
  }
}
