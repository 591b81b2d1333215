public import NumericCore
public import Settings

/// Huber loss: ½e² where |e| ≤ δ and δ(|e| − ½δ) elsewhere, for e = y − t (Huber 1964), as PyTorch's `HuberLoss`.
public struct HuberLoss: Loss {
  /// δ, where the square turns into a line.
  public var delta: Double

  public init(delta: Double = 1) { self.delta = delta }

  public init() { self.init(delta: 1) }

  public static let name = "huber"
  public static let summary = "squares of small errors, absolute values of large ones"
  public static let settings: [Setting<HuberLoss>] = [
    Setting("delta", \.delta, .above(0), "the error where the square turns into a line")
  ]
  public var targetKind: TargetKind { .values }
  public var takesScaledTargets: Bool { true }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let delta = S(delta), half = S(0.5)
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
      let error = y - t
      if abs(error) <= delta { return (half * error * error, error) }
      return (delta * (abs(error) - half * delta), error > 0 ? delta : -delta)
    }
    return StepScalars(loss: loss, samples: samples)
  }
}
