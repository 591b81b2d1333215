import NumericCore

/// What one layer of a recurrent stack keeps for backward, time-major: the samples of a step lie together.
struct RecurrentMemory<S: Scalar> {
  /// [D, T, N, B·H], after backward their gradients; output [T, N, D·H]; state [D, T, N, state size].
  let gates: BufferView<S>, output: BufferView<S>, states: BufferView<S>
  /// With dropout, the mask of the layer's input and the masked input [T, N, D·H]; otherwise empty.
  let mask: BufferView<S>, dropped: BufferView<S>

  /// Elements of each step of each sample.
  static func width(_ stack: Recurrent<S>) -> Int {
    stack.directions * (stack.cell.gates.count + stack.cell.stateSize) + (stack.dropout > 0 ? 3 : 1) * stack.width
  }

  init(_ stack: Recurrent<S>, _ view: BufferView<S>, rows: Int) {
    var rest = view
    func take(_ width: Int) -> BufferView<S> {
      defer { rest = rest.view(rows * width..<rest.count) }
      return rest.view(first: rows * width)
    }
    gates = take(stack.directions * stack.cell.gates.count)
    output = take(stack.width)
    mask = take(stack.dropout > 0 ? stack.width : 0)
    dropped = take(stack.dropout > 0 ? stack.width : 0)
    states = take(stack.directions * stack.cell.stateSize)
  }
}

/// One direction's way over the steps of one layer: from the first to the last or, in reverse, from the last to the
/// first.
struct Sweep<S: Scalar> {
  private let pass: LayerPass<S>, memory: RecurrentMemory<S>, cell: any RecurrentCell<S>
  private let direction: Int, steps: Int, units: Int, width: Int
  private let lengths: BufferView<S>?
  /// [T·N, F or D·H].
  private let input: Matrix<S>
  /// [T·N, B·H].
  private let ownGates: BufferView<S>, gates: Matrix<S>
  private let firstParameter: Int

  init(_ stack: Recurrent<S>, _ pass: LayerPass<S>, layer: Int, direction: Int) {
    (self.pass, self.direction, cell, lengths) = (pass, direction, stack.cell, stack.lengths(pass))
    (steps, units, width) = (stack.steps, stack.units, stack.width)
    (memory, input) = (stack.memory(layer, pass), stack.input(ofLayer: layer, pass))
    let count = memory.gates.count / stack.directions
    ownGates = memory.gates.view(direction * count..<(direction + 1) * count)
    gates = Matrix(ownGates, rows: input.rows, columns: cell.gates.count)
    firstParameter = 4 * (layer * stack.directions + direction)
  }

  // MARK: Forward

  func forward() {
    var scratch = ViewCutter(pass.scratch)
    let bias = scratch.take(cell.gates.count), zeros = zeroed(scratch.take(units))
    gatherBias(into: bias)
    multiply(
      input, matrix(pass.parameter(firstParameter), columns: input.columns).transposed,
      into: gates.columns(0..<cell.gates.parameterRows), precision: pass.precision)
    let panels = packRecurrentWeights(transposed: true, &scratch)
    for position in 0..<steps {
      let step = step(at: position, zeros: zeros)
      if let previous = step.previousHidden {
        var start = 0
        for part in cell.gates.recurrent {
          multiply(
            matrix(ofOutputs: previous), packed(part.rows, transposed: true, in: panels, at: &start),
            into: matrix(ofGates: step).columns(part.columns), adding: part.adds)
        }
      }
      cell.forward(step, bias: bias)
    }
  }

  /// Sums the two biases of a gate where their products are summed.
  private func gatherBias(into bias: BufferView<S>) {
    let input = pass.parameter(firstParameter + 2), hidden = pass.parameter(firstParameter + 3)
    copy(input, into: bias.view(first: input.count))
    for part in cell.gates.recurrent {
      let source = hidden.view(part.rows), target = bias.view(part.columns)
      if part.adds { add(source, into: target) } else { copy(source, into: target) }
    }
  }

  // MARK: Backward

  /// - Parameters:
  ///   - hiddenGradient: ∂loss/∂output [T, N, D·H]; each step adds to it what reaches the step before.
  ///   - inputGradient: ∂loss/∂input, overwritten by the first direction and added to by the second.
  ///   - scratch: what is left of the working memory.
  func backward(hiddenGradient: BufferView<S>, inputGradient: BufferView<S>?, scratch: ViewCutter<S>) {
    var scratch = scratch
    let stateGradient = zeroed(scratch.take(pass.samples * cell.stateSize))
    let zeros = zeroed(scratch.take(units))
    let panels = packRecurrentWeights(transposed: false, &scratch)
    for position in (0..<steps).reversed() {
      let step = step(at: position, zeros: zeros)
      let previousGradient = position > 0 ? rows(hiddenGradient, at: position - 1) : nil
      cell.backward(
        step, hiddenGradient: rows(hiddenGradient, at: position), previousGradient: previousGradient,
        stateGradient: stateGradient)
      guard let previousGradient else { continue }
      var start = 0
      for part in cell.gates.recurrent {
        multiply(
          matrix(ofGates: step).columns(part.columns), packed(part.rows, transposed: false, in: panels, at: &start),
          into: matrix(ofOutputs: previousGradient), adding: true)
      }
    }
    addParameterGradients(sums: scratch.take(cell.gates.count))
    if let inputGradient {
      multiply(
        gates.columns(0..<cell.gates.parameterRows), matrix(pass.parameter(firstParameter), columns: input.columns),
        into: Matrix(inputGradient, rows: input.rows, columns: input.columns), adding: direction > 0,
        precision: pass.precision)
    }
  }

