import Foundation

/// Whether differences between configurations are more than chance.
public enum Significance {
  /// The probability of differences as far from 0 as these, were there none: the two-sided paired t-test (Student
  /// 1908).
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
    return StudentT(degrees: count - 1).twoSided(t)
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
}
