public import NumericCore
public import Settings

/// Binary cross-entropy with logits, one or several independent outputs a sample, as PyTorch's `BCEWithLogitsLoss`:
///
///     w · t · log(1 + e⁻ᶻ) + (1 − t) · log(1 + eᶻ)
///
/// with the positive weight w, 1 by default. Its derivative is (1 − t) · σ(z) − w · t · σ(−z). Both logarithms are
/// max(∓z, 0) + log(1 + e^−|z|), so that no logit overflows. The correct share of a sample is that of its outputs on
/// the right side of one half.
public struct BinaryCrossEntropy: Loss {
  /// w, one for all outputs or one for each: what a positive target counts, relative to a negative one.
  public var positiveWeight: [Double]

  public init(positiveWeight: [Double] = [1]) { self.positiveWeight = positiveWeight }

  public init() { self.init(positiveWeight: [1]) }

  public static let name = "binary_cross_entropy"
  public static let summary = "cross-entropy of yes-or-no outputs"
  public static let settings: [Setting<BinaryCrossEntropy>] = [
    Setting(
      "positive_weight", \.positiveWeight, .oneOrEach(.above(0)), "weight of a positive target, or one an output")
  ]
  public var targetKind: TargetKind { .binary }
  public var listOptions: [(key: String, count: Int, noun: String)] {
    positiveWeight.count > 1 ? [("positive_weight", positiveWeight.count, "outputs")] : []
  }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let size = sizes(outputs, targets, samples, gradient).targets
    precondition(
      positiveWeight.count == 1 || samples == 0 || positiveWeight.count == size,
      "\(positiveWeight.count) positive weights for \(size) outputs")
    let (loss, correct) = binaryCrossEntropy(
      logits: outputs, targets: targets, positiveWeights: positiveWeight, gradient: gradient,
      gradientScale: 1 / S(size))
    return StepScalars(loss: loss / Double(size), correct: correct / Double(size), samples: samples)
  }
}
