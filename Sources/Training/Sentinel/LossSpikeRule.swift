import NumericCore

/// When a loss is a spike: more than `threshold` deviations above the median of the last `window` losses whose updates
/// were made. Before there are so many, nothing is one.
///
///     m = median xᵢ;  σ = max(1.4826 · median |xᵢ − m|, |m| / 100);  x > m + threshold · σ
///
/// A median and a median deviation do not follow the spikes that they are to find. 1.4826 makes the latter the standard
/// deviation of normal numbers; a hundredth of the loss is never thought much, or losses that hardly differ would make
/// a spike of anything.
package struct LossSpikeRule {
  package let window: Int
  package let threshold: Double
  /// So that a step allocates nothing.
  private let scratch: FlatBuffer<Double>

  package init(window: Int, threshold: Double) {
    (self.window, self.threshold) = (window, threshold)
    scratch = FlatBuffer(count: window)
  }

  /// The greatest loss that is no spike, and the median; nil as long as there are too few.
  ///
  /// - Parameter losses: the last ones.
  package func limit(_ losses: [Double]) -> (limit: Double, median: Double)? {
    guard losses.count >= window else { return nil }
    let sorted = scratch.view
    for i in sorted.indices { sorted[i] = losses[losses.count - window + i] }
    let median = Self.median(sorted)
    for i in sorted.indices { sorted[i] = abs(sorted[i] - median) }
    let deviation = max(1.4826 * Self.median(sorted), abs(median) / 100)
    return (median + threshold * deviation, median)
  }

  /// Of at least one number, which it sorts.
  private static func median(_ values: BufferView<Double>) -> Double {
    // Shell's sort: the library's would allocate.
    var gap = values.count
    while gap > 1 {
      gap = max(1, gap * 4 / 9)
      for i in gap..<values.count {
        let value = values[i]
        var place = i
        while place >= gap, values[place - gap] > value {
          values[place] = values[place - gap]
          place -= gap
        }
        values[place] = value
      }
    }
    return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}
