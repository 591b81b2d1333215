public import NumericCore
public import Settings

/// The focal loss −α_y · (1 − p_y)^γ · log p_y with p = softmax(logits) and the label y (Lin, Goyal, Girshick, He and
/// Dollár, "Focal loss for dense object detection", 2017), for any number of classes. Of two classes it is the paper's
/// sigmoid form in the difference of the logits. With γ = 0 and α = 1 it is the cross-entropy.
///
/// Its derivative by logit j is α_y · (1 − p_y)^γ · (1 − γ · p_y · log p_y / (1 − p_y)) · (p_j − [j = y]). log p comes
/// from shifted logits and 1 − p from the sum of the others, so that neither is lost for any logits. The mean is over
/// the samples, whatever their α. Correct samples and positions count as in `CrossEntropy`.
public struct FocalLoss: Loss {
  /// γ: how little well classified samples count.
  public var gamma: Double
  /// α: one a class, or that of class 1 of two, whose class 0 has 1 − α; nil for 1 each.
  public var alpha: [Double]?

  public init(gamma: Double = 2, alpha: [Double]? = nil) {
    self.gamma = gamma
    self.alpha = alpha
  }

  public init() { self.init(gamma: 2) }

  public static let name = "focal"
  public static let summary = "cross-entropy that counts well classified samples less"
  public static let settings: [Setting<FocalLoss>] = [
    Setting("gamma", \.gamma, .atLeast(0), "how little well classified samples count"),
    Setting("alpha", \.alpha, .oneOrEach(.atLeast(0)), "weight of class 1 of two, or one a class"),
  ]
  public var targetKind: TargetKind { .classIndex }
  public var listOptions: [(key: String, count: Int, noun: String)] {
    classAlphas.map { [("alpha", $0.count, alpha?.count == 1 ? "classes (a number alone is for two)" : "classes")] }
      ?? []
  }

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard let alpha, alpha.count == 1, alpha[0] > 1 else { return }
    throw reader.error("alpha", "expected a number from 0 to 1 for two classes, or a list with one a class")
  }

  /// α, one a class.
  private var classAlphas: [Double]? { alpha.map { $0.count == 1 ? [1 - $0[0], $0[0]] : $0 } }

  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let (positions, classes) = sizes(outputs, targets, samples, gradient)
    let alphas = classAlphas
    precondition(
      alphas.map { samples == 0 || $0.count == classes } ?? true, "\(alphas?.count ?? 0) alphas for \(classes) classes")
    let (loss, correct) = focalLoss(
      logits: outputs, labels: targets, classes: classes, gamma: S(gamma), alpha: alphas, gradient: gradient,
      positions: positions)
    return StepScalars(loss: loss, correct: correct, samples: samples)
  }
}
