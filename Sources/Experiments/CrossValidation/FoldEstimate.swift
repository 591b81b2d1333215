import Foundation
public import Settings

/// A figure over the folds of a cross-validation: its mean, how much it differs from fold to fold, and where the mean
/// may lie.
///
/// The interval is Student's t of J − 1 degrees of freedom around the mean, with the variance (1/J + n₂/n₁) s² in place
/// of s²/J, where J is the number of folds over all repeats and n₁, n₂ are the samples that a fold trains on and tests:
/// folds share most of their training samples, so that their figures are not independent, and the plain interval is too
/// narrow (C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003).
public struct FoldEstimate: Sendable, Equatable {
  public let name: String
  /// nil where the figure of a fold is not defined, or a fold has failed.
  public let mean: Double?
  /// The sample standard deviation s, dividing by J − 1; nil also of a single fold.
  public let deviation: Double?
  /// Half the width of the 95 % interval.
  public let margin: Double?

  public static let confidence = 0.95

  public init(_ name: String, of results: [FoldResult]) {
    self.name = name
    let values = results.compactMap { $0.state == .done ? $0[name] : nil }
    let count = Double(values.count)
    guard values.count == results.count, count > 0 else {
      (mean, deviation, margin) = (nil, nil, nil)
      return
    }
    let mean = values.reduce(0, +) / count
    self.mean = mean
    guard count > 1 else {
      (deviation, margin) = (nil, nil)
      return
    }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let ratio =
      results.reduce(0) { $0 + Double($1.testCount) } / results.reduce(0) { $0 + Double($1.trainCount) }
    deviation = variance.squareRoot()
    margin =
      StudentT(degrees: count - 1).quantile(0.5 + Self.confidence / 2) * ((1 / count + ratio) * variance).squareRoot()
  }

  public var json: JSONValue {
    [
      "mean": .finite(mean), "deviation": .finite(deviation),
      "low": .finite(mean.flatMap { mean in margin.map { mean - $0 } }),
      "high": .finite(mean.flatMap { mean in margin.map { mean + $0 } }),
    ]
  }
}
