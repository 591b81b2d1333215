public import NumericCore

/// The focal loss −α_y · (1 − p_y)^γ · log p_y with p = softmax(logits) and the label y (Lin, Goyal, Girshick, He and
/// Dollár, "Focal loss for dense object detection", 2017), for any number of classes. Of two classes it is the paper's
/// sigmoid form in the difference of the logits. With γ = 0 and α = 1 it is the cross-entropy.
///
/// Its derivative by logit j is α_y · (1 − p_y)^γ · (1 − γ · p_y · log p_y / (1 − p_y)) · (p_j − [j = y]). log p comes
/// from shifted logits and 1 − p from the sum of the others, so that neither is lost for any logits. The mean is over
/// the samples, whatever their α. Correct samples and positions count as in `SoftmaxCrossEntropy`.
public struct FocalLoss<S: Scalar>: Loss {
  private let gamma: S
  /// α, one a class; nil where all are 1.
  private let alpha: FlatBuffer<S>?

  /// - Parameters:
  ///   - gamma: γ, at least 0; how little well classified samples count.
  ///   - alpha: α, at least 0, one a class; nil for 1 each.
  public init(gamma: Double = 2, alpha: [Double]? = nil) {
    precondition(gamma >= 0, "a focal gamma of \(gamma)")
    precondition(alpha?.allSatisfy { $0 >= 0 } ?? true, "focal alphas of \(alpha ?? [])")
    self.gamma = S(gamma)
    self.alpha = alpha.map { FlatBuffer($0.map { S($0) }) }
  }

  public var targetKind: TargetKind { .classIndex }

  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let (positions, classes) = sizes(outputs, targets, samples, gradient)
    precondition(
      alpha.map { samples == 0 || $0.count == classes } ?? true, "\(alpha?.count ?? 0) alphas for \(classes) classes")
    let (loss, correct) = focalLoss(
      logits: outputs, labels: targets, classes: classes, gamma: gamma, alpha: alpha?.window, gradient: gradient,
      positions: positions)
    return LossSums(loss: loss, correct: correct)
  }
}
