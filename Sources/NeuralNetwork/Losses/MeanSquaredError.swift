public import NumericCore

/// Mean squared error: (y − t)², as PyTorch's `MSELoss`, without the factor ½.
public struct MeanSquaredError: Loss {
  public init() {}

  public static let name = "mse"
  public static let summary = "mean squared error"
  public var targetKind: TargetKind { .values }
  public var takesScaledTargets: Bool { true }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
      let error = y - t
      return (error * error, 2 * error)
    }
    return StepScalars(loss: loss, samples: samples)
  }
}
