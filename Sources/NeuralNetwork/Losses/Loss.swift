public import NumericCore
public import Settings

/// What a loss reads as the target of a sample.
public enum TargetKind: Sendable, Equatable {
  /// A class index, exact as a floating-point number: one, or one for each position of a sequence.
  case classIndex
  /// Probabilities of the classes, one-hot or soft: as many as there are outputs.
  case classDistribution
  /// As many 0 or 1 (or probabilities between) as there are outputs.
  case binary
  /// As many real numbers as there are outputs.
  case values
  /// A class index and a box: [class, x centre, y centre, width, height].
  case classAndBox
}

/// A function of outputs and targets to be minimised. The loss of a batch is the mean over its samples, weighted where
/// classes have weights; a loss that has several outputs a sample takes their mean first, as PyTorch's
/// `reduction="mean"` does.
///
/// A loss is its options: a value that a configuration describes, in one file with its formula.
public protocol Loss: Configurable {
  var targetKind: TargetKind { get }

  /// Sums over the samples, and overwrites `gradient` with ∂(sum)/∂outputs.
  ///
  /// - Shapes: `outputs` and `gradient` [N, K], or [N, T, K] for class indices of T positions; `targets` [N] or [N, T]
  ///   for class indices, [N, 5] for a class and a box, the shape of `outputs` otherwise.
  /// - Parameter gradient: nil where only the sums are wanted.
  func evaluate<S: Scalar>(outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?)
    -> StepScalars

  /// Whether softmax or sigmoid of the outputs are probabilities. Default: yes, of classes and of yes-or-no outputs.
  var givesProbabilities: Bool { get }
  /// The loss of the same options where the data decide what a target is. Default: this one.
  /// - Parameter isDistribution: whether a row of targets reads as probabilities of classes.
  func resolved(isDistribution: Bool) -> Self
  /// Whether options of its own follow from how often each class occurs in training. Default: no.
  var needsClassCounts: Bool { get }
  /// The loss with those options found. Default: this one.
  /// - Parameter classCounts: labels of each class, none 0.
  func resolved(classCounts: [Int]) -> Self
  /// The loss of mixtures of its targets, labels mixed as distributions; nil where they cannot be mixed.
  /// Default: this one where its targets are numbers, none elsewhere.
  var ofMixtures: (any Loss)? { get }
  /// Whether its minimum is the same model where targets are moved and scaled, so that a run may do so. Default: no.
  var takesScaledTargets: Bool { get }
  /// The label in the data that stands for no class: what has it is left out of loss, gradient and figures. Default:
  /// none.
  var ignoredLabel: Int? { get }
  /// Options that are lists with one number for each class or output. Default: none.
  var listOptions: [(key: String, count: Int, noun: String)] { get }
}

extension Loss {
  public var givesProbabilities: Bool { targetKind != .values }
  public func resolved(isDistribution: Bool) -> Self { self }
  public var needsClassCounts: Bool { false }
  public func resolved(classCounts: [Int]) -> Self { self }
  public var ofMixtures: (any Loss)? {
    switch targetKind {
    case .values, .binary, .classDistribution: self
    case .classIndex, .classAndBox: nil
    }
  }
  public var takesScaledTargets: Bool { false }
  public var ignoredLabel: Int? { nil }
  public var listOptions: [(key: String, count: Int, noun: String)] { [] }

  /// Targets of a sample and outputs of a target, checked against the counts of the windows; ones where there is no
  /// sample.
  func sizes<S>(
    _ outputs: BufferView<S>, _ targets: BufferView<S>, _ samples: Int, _ gradient: BufferView<S>?
  ) -> (targets: Int, outputs: Int) {
    let targetSize = targets.count / max(1, samples), outputSize = outputs.count / max(1, targets.count)
    precondition(
      targets.count == targetSize * samples && outputs.count == outputSize * targets.count
        && (targetKind == .classIndex || outputs.count == targets.count)
        && (gradient?.count ?? outputs.count) == outputs.count,
      "\(outputs.count) outputs and \(targets.count) targets for \(samples) samples")
    return (max(1, targetSize), max(1, outputSize))
  }

  /// Sums `term(output, target)`, a pair of loss and derivative, over the elements; each sample's loss is their mean.
  @inline(__always)
  func sumElements<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?,
    term: (_ output: S, _ target: S) -> (loss: S, derivative: S)
  ) -> Double {
    let size = sizes(outputs, targets, samples, gradient).targets
    let scale = 1 / S(size)
    var sum = 0.0
    for i in outputs.indices {
      let (loss, derivative) = term(outputs[i], targets[i])
      sum += Double(loss)
      if let gradient { gradient[i] = derivative * scale }
    }
    return sum / Double(size)
  }
}
