public import NumericCore

/// Log-cosh loss: log cosh e for e = y − t, about ½e² for small errors and |e| − log 2 for large ones; its derivative
/// is tanh e.
///
///     log cosh e = |e| + log(1 + e^−2|e|) − log 2
///
/// so that no error overflows. Where this cancels, at |e| below 0.88, it is ½ log(1 + r²/(1 − r²)) of r = tanh e, which
/// keeps every digit of a small error. PyTorch has no such loss; Keras has it as `LogCosh`.
public struct LogCosh: Loss {
  public init() {}

  public static let name = "log_cosh"
  public static let summary = "logarithm of the hyperbolic cosine, a smooth relative of huber"
  public var targetKind: TargetKind { .values }
  public var takesScaledTargets: Bool { true }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let half = S(0.5), logarithmOfTwo = S.logarithm(2)
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
      let error = y - t
      let slope = S.hyperbolicTangent(error), square = slope * slope
      if square < half { return (half * S.logarithmOnePlus(square / (1 - square)), slope) }
      let size = abs(error)
      return (size + S.logarithmOnePlus(S.exponential(-2 * size)) - logarithmOfTwo, slope)
    }
    return StepScalars(loss: loss, samples: samples)
  }
}
