public import NumericCore

/// The cross-entropy −Σⱼ wⱼ · qⱼ · log softmax(logits)ⱼ, as PyTorch's `CrossEntropyLoss`.
///
/// q is the target: 1 at the label, or the distribution that a sample gives, smoothed to (1 − ε) · q + ε / K for K classes
/// (Szegedy et al. 2016). w are the weights of the classes. With plain labels this is −log softmax(logits)[label].
///
/// - log softmax is logitⱼ − max − log Σ exp(logit − max), which is stable for any logits. The gradient is
///   (Σⱼ wⱼ · qⱼ) · softmax(logits) − w · q.
/// - The weight of a labelled sample is that of its label, so that a step's loss is a weighted mean; a distribution weighs 1.
/// - A sample is correct where its greatest logit (the first, in a tie) is the label's, or that of the most probable class.
/// - Where a sample has several positions with a label each, as in a sequence, its loss and weight are their means, and it is
///   correct in the share of them that are.
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
      sums = labelCrossEntropy(logits: outputs, labels: targets, classes: classes, gradient: gradient)
    } else {
      sums = weightedCrossEntropy(
        logits: outputs, targets: targets, isLabels: targetKind == .classIndex, classes: classes,
        smoothing: labelSmoothing,
        weights: classWeights?.window, gradient: gradient)
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

@specialized(where S == Float)
@specialized(where S == Double)
func labelCrossEntropy<S: Scalar>(
  logits: Window<S>, labels: Window<S>, classes: Int, gradient: Window<S>?
) -> LossSums {
  var lossSum = 0.0
  var correct = 0
  for sample in labels.indices {
    let row = logits.window(sample * classes..<(sample + 1) * classes)
    let label = classIndex(labels[sample], of: classes)
    let best = firstGreatest(row)
    let greatest = row[best]
    var sum: S = 0
    if let gradient {
      let gradientRow = gradient.window(sample * classes..<(sample + 1) * classes)
      for j in row.indices { gradientRow[j] = S.exponential(row[j] - greatest) }
      for j in row.indices { sum += gradientRow[j] }
      for j in row.indices { gradientRow[j] /= sum }
      gradientRow[label] -= 1
    } else {
      for j in row.indices { sum += S.exponential(row[j] - greatest) }
    }
    lossSum += Double(S.logarithm(sum) - (row[label] - greatest))
    correct += best == label ? 1 : 0
  }
  return LossSums(loss: lossSum, correct: Double(correct))
}

@specialized(where S == Float)
@specialized(where S == Double)
private func weightedCrossEntropy<S: Scalar>(
  logits: Window<S>, targets: Window<S>, isLabels: Bool, classes: Int, smoothing: S, weights: Window<S>?,
  gradient: Window<S>?
) -> LossSums {
  var lossSum = 0.0, weightSum = 0.0
  var correct = 0
  let spread = smoothing / S(max(1, classes))
  for sample in 0..<logits.count / max(1, classes) {
    let row = logits.window(sample * classes..<(sample + 1) * classes)
    let label: Int
    if isLabels {
      label = classIndex(targets[sample], of: classes)
    } else {
      label = firstGreatest(targets.window(sample * classes..<(sample + 1) * classes))
    }
    let best = firstGreatest(row)
    let greatest = row[best]
    var sum: S = 0
    for j in row.indices { sum += S.exponential(row[j] - greatest) }
    let logarithm = S.logarithm(sum)
    var loss: S = 0, total: S = 0
    for j in row.indices {
      let given: S = isLabels ? (j == label ? 1 : 0) : targets[sample * classes + j]
      let target = (weights?[j] ?? 1) * ((1 - smoothing) * given + spread)
      total += target
      loss += target * (logarithm - (row[j] - greatest))
      if let gradient { gradient[sample * classes + j] = -target }
    }
    if let gradient {
      let gradientRow = gradient.window(sample * classes..<(sample + 1) * classes)
      for j in row.indices { gradientRow[j] += total * (S.exponential(row[j] - greatest) / sum) }
    }
    lossSum += Double(loss)
    weightSum += isLabels ? Double(weights?[label] ?? 1) : 1
    correct += best == label ? 1 : 0
  }
  return LossSums(loss: lossSum, correct: Double(correct), weight: weights == nil || !isLabels ? nil : weightSum)
}

/// The label as an index.
func classIndex<S: Scalar>(_ label: S, of classes: Int) -> Int {
  let index = Int(label)
  precondition((0..<classes).contains(index), "label \(index) of \(classes) classes")
  return index
}

/// Overwrites each row of `logits` [N, K] with its softmax.
@specialized(where S == Float)
@specialized(where S == Double)
public func softmaxRows<S: Scalar>(_ logits: Window<S>, classes: Int) {
  precondition(classes > 0 && logits.count % classes == 0, "rows of \(classes) in \(logits.count) logits")
  for start in stride(from: 0, to: logits.count, by: classes) {
    let row = logits.window(start..<start + classes)
    let greatest = row.max()!
    var sum: S = 0
    for j in row.indices {
      row[j] = S.exponential(row[j] - greatest)
      sum += row[j]
    }
    for j in row.indices { row[j] /= sum }
  }
}
