public import NumericCore

/// A stack of recurrent layers over the steps of a sequence: long short-term memory or gated recurrent units.
///
/// The formulas stand with the kernels `lstmForward` and `gruForward`. Names, shapes and the order of the gates (LSTM i, f, g,
/// o; GRU r, z, n) are those of PyTorch's `nn.LSTM` and `nn.GRU`; parameters start uniform on ±1/√units, as there.
///
/// - Shapes: input 0 [T, F]; input 1, where `hasLengths`, the number of steps of each sample, a scalar up to T. With D = 1 or 2
///   directions of H units: output [T, D·H], or [D·H] where only the last state of each direction is wanted. Of layer l:
///   `weight_ih_l` [G·H, F or D·H], `weight_hh_l` [G·H, H], `bias_ih_l` and `bias_hh_l` [G·H], G = 4 gates (GRU: 3);
///   those of the reverse direction end in `_reverse`.
/// - Steps from a sample's length on are padding: they give zeros, change no state and get no gradient. The forward direction's
///   last state is that after step length − 1, the reverse direction's that after step 0.
/// - Dropout falls on the output of every layer but the last, keyed by (step, layer, sample).
///
/// All steps' products with the input weights are one matrix product, as are all steps' weight gradients; what remains in
/// each step is one product with the recurrent weights and one kernel.
public struct Recurrent<S: Scalar>: Layer {
  public enum Cell: String, Sendable { case lstm, gru }

  public let cell: Cell
  public let inputShapes: [Shape]
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  let steps: Int, inputSize: Int, units: Int, layers: Int, directions: Int
  let givesSequence: Bool
  let dropout: Double

  /// - Parameters:
  ///   - inputShape: [T, F].
  ///   - units: H.
  ///   - givesSequence: false for the last state alone.
  ///   - hasLengths: whether a second input tells the steps of each sample.
  ///   - dropout: the probability of dropout between layers.
  public init(
    _ cell: Cell, inputShape: Shape, units: Int, layers: Int = 1, isBidirectional: Bool = false,
    givesSequence: Bool = true, hasLengths: Bool = false, dropout: Double = 0
  ) {
    precondition(
      inputShape.rank == 2 && inputShape[0] >= 1 && units >= 1 && layers >= 1 && (0..<1).contains(dropout),
      "\(layers) recurrent layers of \(units) units over \(inputShape) with dropout \(dropout)")
    self.cell = cell
    (steps, inputSize) = (inputShape[0], inputShape[1])
    (self.units, self.layers, self.givesSequence) = (units, layers, givesSequence)
    self.dropout = layers > 1 ? dropout : 0
    directions = isBidirectional ? 2 : 1
    inputShapes = hasLengths ? [inputShape, []] : [inputShape]
    outputShape = givesSequence ? [inputShape[0], directions * units] : [directions * units]
    let rows = cell.gateCount * units
    let law = Initializer.uniform(bound: (1 / Double(units)).squareRoot())
    var parameters: [ParameterSpecification] = []
    for layer in 0..<layers {
      for suffix in isBidirectional ? ["", "_reverse"] : [""] {
        let width = layer == 0 ? inputShape[1] : directions * units
        let shapes: [(String, Shape)] = [
          ("weight_ih", [rows, width]), ("weight_hh", [rows, units]), ("bias_ih", [rows]), ("bias_hh", [rows]),
        ]
        for (name, shape) in shapes {
          parameters.append(ParameterSpecification("\(name)_l\(layer)\(suffix)", shape: shape, initializer: law))
        }
      }
    }
    self.parameters = parameters
  }

  public func savedCount(samples: Int) -> Int { RecurrentMemory.count(self, samples: samples) }

  public func scratchCount(samples: Int) -> Int {
    let width = directions * units
    // Two gradients of activations, one of cells, a sample's dropout mask, and rows of gates.
    return samples * steps * (width + max(width, inputSize)) + samples * units + steps * width + 12 * units
      + WindowCutter<S>.slack(windows: 8)
  }

  // MARK: Forward

