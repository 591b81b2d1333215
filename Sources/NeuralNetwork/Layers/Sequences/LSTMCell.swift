import NumericCore

/// Long short-term memory, by `lstmForward` and `lstmBackward`: gates i, f, g and o, and the cell as its state.
struct LSTMCell<S: Scalar>: RecurrentCell {
  let gates: GateColumns
  let stateSize: Int

  init(units: Int) {
    gates = GateColumns(units: units, gates: 4, recurrent: [(gates: 0..<4, blocks: 0..<4)])
    stateSize = units
  }

  func forward(_ step: RecurrentStep<S>, bias: BufferView<S>) { lstmForward(step, bias: bias) }

  func backward(
    _ step: RecurrentStep<S>, hiddenGradient: BufferView<S>, previousGradient: BufferView<S>?,
    stateGradient: BufferView<S>
  ) {
    lstmBackward(step, hiddenGradient: hiddenGradient, cellGradient: stateGradient)
  }
}
