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
    /// Outputs are logits of K classes and a box [N, K + 4], targets a class index and a box [N, 5]; boxes are x centre, y centre,
    /// width and height.
    case detections
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

  var hasClasses: Bool { kind == .labels || kind == .distributions || kind == .detections }

  /// Outputs of a sample (position, in a sequence).
  var rowSize: Int { kind == .detections ? outputSize + 4 : outputSize }

  /// Targets of a sample.
  var targetSize: Int {
    switch kind {
    case .labels: 1
    case .detections: 5
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
