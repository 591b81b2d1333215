import NumericCore

/// The arithmetic of one step of a recurrent layer of H units: what makes it an LSTM or a GRU.
///
/// Another cell is another file like `LSTMCell.swift`, and a case of `Recurrent.Cell`.
protocol RecurrentCell<S>: Sendable {
  associatedtype S: Scalar
  var gates: GateColumns { get }
  /// Elements that each sample carries from step to step besides its H outputs: H for an LSTM's cell, or 0.
  var stateSize: Int { get }

  /// Turns the products in `step.gates` into activations, and overwrites `step.hidden` and `step.state`.
  ///
  /// - Parameter bias: the biases [B·H], one for each column of the gates.
  func forward(_ step: RecurrentStep<S>, bias: BufferView<S>)

  /// Turns the activations in `step.gates` into ∂loss/∂(their values before activation).
  ///
  /// - Parameters:
  ///   - hiddenGradient: ∂loss/∂(hidden state), in rows like those of `step.hidden`.
  ///   - previousGradient: likewise of the step before, nil at the first; adds what reaches it without a weight.
  ///   - stateGradient: ∂loss/∂state [N, state size], replaced by that of the step before.
  func backward(
    _ step: RecurrentStep<S>, hiddenGradient: BufferView<S>, previousGradient: BufferView<S>?,
    stateGradient: BufferView<S>)
}

/// The columns of the gates [N, B·H] that a step keeps, and which products they are sums of.
struct GateColumns: Sendable {
  /// B·H.
  let count: Int
  /// G·H, the rows of each parameter. Their products with the input fill the first G·H columns.
  let parameterRows: Int
  /// Which rows of the recurrent weights are multiplied by the hidden state into which columns, and whether the input
  /// has products there to add to.
  let recurrent: [(rows: Range<Int>, columns: Range<Int>, adds: Bool)]

  /// - Parameter recurrent: for gates in ascending order, the blocks of H columns that their recurrent products go to.
  init(units: Int, gates: Int, recurrent: [(gates: Range<Int>, blocks: Range<Int>)]) {
    func elements(_ blocks: Range<Int>) -> Range<Int> { blocks.lowerBound * units..<blocks.upperBound * units }
    self.recurrent = recurrent.map { (elements($0.gates), elements($0.blocks), $0.blocks.lowerBound < gates) }
    parameterRows = gates * units
    count = max(parameterRows, self.recurrent.map(\.columns.upperBound).max() ?? 0)
  }

  /// Elements of the packed recurrent weights, for forward or for backward, whichever are more.
  func packedCount<S: Scalar>(_ type: S.Type, units: Int) -> Int {
    var (forward, backward) = (0, 0)
    for part in recurrent {
      forward += PackedMatrix<S>.count(rows: units, columns: part.rows.count)
      backward += PackedMatrix<S>.count(rows: part.rows.count, columns: units)
    }
    return max(forward, backward)
  }
}

extension Recurrent.Cell {
  func arithmetic(units: Int) -> any RecurrentCell<S> {
    switch self {
    case .lstm: LSTMCell(units: units)
    case .gru: GRUCell(units: units)
    }
  }
}
