public import NumericCore

/// Binary cross-entropy with logits, one or several independent outputs a sample, as PyTorch's `BCEWithLogitsLoss`:
///
///     w · t · log(1 + e⁻ᶻ) + (1 − t) · log(1 + eᶻ)
///
/// with the positive weight w, 1 by default. Its derivative is (1 − t) · σ(z) − w · t · σ(−z). Both logarithms are
/// max(∓z, 0) + log(1 + e^−|z|), so that no logit overflows. The correct share of a sample is that of its outputs on the right
/// side of one half.
public struct BinaryCrossEntropy<S: Scalar>: Loss {
  /// w, one for all outputs or one for each.
  private let positiveWeights: FlatBuffer<S>

  /// - Parameter positiveWeights: what a positive target counts, relative to a negative one; one for all outputs or one for each.
  public init(positiveWeights: [Double] = [1]) {
    precondition(
      !positiveWeights.isEmpty && positiveWeights.allSatisfy { $0 > 0 }, "positive weights of \(positiveWeights)")
    self.positiveWeights = FlatBuffer(positiveWeights.map { S($0) })
  }

  public var targetKind: TargetKind { .binary }

  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let size = sizes(outputs, targets, samples, gradient).targets
    precondition(
      positiveWeights.count == 1 || samples == 0 || positiveWeights.count == size,
      "\(positiveWeights.count) positive weights for \(size) outputs")
    let (loss, correct) = binaryCrossEntropy(
      logits: outputs, targets: targets, positiveWeights: positiveWeights.window, gradient: gradient,
      gradientScale: 1 / S(size))
    return LossSums(loss: loss / Double(size), correct: correct / Double(size))
  }
}
