/// The receiver operating characteristic and the curve of precision over recall, from the scores of all samples, in any
/// order: the result is the same.
public struct RankingCurves: Sendable, Equatable {
  public struct Point: Sendable, Equatable {
    public let x: Double
    public let y: Double
  }

  /// Share of negatives found (x) and share of positives found (y), from (0, 0) to (1, 1), a point for each threshold
  /// at which the curve bends.
  public let receiverOperating: [Point]
  /// Recall (x) and precision (y), falling thresholds, beginning at recall 0 with the precision of the first.
  public let precisionRecall: [Point]

  /// Nil without a positive or a negative sample, and where a score is NaN.
  ///
  /// Samples of one score are taken together. Of more than `limit` points as many are kept, equally spaced in their
  /// order, the first and the last among them; each is a point of the whole curve.
  ///
  /// - Complexity: O(N log N).
  public init?(scores: [Double], isPositive: [UInt8], limit: Int = 300) {
    precondition(
      scores.count == isPositive.count && limit >= 2, "\(scores.count) scores of \(isPositive.count) samples")
    let positives = isPositive.reduce(0) { $0 + Int($1) }, negatives = scores.count - positives
    guard positives > 0, negatives > 0, !scores.contains(where: \.isNaN) else { return nil }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var found = 0, seen = 0
    var counts: [(found: Int, false: Int)] = [(0, 0)]
    for (place, index) in order.enumerated() {
      (found, seen) = (found + Int(isPositive[index]), seen + 1)
      if place + 1 < order.count, scores[order[place + 1]] == scores[index] { continue }
      counts.append((found, seen - found))
    }
    // A point between two others on one line is no bend.
    let bends = counts.indices.filter { index in
      guard index > 0, index + 1 < counts.count else { return true }
      let (a, b, c) = (counts[index - 1], counts[index], counts[index + 1])
      return (b.found - a.found) * (c.false - b.false) != (c.found - b.found) * (b.false - a.false)
    }
    receiverOperating = Self.thinned(bends.map { counts[$0] }, to: limit).map {
      Point(x: Double($0.false) / Double(negatives), y: Double($0.found) / Double(positives))
    }
    let precisions = Self.thinned(Array(counts.dropFirst()), to: limit - 1).map {
      Point(x: Double($0.found) / Double(positives), y: Double($0.found) / Double($0.found + $0.false))
    }
    precisionRecall = (precisions.first.map { [Point(x: 0, y: $0.y)] } ?? []) + precisions
  }

  private static func thinned<Element>(_ points: [Element], to limit: Int) -> [Element] {
    guard points.count > limit, limit > 1 else { return points }
    return (0..<limit).map { points[$0 * (points.count - 1) / (limit - 1)] }
  }
}
