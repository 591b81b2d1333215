import NumericCore

/// Gated recurrent unit, by `gruForward` and `gruBackward`: gates r, z and n. The reset gate scales the recurrent
/// product of n alone, which therefore has a fourth block to itself.
struct GRUCell<S: Scalar>: RecurrentCell {
  let gates: GateColumns
  let stateSize = 0

  init(units: Int) {
    gates = GateColumns(
      units: units, gates: 3, recurrent: [(gates: 0..<2, blocks: 0..<2), (gates: 2..<3, blocks: 3..<4)])
  }

  func forward(_ step: RecurrentStep<S>, bias: BufferView<S>) { gruForward(step, bias: bias) }

  func backward(
    _ step: RecurrentStep<S>, hiddenGradient: BufferView<S>, previousGradient: BufferView<S>?,
    stateGradient: BufferView<S>
  ) {
    gruBackward(step, hiddenGradient: hiddenGradient, previousGradient: previousGradient)
  }
}
