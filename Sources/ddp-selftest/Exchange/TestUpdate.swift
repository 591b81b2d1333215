import Collectives
import NumericCore

/// Flat buffers that an update overwrites: those of an exchange, or those of the reference.
struct TestState {
  let parameters: BufferView<Float>
  let buffers: [BufferView<Float>]
  let statistics: BufferView<Float>
}

/// An update in the form of SGD with momentum (one buffer of state) or of Adam (two), written out here so that nothing
/// but the exchange is under test.
final class TestUpdate: StepUpdate {
  private let state: TestState

  init(state: TestState) { self.state = state }

  func update(_ range: Range<Int>, gradient: BufferView<Float>, scale: Float) {
    for i in range {
      let g = gradient[i] * scale
      if state.buffers.count == 1 {
        state.buffers[0][i] = 0.9 * state.buffers[0][i] + g
        state.parameters[i] -= 0.1 * state.buffers[0][i]
      } else {
        state.buffers[0][i] += 0.1 * (g - state.buffers[0][i])
        state.buffers[1][i] += 0.001 * (g * g - state.buffers[1][i])
        state.parameters[i] -= 0.01 * state.buffers[0][i] / (state.buffers[1][i].squareRoot() + 1e-8)
      }
    }
  }

  /// The first pass of the layer-wise form: leaves the mean in the gradient, so that a second call would show.
  func prepare(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float) -> SquareSums {
    for i in piece { gradient[i] *= scale }
    return (sumOfSquares(state.parameters.view(piece)), sumOfSquares(gradient.view(piece)))
  }

  /// The second pass: a step whose length depends on both norms of the parameter.
  func update(_ piece: Range<Int>, gradient: BufferView<Float>, scale: Float, squares: SquareSums) {
    let rate = Float((1 + squares.parameter.squareRoot()) / (1 + squares.gradient.squareRoot()))
    for i in piece {
      state.buffers[0][i] = 0.9 * state.buffers[0][i] + rate * gradient[i]
      state.parameters[i] -= 0.1 * state.buffers[0][i]
    }
  }

  func updateStatistics(_ range: Range<Int>, sums: BufferView<Float>, scale: Float) {
    for i in range { state.statistics[i] += 0.1 * (sums[i] * scale - state.statistics[i]) }
  }
}
