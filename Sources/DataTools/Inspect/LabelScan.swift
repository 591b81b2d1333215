import DataPipeline

/// The labels of a split as classes, if that is what they are.
struct LabelScan {
  /// The number of samples of each label that occurs.
  let counts: [Int: Int]
  /// The finite labels that are no whole number, with their rows: a few examples, and how many there are.
  let nonIntegral: (count: Int, examples: [(row: Int, value: Double)])

  /// Decides whether `labels` are classes: all integers, or nearly all whole numbers, with at most 1,000 different ones
  /// which, if there are more than 20, occur twice on average. Returns nil for the targets of a regression.
  init?(_ labels: [Double], areIntegers: Bool) {
    var counts: [Int: Int] = [:]
    var nonIntegralCount = 0
    var examples: [(row: Int, value: Double)] = []
    for (row, value) in labels.enumerated() where value.isFinite {
      if let label = Int(exactly: value) {
        counts[label, default: 0] += 1
        if counts.count > 1_000 { return nil }
      } else {
        nonIntegralCount += 1
        if examples.count < 3 { examples.append((row, value)) }
      }
    }
    let integralCount = labels.count - nonIntegralCount
    guard !counts.isEmpty, areIntegers || nonIntegralCount * 20 <= labels.count else { return nil }
    guard counts.count <= 20 || counts.count * 2 <= integralCount else { return nil }
    self.counts = counts
    nonIntegral = (nonIntegralCount, examples)
  }
}

extension LabelScan {
  /// How many classes there seem to be: 0 to the greatest label, unless most of those numbers do not occur. Then the
  /// labels that follow 0 without a gap are the classes, and what lies beyond them is a slip, such as a 255 that stands
  /// for "none".
  var classCount: Int {
    let count = max(0, (counts.keys.max() ?? -1) + 1)
    let run = (0..<counts.count).first { counts[$0] == nil } ?? counts.count
    return count > 2 * counts.count && run > 1 ? run : count
  }

  /// Gaps between the classes 0 to `classCount` − 1: the number of missing classes, and the first gaps as text.
  func missingClasses(of classCount: Int, _ numbering: TargetTransform) -> (count: Int, text: String) {
    let present = counts.keys.compactMap(numbering.index).filter { (0..<classCount).contains($0) }.sorted()
    var gaps: [String] = []
    var missing = 0
    var expected = 0
    for label in present + [classCount] {
      if label > expected {
        missing += label - expected
        gaps.append(label == expected + 1 ? "\(expected)" : "\(expected) to \(label - 1)")
      }
      expected = label + 1
    }
    return (missing, gaps.prefix(5).joined(separator: ", ") + (gaps.count > 5 ? ", …" : ""))
  }
}
