public import NumericCore
public import Settings

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
/// - What has the label `ignore_index` in the data counts for nothing: the mean is over the others, as in PyTorch.
///   Where nothing is left in a step, its loss is 0 and its gradient zero (PyTorch's is NaN).
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
  /// Whether `classWeights` are to be found: see `ClassWeights.balanced`.
  public var balancesClasses = false
  public var ignoredLabel: Int?

  public init(
    targets: Targets? = nil, labelSmoothing: Double = 0, classWeights: [Double]? = nil, ignoredLabel: Int? = nil
  ) {
    self.targets = targets
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
    self.ignoredLabel = ignoredLabel
  }

  public init() { self.init(targets: nil) }

  public static let name = "cross_entropy"
  public static let summary = "softmax cross-entropy of classes"
  public static let settings: [Setting<CrossEntropy>] = [
    Setting("targets", \.targets, "what targets are; by the data"),
    Setting(
      "label_smoothing", \.labelSmoothing, .halfOpen(0, 1), "share of each label that is spread over the classes"),
    Setting("class_weights", \.givenWeights, "what each class counts, one a class; 1 each"),
    Setting("ignore_index", \.ignoredLabel, .closed(-(1 << 24), 1 << 24), "label of what counts for nothing; none"),
  ]

  public func validate(_ reader: SettingsReader) throws(SettingsError) {
    guard ignoredLabel == nil || targets != .probabilities else {
      throw reader.error("ignore_index", "is a label, but targets are probabilities; leave one of the two out")
    }
    guard !balancesClasses || targets != .probabilities else {
      throw reader.error("class_weights", "balanced counts labels, but targets are probabilities; give a list")
    }
    guard let classWeights, !classWeights.contains(where: { $0 > 0 }) else { return }
    throw reader.error("class_weights", "expected at least one weight above 0")
  }

  private var givenWeights: ClassWeights? {
    get { balancesClasses ? .balanced : classWeights.map(ClassWeights.each) }
    set {
      balancesClasses = newValue == .balanced
      classWeights = if case .each(let weights)? = newValue { weights } else { nil }
    }
  }

  public var needsClassCounts: Bool { balancesClasses }

  public func resolved(classCounts: [Int]) -> CrossEntropy {
    guard balancesClasses else { return self }
    var resolved = self
    (resolved.balancesClasses, resolved.classWeights) = (false, ClassWeights.balanced(classCounts))
    return resolved
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
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
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
