public import NumericCore

/// Mean absolute error: |y − t|, whose derivative is the sign of y − t, and 0 where they are equal, as PyTorch's
/// `L1Loss`.
public struct MeanAbsoluteError: Loss {
  public init() {}

  public static let name = "mae"
  public static let summary = "mean absolute error"
  public var targetKind: TargetKind { .values }
  public var takesScaledTargets: Bool { true }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
      let error = y - t
      return (abs(error), error > 0 ? 1 : (error < 0 ? -1 : 0))
    }
    return StepScalars(loss: loss, samples: samples)
  }
}
