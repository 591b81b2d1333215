public import NumericCore

/// What a micro-batch contributes to a step: sums over its samples, never means, so that shards of any size add up.
public struct LossSums: Sendable, Equatable {
  /// Σ over samples of the loss of a sample.
  public var loss: Double
  /// Σ over samples of how right a sample is, 0 to 1; nil for a loss without classes.
  public var correct: Double?
  /// Σ of the weights of the samples, which the mean loss of a step is divided by; nil where every sample weighs 1.
  public var weight: Double?
  /// Σ over samples of the loss of an adversarial pair's generator, `loss` being the discriminator's; nil for a single model.
  public var generatorLoss: Double?

  public init(loss: Double, correct: Double? = nil, weight: Double? = nil, generatorLoss: Double? = nil) {
    self.loss = loss
    self.correct = correct
    self.weight = weight
    self.generatorLoss = generatorLoss
  }

  /// Adds another micro-batch of the same loss.
  public static func += (sums: inout LossSums, other: LossSums) {
    sums.loss += other.loss
    if let correct = other.correct { sums.correct = (sums.correct ?? 0) + correct }
    if let weight = other.weight { sums.weight = (sums.weight ?? 0) + weight }
    if let generatorLoss = other.generatorLoss { sums.generatorLoss = (sums.generatorLoss ?? 0) + generatorLoss }
  }
}

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
  case detection
}

/// A function of outputs and targets to be minimised. The loss of a batch is the mean over its samples, weighted where classes have
/// weights; a loss that has several outputs a sample takes their mean first, as PyTorch's `reduction="mean"` does.
public protocol Loss<S>: Sendable {
  associatedtype S: Scalar
  var targetKind: TargetKind { get }

  /// Sums over the samples, and overwrites `gradient` with ∂(sum)/∂outputs.
  ///
  /// - Shapes: `outputs` and `gradient` [N, K], or [N, T, K] for class indices of T positions; `targets` [N] or [N, T] for
  ///   class indices, [N, 5] for detections, the shape of `outputs` otherwise.
  /// - Parameter gradient: nil where only the sums are wanted.
  func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums
}

extension Loss {
  /// Targets of a sample and outputs of a target, checked against the counts of the windows; ones where there is no sample.
  func sizes(
    _ outputs: Window<S>, _ targets: Window<S>, _ samples: Int, _ gradient: Window<S>?
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
  func sumElements(
    outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?,
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
