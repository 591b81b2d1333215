/// What the outputs and targets are that metrics are computed from.
public struct MetricTask: Sendable, Equatable {
  public enum Kind: Sendable {
    /// Outputs are logits of K classes [N, K], or of T positions [N, T, K]; targets are class indices [N] or [N, T].
    /// Where a class has V values beside it, such as the four numbers of a box, they stand behind both: [N, K + V] and
    /// [N, 1 + V].
    case labels
    /// Outputs are logits of K classes [N, K], targets their probabilities [N, K]; the most probable class is the
    /// label.
    case distributions
    /// Outputs are logits of independent yes-or-no questions [N, D], targets 0 or 1 [N, D].
    case binary
    /// Outputs and targets are numbers [N, D].
    case values
  }

  public let kind: Kind
  /// K or D.
  public let outputSize: Int
  /// V, the values behind the logits of a row and behind the label of a target; 0 for most tasks.
  public let valuesBehind: Int
  /// Whether softmax or sigmoid of the outputs are probabilities, so that a log loss means something.
  public let hasProbabilities: Bool

  /// - Precondition: `outputSize` ≥ 1.
  public init(_ kind: Kind, outputSize: Int, valuesBehind: Int = 0, hasProbabilities: Bool = true) {
    precondition(
      outputSize >= 1 && (valuesBehind == 0 || kind == .labels),
      "metrics of \(outputSize) outputs with \(valuesBehind) values")
    self.kind = kind
    self.outputSize = outputSize
    self.valuesBehind = valuesBehind
    self.hasProbabilities = hasProbabilities
  }

  var hasClasses: Bool { kind == .labels || kind == .distributions }

  /// Outputs of a sample (position, in a sequence).
  var rowSize: Int { outputSize + valuesBehind }

  /// Targets of a sample.
  var targetSize: Int {
    switch kind {
    case .labels: 1 + valuesBehind
    case .distributions, .binary, .values: outputSize
    }
  }

  /// The samples (positions, in a sequence) in a window of outputs.
  func count(_ outputs: Int, _ targets: Int) -> Int {
    let count = outputs / rowSize
    precondition(
      outputs == count * rowSize && targets == count * targetSize,
      "\(outputs) outputs and \(targets) targets for \(self)")
    return count
  }
}