  /// One product over all steps for each weight, one sum over all rows for the biases.
  private func addParameterGradients(sums: BufferView<S>) {
    if let gradient = pass.parameterGradient(firstParameter) {
      multiply(
        gates.columns(0..<cell.gates.parameterRows).transposed, input, into: matrix(gradient, columns: input.columns),
        adding: true, precision: pass.precision)
    }
    if let gradient = pass.parameterGradient(firstParameter + 1), steps > 1 {
      // The hidden state before a step is the output of its neighbour: the gates without the first step of the way, the
      // outputs without the last.
      let count = (steps - 1) * pass.samples
      let later = direction == 0 ? pass.samples : 0, earlier = pass.samples - later
      let hidden = Matrix(memory.output, rows: input.rows, columns: width)
        .rows(earlier..<earlier + count).columns(direction * units..<(direction + 1) * units)
      for part in cell.gates.recurrent {
        multiply(
          gates.rows(later..<later + count).columns(part.columns).transposed, hidden,
          into: matrix(gradient, columns: units).rows(part.rows), adding: true, precision: pass.precision)
      }
    }
    guard let inputBias = pass.parameterGradient(firstParameter + 2),
      let hiddenBias = pass.parameterGradient(firstParameter + 3)
    else { return }
    addColumnSums(of: ownGates, to: zeroed(sums))
    add(sums.view(first: inputBias.count), into: inputBias)
    for part in cell.gates.recurrent { add(sums.view(part.columns), into: hiddenBias.view(part.rows)) }
  }

  // MARK: Recurrent weights

  /// Packs the weights that every step multiplies by, those of each part of the gates by themselves.
  private func packRecurrentWeights(transposed: Bool, _ scratch: inout ViewCutter<S>) -> BufferView<S> {
    let panels = scratch.take(cell.gates.packedCount(S.self, units: units))
    var start = 0
    for part in cell.gates.recurrent {
      let weight = recurrentWeight.rows(part.rows),
        place = packed(part.rows, transposed: transposed, in: panels, at: &start)
      PackedMatrix(
        packing: transposed ? weight.transposed : weight, into: place.panels, precision: pass.precision)
    }
    return panels
  }

  /// Those of one part, which stand at `start`; moves that behind them.
  private func packed(
    _ rows: Range<Int>, transposed: Bool, in panels: BufferView<S>, at start: inout Int
  ) -> PackedMatrix<S> {
    let (height, width) = transposed ? (units, rows.count) : (rows.count, units)
    let count = PackedMatrix<S>.count(rows: height, columns: width)
    defer { start += count }
    return PackedMatrix(
      panels.view(start..<start + count), rows: height, columns: width, precision: pass.precision)
  }

  // MARK: Places

  /// The step at `position` of the way.
  private func step(at position: Int, zeros: BufferView<S>) -> RecurrentStep<S> {
    let previous = position > 0 ? position - 1 : nil
    return RecurrentStep(
      gates: rows(memory.gates, size: cell.gates.count, at: position), gateColumns: cell.gates.count,
      hidden: rows(memory.output, at: position), previousHidden: previous.map { rows(memory.output, at: $0) },
      stride: width, state: rows(memory.states, size: cell.stateSize, at: position),
      previousState: previous.map { rows(memory.states, size: cell.stateSize, at: $0) }, zeros: zeros,
      index: index(position), lengths: lengths)
  }

  /// The step of the sequence at `position` of the way.
  private func index(_ position: Int) -> Int { direction == 0 ? position : steps - 1 - position }

  /// This direction's rows [N, H], one every D·H elements, of `outputs` [T, N, D·H].
  private func rows(_ outputs: BufferView<S>, at position: Int) -> BufferView<S> {
    let size = pass.samples * width, start = index(position) * size
    return outputs.view(start + min(direction * units, size)..<start + size)
  }

  /// This direction's rows [N, size] of `values` [D, T, N, size].
  private func rows(_ values: BufferView<S>, size: Int, at position: Int) -> BufferView<S> {
    let start = (direction * steps + index(position)) * pass.samples * size
    return values.view(start..<start + pass.samples * size)
  }

  private func matrix(ofOutputs rows: BufferView<S>) -> Matrix<S> {
    Matrix(rows, rows: pass.samples, columns: units, stride: width)
  }
  private func matrix(ofGates step: RecurrentStep<S>) -> Matrix<S> {
    Matrix(step.gates, rows: pass.samples, columns: cell.gates.count)
  }
  /// A parameter, or its gradient.
  private func matrix(_ parameter: BufferView<S>, columns: Int) -> Matrix<S> {
    Matrix(parameter, rows: cell.gates.parameterRows, columns: columns)
  }
  private var recurrentWeight: Matrix<S> { matrix(pass.parameter(firstParameter + 1), columns: units) }
}

private func zeroed<S: Scalar>(_ view: BufferView<S>) -> BufferView<S> {
  view.zero()
  return view
}
