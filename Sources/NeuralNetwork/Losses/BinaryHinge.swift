public import NumericCore
public import Settings

/// The hinge loss of independent yes-or-no outputs: max(0, m − s · z) with s = 1 for a target above one half and s = −1
/// else (Cortes and Vapnik 1995). The correct share of a sample is that of its outputs on the right side of zero.
public struct BinaryHinge: Loss {
  /// m.
  public var margin: Double

  public init(margin: Double = 1) { self.margin = margin }

  public init() { self.init(margin: 1) }

  public static let name = "binary_hinge"
  public static let summary = "a margin around zero for yes-or-no outputs"
  public static let settings: [Setting<BinaryHinge>] = [
    Setting("margin", \.margin, .above(0), "how far on the right side counts as enough")
  ]
  public var givesProbabilities: Bool { false }

  public var targetKind: TargetKind { .binary }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let half = S(0.5), margin = S(margin)
    var correct = 0
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { z, t in
      let sign: S = t > half ? 1 : -1
      let term = margin - sign * z
      correct += (z > 0) == (t > half) ? 1 : 0
      return (term <= 0 ? 0 : term, term > 0 ? -sign : 0)
    }
    return StepScalars(
      loss: loss, correct: Double(correct) * Double(samples) / Double(max(1, outputs.count)), samples: samples)
  }
}