  public func forward(_ pass: LayerPass<S>) {
    let memory = RecurrentMemory(self, pass)
    exchangeLeadingAxes(pass.input(), outer: pass.samples, inner: steps, width: inputSize, into: memory.input)
    for layer in 0..<layers {
      if isDropped(layer, pass) { drop(memory, layer, pass) }
      let input = layerInput(memory, layer, pass)
      for direction in 0..<directions { forward(pass, memory, layer, direction, input: input) }
    }
    let states = memory.output(layers - 1)
    if givesSequence {
      exchangeLeadingAxes(states, outer: steps, inner: pass.samples, width: directions * units, into: pass.output)
    } else {
      forEachLastState(pass) { _, source, target in
        if let source {
          copy(states.window(source), into: pass.output.window(target))
        } else {
          pass.output.window(target).update(repeating: 0)
        }
      }
    }
  }

  private func forward(
    _ pass: LayerPass<S>, _ memory: RecurrentMemory<S>, _ layer: Int, _ direction: Int, input: Matrix<S>
  ) {
    var scratch = WindowCutter(pass.scratch)
    let bias = scratch.take(4 * units)
    let zeros = zeroed(scratch.take(units))
    let weights = weights(layer, direction)
    gatherBias(pass.parameter(weights + 2), pass.parameter(weights + 3), into: bias)
    let gateRows = cell.gateCount * units
    let gates = memory.gates(layer, direction)
    multiply(
      input, matrix(pass.parameter(weights), columns: input.columns).transposed,
      into: Matrix(gates, rows: input.rows, columns: gateRows, stride: 4 * units))
    let recurrent = matrix(pass.parameter(weights + 1), columns: units)
    for position in 0..<steps {
      let step = step(pass, memory, layer, direction, position, zeros: zeros)
      if let previous = step.previousHidden {
        let hidden = Matrix(previous, rows: pass.samples, columns: units, stride: step.stride)
        recurrentProduct(hidden, recurrent, into: step.gates)
      } else if cell == .gru {
        clearProducts(of: step.gates)
      }
      switch cell {
      case .lstm:
        lstmForward(
          step, bias: bias, previousCell: memory.previousCell(layer, direction, position),
          cell: memory.cell(layer, direction, position))
      case .gru: gruForward(step, bias: bias)
      }
    }
  }

  /// Adds the hidden states' part to the gates of a step. Of a GRU the part of n goes to a block of its own.
  private func recurrentProduct(_ hidden: Matrix<S>, _ weight: Matrix<S>, into gates: Window<S>) {
    switch cell {
    case .lstm:
      multiply(
        hidden, weight.transposed, into: Matrix(gates, rows: hidden.rows, columns: 4 * units), adding: true)
    case .gru:
      multiply(
        hidden, weight.rows(0..<2 * units).transposed,
        into: Matrix(gates, rows: hidden.rows, columns: 4 * units).columns(0..<2 * units), adding: true)
      multiply(
        hidden, weight.rows(2 * units..<3 * units).transposed,
        into: Matrix(gates, rows: hidden.rows, columns: 4 * units).columns(3 * units..<4 * units))
    }
  }

  // MARK: Backward

  public func backward(_ pass: LayerPass<S>) {
    let memory = RecurrentMemory(self, pass)
    let width = directions * units
    let rows = steps * pass.samples
    var scratch = WindowCutter(pass.scratch)
    var gradient = scratch.take(rows * max(width, inputSize))
    var below = scratch.take(rows * max(width, inputSize))
    if givesSequence {
      exchangeLeadingAxes(
        pass.outputGradient, outer: pass.samples, inner: steps, width: width, into: gradient.window(first: rows * width)
      )
    } else {
      gradient.window(first: rows * width).update(repeating: 0)
      forEachLastState(pass) { _, target, source in
        if let target { copy(pass.outputGradient.window(source), into: gradient.window(target)) }
      }
    }
    for layer in (0..<layers).reversed() {
      let needsInput = layer > 0 || pass.inputGradient() != nil
      let input = layerInput(memory, layer, pass)
      for direction in 0..<directions {
        backward(
          pass, memory, layer, direction, input: input, hiddenGradient: gradient.window(first: rows * width),
          inputGradient: needsInput ? below.window(first: rows * input.columns) : nil, scratch: scratch)
      }
      if layer > 0, isDropped(layer, pass) {
        let window = below.window(first: rows * width)
        multiplyElements(window, memory.mask(layer), into: window)
      }
      swap(&gradient, &below)
    }
    if let inputGradient = pass.inputGradient() {
      exchangeLeadingAxes(
        gradient.window(first: rows * inputSize), outer: steps, inner: pass.samples, width: inputSize,
        into: inputGradient)
    }
    if inputShapes.count > 1 { pass.inputGradient(1)?.update(repeating: 0) }
  }

