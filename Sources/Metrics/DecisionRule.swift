/// What a decision threshold is chosen by, on validation samples.
public enum DecisionRule: String, Sendable, CaseIterable {
  /// The greatest F1 of the positives.
  case f1
  /// The greatest sensitivity + specificity − 1 (Youden 1950), which is the greatest balanced accuracy.
  case youden
  /// The greatest share of right answers.
  case accuracy

  /// The threshold t for which the answers `score > t` are best: halfway between two scores, or 0 where that gives the
  /// same answers. Of equally good ones that nearest to 0; 0 where there are no positives, no negatives or scores that
  /// are no numbers.
  ///
  /// It is a `Float`, so that every program that compares scores with it in single precision gives the same answers.
  ///
  /// - Parameters:
  ///   - isPositive: 1 where the right answer is yes.
  ///   - weights: what each sample counts; empty for 1 each.
  /// - Complexity: O(N log N).
  public func threshold(scores: [Float], isPositive: [UInt8], weights: [Double] = []) -> Float {
    precondition(scores.count == isPositive.count, "\(scores.count) scores of \(isPositive.count) samples")
    func weight(_ index: Int) -> Double { weights.isEmpty ? 1 : weights[index] }
    let order = scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
    var positives = 0.0, negatives = 0.0
    for index in order {
      if isPositive[index] == 1 { positives += weight(index) } else { negatives += weight(index) }
    }
    guard positives > 0, negatives > 0, !scores.contains(where: \.isNaN) else { return 0 }
    func merit(_ hits: Double, _ misses: Double) -> Double {
      switch self {
      case .f1: 2 * hits / (positives + hits + misses)
      case .youden: hits / positives - misses / negatives
      case .accuracy: (hits + negatives - misses) / (positives + negatives)
      }
    }
    // First the answer no to all.
    var best = (merit: merit(0, 0), threshold: Self.between(scores[order[0]], .infinity))
    var hits = 0.0, misses = 0.0
    for (place, index) in order.enumerated() {
      if isPositive[index] == 1 { hits += weight(index) } else { misses += weight(index) }
      let next = place + 1 < order.count ? scores[order[place + 1]] : -.infinity
      guard next < scores[index] else { continue }
      let own = (merit: merit(hits, misses), threshold: Self.between(next, scores[index]))
      if own.merit > best.merit || (own.merit == best.merit && abs(own.threshold) < abs(best.threshold)) { best = own }
    }
    return best.threshold
  }

  /// A number t with lower ≤ t < upper: 0, or the middle, or the end that is finite.
  private static func between(_ lower: Float, _ upper: Float) -> Float {
    if lower <= 0 && 0 < upper { return 0 }
    if lower == -.infinity { return upper.nextDown }
    if upper == .infinity { return lower }
    let middle = lower / 2 + upper / 2
    return middle < upper && middle >= lower ? middle : lower
  }
}
