public import NumericCore
public import Settings

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
public struct CrossEntropy: Loss {
  /// What a row of targets is.
  public enum Targets: String, SettingChoice {
    /// Class indices.
    case labels
    /// A probability of each class, one-hot or soft.
    case probabilities
  }

  /// Nil: by the data; until they have decided, class indices.
  public var targets: Targets?
  /// ε.
  public var labelSmoothing: Double
  /// w, one a class; nil for 1 each.
  public var classWeights: [Double]?

  public init(targets: Targets? = nil, labelSmoothing: Double = 0, classWeights: [Double]? = nil) {
    self.targets = targets
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
  }

  public init() { self.init(targets: nil) }

  public static let name = "cross_entropy"
  public static let summary = "softmax cross-entropy of classes"
  public static let settings: [Setting<CrossEntropy>] = [
    Setting("targets", \.targets, "what targets are; by the data"),
    Setting("label_smoothing", \.labelSmoothing, .halfOpen(0, 1), "share of each label that is spread over the classes"),
    Setting("class_weights", \.classWeights, .each(.atLeast(0)), "one a class; 1 each"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard let classWeights, !classWeights.contains(where: { $0 > 0 }) else { return }
    throw reader.error("class_weights", "expected at least one weight above 0")
  }

  public var targetKind: TargetKind {
    switch targets {
    case .labels, nil: .classIndex
    case .probabilities: .classDistribution
    }
  }

  public func resolved(isDistribution: Bool) -> CrossEntropy {
    var resolved = self
    resolved.targets = targets ?? (isDistribution ? .probabilities : .labels)
    return resolved
  }

  public var ofMixtures: (any Loss)? {
    CrossEntropy(targets: .probabilities, labelSmoothing: labelSmoothing, classWeights: classWeights)
  }

  public var listOptions: [(key: String, count: Int, noun: String)] {
    classWeights.map { [("class_weights", $0.count, "classes")] } ?? []
  }

  public func evaluate<S: Scalar>(
    outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?
  ) -> StepScalars {
    var (positions, classes) = sizes(outputs, targets, samples, gradient)
    let isLabels = targetKind == .classIndex
    if !isLabels { (positions, classes) = (1, positions) }
    precondition(
      classWeights.map { samples == 0 || $0.count == classes } ?? true,
      "\(classWeights?.count ?? 0) class weights for \(classes) classes")
    var sums = StepScalars(loss: 0, samples: samples)
    if isLabels && labelSmoothing == 0 && classWeights == nil {
      (sums.loss, sums.correct) = labelCrossEntropy(
        logits: outputs, labels: targets, classes: classes, gradient: gradient)
    } else {
      let weight: Double
      (sums.loss, sums.correct, weight) = weightedCrossEntropy(
        logits: outputs, targets: targets, isLabels: isLabels, classes: classes, smoothing: S(labelSmoothing),
        weights: classWeights, gradient: gradient)
      if isLabels && classWeights != nil { sums.weight = weight / Double(positions) }
    }
    if positions > 1 {
      sums.loss /= Double(positions)
      sums.correct /= Double(positions)
      if let gradient { scale(gradient, by: 1 / S(positions)) }
    }
    return sums
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
func labelCrossEntropy<S: Scalar>(
  logits: Window<S>, labels: Window<S>, classes: Int, gradient: Window<S>?
) -> (loss: Double, correct: Double) {
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
  return (lossSum, Double(correct))
}

@specialized(where S == Float)
@specialized(where S == Double)
private func weightedCrossEntropy<S: Scalar>(
  logits: Window<S>, targets: Window<S>, isLabels: Bool, classes: Int, smoothing: S, weights: [Double]?,
  gradient: Window<S>?
) -> (loss: Double, correct: Double, weight: Double) {
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
      let target = (weights.map { S($0[j]) } ?? 1) * ((1 - smoothing) * given + spread)
      total += target
      loss += target * (logarithm - (row[j] - greatest))
      if let gradient { gradient[sample * classes + j] = -target }
    }
    if let gradient {
      let gradientRow = gradient.window(sample * classes..<(sample + 1) * classes)
      for j in row.indices { gradientRow[j] += total * (S.exponential(row[j] - greatest) / sum) }
    }
    lossSum += Double(loss)
    weightSum += isLabels ? Double(weights.map { S($0[label]) } ?? 1) : 1
    correct += best == label ? 1 : 0
  }
  return (lossSum, Double(correct), weightSum)
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
