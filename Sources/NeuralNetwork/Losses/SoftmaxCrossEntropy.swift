public import NumericCore

/// The cross-entropy −Σⱼ wⱼ · qⱼ · log softmax(logits)ⱼ, as PyTorch's `CrossEntropyLoss`.
///
/// q is the target: 1 at the label, or the distribution that a sample gives, smoothed to (1 − ε) · q + ε / K for K
/// classes (Szegedy et al. 2016). w are the weights of the classes. With plain labels this is −log
/// softmax(logits)[label].
///
/// - log softmax is logitⱼ − max − log Σ exp(logit − max), which is stable for any logits. The gradient is
///   (Σⱼ wⱼ · qⱼ) · softmax(logits) − w · q.
/// - The weight of a labelled sample is that of its label, so that a step's loss is a weighted mean; a distribution
///   weighs 1.
/// - A sample is correct where its greatest logit (the first, in a tie) is the label's, or that of the most probable
///   class.
/// - Where a sample has several positions with a label each, as in a sequence, its loss and weight are their means, and
///   it is correct in the share of them that are.
public struct SoftmaxCrossEntropy<S: Scalar>: Loss {
  public let targetKind: TargetKind
  private let labelSmoothing: S
  /// w, one a class; nil where all are 1.
  private let classWeights: FlatBuffer<S>?

  /// - Parameters:
  ///   - targets: `classIndex`, or `classDistribution` for rows of K probabilities.
  ///   - labelSmoothing: ε, at least 0 and less than 1.
  ///   - classWeights: w, at least 0, one a class; nil for 1 each.
  public init(targets: TargetKind = .classIndex, labelSmoothing: Double = 0, classWeights: [Double]? = nil) {
    precondition(targets == .classIndex || targets == .classDistribution, "cross-entropy of \(targets) targets")
    precondition((0..<1).contains(labelSmoothing), "a label smoothing of \(labelSmoothing)")
    precondition(classWeights?.allSatisfy { $0 >= 0 } ?? true, "class weights of \(classWeights ?? [])")
    targetKind = targets
    self.labelSmoothing = S(labelSmoothing)
    self.classWeights = classWeights.map { FlatBuffer($0.map { S($0) }) }
  }

  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    var (positions, classes) = sizes(outputs, targets, samples, gradient)
    if targetKind == .classDistribution { (positions, classes) = (1, positions) }
    precondition(
      classWeights.map { samples == 0 || $0.count == classes } ?? true,
      "\(classWeights?.count ?? 0) class weights for \(classes) classes")
    var sums: LossSums
    if targetKind == .classIndex && labelSmoothing == 0 && classWeights == nil {
      let (loss, correct) = labelCrossEntropy(
        logits: outputs, labels: targets, classes: classes, gradient: gradient)
      sums = LossSums(loss: loss, correct: correct)
    } else {
      let (loss, correct, weight) = weightedCrossEntropy(
        logits: outputs, targets: targets, isLabels: targetKind == .classIndex, classes: classes,
        smoothing: labelSmoothing, weights: classWeights?.window, gradient: gradient)
      // A distribution weighs 1, as does a label without class weights.
      sums = LossSums(
        loss: loss, correct: correct, weight: classWeights == nil || targetKind != .classIndex ? nil : weight)
    }
    if positions > 1 {
      sums.loss /= Double(positions)
      sums.correct = sums.correct.map { $0 / Double(positions) }
      sums.weight = sums.weight.map { $0 / Double(positions) }
      if let gradient { scale(gradient, by: 1 / S(positions)) }
    }
    return sums
  }
}
