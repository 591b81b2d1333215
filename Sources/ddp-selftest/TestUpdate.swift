import Collectives
import NumericCore

/// Flat buffers that an update overwrites: those of an exchange, or those of the reference.
struct TestState {
  let parameters: Window<Float>
  let moments: [Window<Float>]
  let statistics: Window<Float>
}

/// An update in the form of SGD with momentum (one moment) or of Adam (two), written out here so that nothing but the exchange is
/// under test.
struct TestUpdate: StepUpdate {
  let state: TestState
  let clipNorm: Double?

  func updateParameters(_ range: Range<Int>, gradient: Window<Float>, scale: Float) {
    for i in range {
      let g = gradient[i] * scale
      if state.moments.count == 1 {
        state.moments[0][i] = 0.9 * state.moments[0][i] + g
        state.parameters[i] -= 0.1 * state.moments[0][i]
      } else {
        state.moments[0][i] += 0.1 * (g - state.moments[0][i])
        state.moments[1][i] += 0.001 * (g * g - state.moments[1][i])
        state.parameters[i] -= 0.01 * state.moments[0][i] / (state.moments[1][i].squareRoot() + 1e-8)
      }
    }
  }

  /// The first pass of the layer-wise form: leaves the mean in the gradient, so that a second call would show.
  func prepareParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float
  ) -> (parameter: Double, gradient: Double) {
    for i in piece { gradient[i] *= scale }
    return (sumOfSquares(state.parameters.window(piece)), sumOfSquares(gradient.window(piece)))
  }

  /// The second pass: a step whose length depends on both norms of the parameter.
  func updateParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float, sums: (parameter: Double, gradient: Double)
  ) {
    let rate = Float((1 + sums.parameter.squareRoot()) / (1 + sums.gradient.squareRoot()))
    for i in piece {
      state.moments[0][i] = 0.9 * state.moments[0][i] + rate * gradient[i]
      state.parameters[i] -= 0.1 * state.moments[0][i]
    }
  }

  func updateStatistics(_ range: Range<Int>, sums: Window<Float>, scale: Float) {
    for i in range { state.statistics[i] += 0.1 * (sums[i] * scale - state.statistics[i]) }
  }
}
