/// What the outputs and targets are that metrics are computed from.
public struct MetricTask: Sendable, Equatable {
  public enum Kind: Sendable {
    /// Outputs are logits of K classes [N, K], or of T positions [N, T, K]; targets are class indices [N] or [N, T].
    case labels
    /// Outputs are logits of K classes [N, K], targets their probabilities [N, K]; the most probable class is the label.
    case distributions
    /// Outputs are logits of independent yes-or-no questions [N, D], targets 0 or 1 [N, D].
    case binary
    /// Outputs and targets are numbers [N, D].
    case values
  }

  public let kind: Kind
  /// K or D.
  public let outputSize: Int
  /// Whether softmax or sigmoid of the outputs are probabilities, so that a log loss means something.
  public let hasProbabilities: Bool

  /// - Precondition: `outputSize` ≥ 1.
  public init(_ kind: Kind, outputSize: Int, hasProbabilities: Bool = true) {
    precondition(outputSize >= 1, "metrics of \(outputSize) outputs")
    self.kind = kind
    self.outputSize = outputSize
    self.hasProbabilities = hasProbabilities
  }

  var hasClasses: Bool { kind == .labels || kind == .distributions }

  /// The samples (positions, in a sequence) in a window of outputs.
  func count(_ outputs: Int, _ targets: Int) -> Int {
    let count = outputs / outputSize
    let expected = kind == .labels ? count : outputs
    precondition(
      outputs == count * outputSize && targets == expected, "\(outputs) outputs and \(targets) targets for \(self)")
    return count
  }
}
