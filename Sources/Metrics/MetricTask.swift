import NumericCore

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

  /// The units of each output, for values that are scaled; empty for others. Figures are in the units of the data.
  public var units: [Unit] = []

  /// Above which logit the answer is yes, one for each yes-or-no output, or one for what the second of two classes has
  /// more than the first; empty for 0.
  public var thresholds: [Float] = []

  /// Whether it decides between yes and no, or between two classes, by probabilities.
  public var takesThresholds: Bool {
    hasProbabilities && valuesBehind == 0 && (kind == .binary || (kind == .labels && outputSize == 2))
  }

  /// How many thresholds it takes.
  public var thresholdCount: Int { kind == .binary ? outputSize : 1 }

  /// The class that a row of logits stands for.
  func prediction(_ logits: BufferView<Float>) -> Int {
    guard let threshold = thresholds.first, outputSize == 2 else { return firstGreatest(logits) }
    return logits[1] - logits[0] > threshold ? 1 : 0
  }

  /// What stands for 0 and for 1 of a scaled value, in the units of the data.
  public struct Unit: Sendable, Equatable {
    public let zero: Double
    /// Above 0.
    public let width: Double

    public init(zero: Double, width: Double) { (self.zero, self.width) = (zero, width) }
  }

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

  /// Scaled values of a row in the units of the data.
  func inUnits(_ row: BufferView<Float>) -> FlatBuffer<Float> {
    FlatBuffer(zip(row, units).map { Float(Double($0) * $1.width + $1.zero) })
  }

  /// Whether a target stands for no class, so that its sample counts for nothing.
  func isLeftOut(_ target: BufferView<Float>) -> Bool { kind == .labels && target[0] < 0 }

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
