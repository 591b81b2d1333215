public import NeuralNetwork
public import NumericCore

/// What a loss makes of outputs and targets, and its gradient.
public func evaluate<S: Scalar>(
  _ loss: some Loss, _ outputs: [S], _ targets: [S], samples: Int
) -> (StepScalars, [S]) {
  var sums = StepScalars(loss: .nan, samples: samples)
  let gradient = output([S](repeating: .nan, count: outputs.count)) { gradient in
    withWindow(outputs) { outputs in
      withWindow(targets) { targets in
        sums = loss.evaluate(outputs: outputs, targets: targets, samples: samples, gradient: gradient)
      }
    }
  }
  return (sums, gradient)
}
