public import NumericCore
public import Settings

/// The hinge loss of several classes: Σ_{j ≠ y} max(0, m − z_y + z_j) / K for the label y and the margin m, as PyTorch's
/// `MultiMarginLoss` (Weston and Watkins 1999). Correct samples and positions count as in `CrossEntropy`.
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

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?
  ) -> StepScalars {
    let (positions, classes) = sizes(outputs, targets, samples, gradient)
    let margin = S(margin)
    var lossSum = 0.0
    var correct = 0
    let scale = 1 / S(classes * positions)
    for sample in targets.indices {
      let row = outputs.window(sample * classes..<(sample + 1) * classes)
      let label = classIndex(targets[sample], of: classes)
      var loss: S = 0, violations: S = 0
      for j in row.indices {
        let term = j == label ? 0 : margin - row[label] + row[j]
        // Written so that NaN is kept.
        loss += term <= 0 ? 0 : term
        violations += term > 0 ? 1 : 0
        if let gradient { gradient[sample * classes + j] = term > 0 ? scale : 0 }
      }
      if let gradient { gradient[sample * classes + label] = -scale * violations }
      lossSum += Double(loss)
      correct += firstGreatest(row) == label ? 1 : 0
    }
    return StepScalars(
      loss: lossSum / Double(classes * positions), correct: Double(correct) / Double(positions), samples: samples)
  }
}
