public import NumericCore

/// Mean squared error: (y − t)², as PyTorch's `MSELoss`, without the factor ½.
public struct MeanSquaredError<S: Scalar>: Loss {
  public init() {}
  public var targetKind: TargetKind { .values }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    LossSums(
      loss: sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
        let error = y - t
        return (error * error, 2 * error)
      })
  }
}

/// Mean absolute error: |y − t|, whose derivative is the sign of y − t, and 0 where they are equal, as PyTorch's `L1Loss`.
public struct MeanAbsoluteError<S: Scalar>: Loss {
  public init() {}
  public var targetKind: TargetKind { .values }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    LossSums(
      loss: sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
        let error = y - t
        return (abs(error), error > 0 ? 1 : (error < 0 ? -1 : 0))
      })
  }
}

/// Huber loss: ½e² where |e| ≤ δ, else δ(|e| − ½δ), for e = y − t (Huber 1964), as PyTorch's `HuberLoss`.
public struct HuberLoss<S: Scalar>: Loss {
  /// δ, where the square turns into a line; greater than 0.
  public let delta: Double

  public init(delta: Double = 1) {
    precondition(delta > 0, "a Huber delta of \(delta)")
    self.delta = delta
  }

  public var targetKind: TargetKind { .values }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let delta = S(delta), half = S(0.5)
    return LossSums(
      loss: sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { y, t in
        let error = y - t
        if abs(error) <= delta { return (half * error * error, error) }
        return (delta * (abs(error) - half * delta), error > 0 ? delta : -delta)
      })
  }
}
