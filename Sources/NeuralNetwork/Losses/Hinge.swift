public import NumericCore
public import Settings

/// The hinge loss of several classes: Σ_{j ≠ y} max(0, m − z_y + z_j) / K for the label y and the margin m, as
/// PyTorch's `MultiMarginLoss` (Weston and Watkins 1999). Correct samples and positions count as in `CrossEntropy`.
public struct Hinge: Loss {
  /// m.
  public var margin: Double

  public init(margin: Double = 1) { self.margin = margin }

  public init() { self.init(margin: 1) }

  public static let name = "hinge"
  public static let summary = "a margin between the logit of the label and the others"
  public static let settings: [Setting<Hinge>] = [
    Setting("margin", \.margin, .above(0), "how far on the right side counts as enough")
  ]
  public var givesProbabilities: Bool { false }

  public var targetKind: TargetKind { .classIndex }

  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let (positions, classes) = sizes(outputs, targets, samples, gradient)
    let (loss, correct) = multiClassHinge(
      logits: outputs, labels: targets, classes: classes, margin: S(margin), gradient: gradient, positions: positions)
    return StepScalars(loss: loss, correct: correct, samples: samples)
  }
}
