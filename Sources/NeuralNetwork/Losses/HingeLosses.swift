public import NumericCore

/// The hinge loss of several classes: Σ_{j ≠ y} max(0, m − z_y + z_j) / K for the label y and the margin m, as
/// PyTorch's `MultiMarginLoss` (Weston and Watkins 1999). Correct samples and positions count as in
/// `SoftmaxCrossEntropy`.
public struct MultiClassHinge<S: Scalar>: Loss {
  private let margin: S

  /// - Parameter margin: m, greater than 0.
  public init(margin: Double = 1) {
    precondition(margin > 0, "a hinge margin of \(margin)")
    self.margin = S(margin)
  }

  public var targetKind: TargetKind { .classIndex }

  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let (positions, classes) = sizes(outputs, targets, samples, gradient)
    let (loss, correct) = multiClassHinge(
      logits: outputs, labels: targets, classes: classes, margin: margin, gradient: gradient, positions: positions)
    return LossSums(loss: loss, correct: correct)
  }
}

/// The hinge loss of independent yes-or-no outputs: max(0, m − s · z) with s = 1 for a target above one half and s = −1
/// else (Cortes and Vapnik 1995). The correct share of a sample is that of its outputs on the right side of zero.
public struct BinaryHinge<S: Scalar>: Loss {
  private let margin: S

  /// - Parameter margin: m, greater than 0.
  public init(margin: Double = 1) {
    precondition(margin > 0, "a hinge margin of \(margin)")
    self.margin = S(margin)
  }

  public var targetKind: TargetKind { .binary }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let half = S(0.5), margin = margin
    var correct = 0
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { z, t in
      let sign: S = t > half ? 1 : -1
      let term = margin - sign * z
      correct += (z > 0) == (t > half) ? 1 : 0
      return (term <= 0 ? 0 : term, term > 0 ? -sign : 0)
    }
    return LossSums(loss: loss, correct: Double(correct) * Double(samples) / Double(max(1, outputs.count)))
  }
}