  private func backward(
    _ pass: LayerPass<S>, _ memory: RecurrentMemory<S>, _ layer: Int, _ direction: Int, input: Matrix<S>,
    hiddenGradient: Window<S>, inputGradient: Window<S>?, scratch: WindowCutter<S>
  ) {
    var scratch = scratch
    let cellGradient = zeroed(scratch.take(pass.samples * units))
    let tangents = scratch.take(units)
    let zeros = zeroed(scratch.take(units))
    let weights = weights(layer, direction)
    let recurrent = matrix(pass.parameter(weights + 1), columns: units)
    for position in (0..<steps).reversed() {
      let step = step(pass, memory, layer, direction, position, zeros: zeros)
      let ownGradient = memory.rows(hiddenGradient, direction, position)
      let previousGradient = position > 0 ? memory.rows(hiddenGradient, direction, position - 1) : nil
      switch cell {
      case .lstm:
        lstmBackward(
          step.replacingHidden(by: ownGradient), previousCell: memory.previousCell(layer, direction, position),
          cell: memory.cell(layer, direction, position), cellGradient: cellGradient, tangents: tangents)
      case .gru: gruBackward(step, hiddenGradient: ownGradient, previousGradient: previousGradient)
      }
      guard let previousGradient else { continue }
      let gates = Matrix(step.gates, rows: pass.samples, columns: 4 * units)
      let target = Matrix(previousGradient, rows: pass.samples, columns: units, stride: step.stride)
      switch cell {
      case .lstm: multiply(gates, recurrent, into: target, adding: true)
      case .gru:
        multiply(gates.columns(0..<2 * units), recurrent.rows(0..<2 * units), into: target, adding: true)
        multiply(
          gates.columns(3 * units..<4 * units), recurrent.rows(2 * units..<3 * units), into: target, adding: true)
      }
    }
    let gates = Matrix(memory.gates(layer, direction), rows: input.rows, columns: 4 * units)
    addParameterGradients(pass, memory, layer, direction, input: input, gates: gates, sums: scratch.take(4 * units))
    if let inputGradient {
      multiply(
        gates.columns(0..<cell.gateCount * units), matrix(pass.parameter(weights), columns: input.columns),
        into: Matrix(inputGradient, rows: input.rows, columns: input.columns), adding: direction > 0)
    }
  }

  /// One product over all steps for each weight; `gates` holds the gradients of the gates before activation.
  private func addParameterGradients(
    _ pass: LayerPass<S>, _ memory: RecurrentMemory<S>, _ layer: Int, _ direction: Int, input: Matrix<S>,
    gates: Matrix<S>, sums: Window<S>
  ) {
    let weights = weights(layer, direction)
    if let gradient = pass.parameterGradient(weights) {
      multiply(
        gates.columns(0..<cell.gateCount * units).transposed, input, into: matrix(gradient, columns: input.columns),
        adding: true)
    }
    if let gradient = pass.parameterGradient(weights + 1), steps > 1 {
      // The state before step t is the output of its neighbour: gates without their first step, outputs without their last.
      let (later, hidden) = memory.neighbours(layer, direction)
      let target = matrix(gradient, columns: units)
      switch cell {
      case .lstm: multiply(later.transposed, hidden, into: target, adding: true)
      case .gru:
        multiply(
          later.columns(0..<2 * units).transposed, hidden, into: target.rows(0..<2 * units), adding: true)
        multiply(
          later.columns(3 * units..<4 * units).transposed, hidden, into: target.rows(2 * units..<3 * units),
          adding: true)
      }
    }
    guard let inputBias = pass.parameterGradient(weights + 2), let hiddenBias = pass.parameterGradient(weights + 3)
    else { return }
    addColumnSums(of: memory.gates(layer, direction), to: zeroed(sums))
    add(sums.window(first: inputBias.count), into: inputBias)
    switch cell {
    case .lstm: add(sums, into: hiddenBias)
    case .gru:
      add(sums.window(first: 2 * units), into: hiddenBias.window(first: 2 * units))
      add(sums.window(3 * units..<4 * units), into: hiddenBias.window(2 * units..<3 * units))
    }
  }
}
