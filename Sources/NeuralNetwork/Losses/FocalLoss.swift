public import NumericCore

/// The focal loss −α_y · (1 − p_y)^γ · log p_y with p = softmax(logits) and the label y (Lin, Goyal, Girshick, He and Dollár, "Focal loss
/// for dense object detection", 2017), for any number of classes. Of two classes it is the paper's sigmoid form in the
/// difference of the logits. With γ = 0 and α = 1 it is the cross-entropy.
///
/// Its derivative by logit j is α_y · (1 − p_y)^γ · (1 − γ · p_y · log p_y / (1 − p_y)) · (p_j − [j = y]). log p comes from shifted
/// logits and 1 − p from the sum of the others, so that neither is lost for any logits. The mean is over the samples, whatever
/// their α. Correct samples and positions count as in `SoftmaxCrossEntropy`.
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
    return focalLoss(
      logits: outputs, labels: targets, classes: classes, gamma: gamma, alpha: alpha?.window, gradient: gradient,
      positions: positions)
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
private func focalLoss<S: Scalar>(
  logits: Window<S>, labels: Window<S>, classes: Int, gamma: S, alpha: Window<S>?, gradient: Window<S>?, positions: Int
) -> LossSums {
  var lossSum = 0.0
  var correct = 0
  for sample in labels.indices {
    let row = logits.window(sample * classes..<(sample + 1) * classes)
    let label = classIndex(labels[sample], of: classes)
    let best = firstGreatest(row)
    let greatest = row[best]
    var others: S = 0
    for j in row.indices where j != label { others += S.exponential(row[j] - greatest) }
    let sum = others + S.exponential(row[label] - greatest)
    let logarithm = (row[label] - greatest) - S.logarithm(sum)
    let miss = others / sum
    // x^γ by logarithms; 0⁰ is 1.
    let modulation = (alpha?[label] ?? 1) * (gamma == 0 ? 1 : S.exponential(gamma * S.logarithm(miss)))
    lossSum += Double(-modulation * logarithm)
    correct += best == label ? 1 : 0
    if let gradient {
      let gradientRow = gradient.window(sample * classes..<(sample + 1) * classes)
      // −log p / (1 − p) goes to 1 as p does.
      let ratio = miss > 0 ? -logarithm / miss : 1
      let factor = modulation * (1 + gamma * (1 - miss) * ratio) / S(positions)
      for j in row.indices { gradientRow[j] = factor * (S.exponential(row[j] - greatest) / sum) }
      gradientRow[label] = -factor * miss
    }
  }
  return LossSums(loss: lossSum / Double(positions), correct: Double(correct) / Double(positions))
}
