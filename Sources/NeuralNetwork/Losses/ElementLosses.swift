public import NumericCore

/// Binary cross-entropy with logits: max(z, 0) − z·t + log(1 + exp(−|z|)), whose derivative is sigmoid(z) − t. Stable for any
/// logit. The correct share of a sample is that of its outputs on the right side of one half.
public struct BinaryCrossEntropy<S: Scalar>: Loss {
  public init() {}
  public var targetKind: TargetKind { .binary }

  @specialized(where S == Float)
  @specialized(where S == Double)
  public func evaluate(outputs: Window<S>, targets: Window<S>, samples: Int, gradient: Window<S>?) -> LossSums {
    let half = S(0.5)
    var correct = 0
    let loss = sumElements(outputs: outputs, targets: targets, samples: samples, gradient: gradient) { z, t in
      correct += (z > 0) == (t > half) ? 1 : 0
      let decay = S.exponential(-abs(z))
      let probability = (z >= 0 ? 1 : decay) / (1 + decay)
      return (max(z, 0) - z * t + S.logarithmOnePlus(decay), probability - t)
    }
    return LossSums(loss: loss, correct: Double(correct) * Double(samples) / Double(max(1, outputs.count)))
  }
}

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
