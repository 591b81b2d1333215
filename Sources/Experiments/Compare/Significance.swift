import Foundation

/// Whether differences between configurations are more than chance.
public enum Significance {
  /// The probability of differences as far from 0 as these, were there none: the two-sided paired t-test (Student 1908).
  ///
  /// - Parameter differences: between two configurations, seed by seed.
  /// - Returns: nil for fewer than two.
  public static func pairedTTest(_ differences: [Double]) -> Double? {
    let count = Double(differences.count)
    guard count >= 2 else { return nil }
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    guard variance > 0 else { return mean == 0 ? 1 : 0 }
    let t = mean / (variance / count).squareRoot()
    let freedom = count - 1
    return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
  }

  /// Probabilities that hold for several comparisons together (Holm 1979), in the order given.
  public static func holm(_ probabilities: [Double]) -> [Double] {
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    var corrected = probabilities, greatest = 0.0
    for (rank, index) in order.enumerated() {
      greatest = max(greatest, min(1, probabilities[index] * Double(probabilities.count - rank)))
      corrected[index] = greatest
    }
    return corrected
  }

  /// Mean, and the standard deviation of a sample, 0 for one.
  public static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    guard values.count > 1 else { return (mean, 0) }
    return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot())
  }

  /// I_x(a, b), by the continued fraction of Press et al. ("Numerical recipes", 6.4), evaluated by Lentz' method.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    guard x < (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
    let beta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
    let power: Double = a * log(x) + b * log(1 - x)
    let front: Double = exp(power - beta) / a
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d: Double = 1 / kept(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...300 {
      let m = Double(step)
      let last: Double = a + 2 * m
      let even: Double = m * (b - m) * x / ((last - 1) * last)
      d = 1 / kept(1 + even * d)
      c = kept(1 + even / c)
      fraction *= d * c
      let odd: Double = -(a + m) * (a + b + m) * x / (last * (last + 1))
      d = 1 / kept(1 + odd * d)
      c = kept(1 + odd / c)
      fraction *= d * c
      if abs(d * c - 1) < 1e-14 { break }
    }
    return front * fraction
  }
}
