import NumericCore

extension Recurrent.Cell {
  /// Gates that parameters have rows for.
  var gateCount: Int { self == .lstm ? 4 : 3 }
}

/// Where a recurrent stack keeps what backward needs, all of it time-major: step by step, the samples of a step together.
///
/// - Shapes: input [T, N, F]; for each layer and direction gates [T, N, 4H] and, for LSTM, cells [T, N, H]; for each layer
///   the output [T, N, D·H] and, with dropout, the mask of its input and the input under it [T, N, D·H].
struct RecurrentMemory<S: Scalar> {
  private let layer: Recurrent<S>
  private let samples: Int
  private let saved: Window<S>

  init(_ layer: Recurrent<S>, _ pass: LayerPass<S>) {
    self.layer = layer
    samples = pass.samples
    saved = pass.saved
  }

  static func count(_ layer: Recurrent<S>, samples: Int) -> Int {
    samples * layer.steps * (layer.inputSize + layer.layers * blockWidth(layer))
  }

  /// Elements that one layer keeps of one step of one sample.
  private static func blockWidth(_ layer: Recurrent<S>) -> Int {
    layer.directions * layer.units * ((layer.cell == .lstm ? 6 : 5) + (layer.dropout > 0 ? 2 : 0))
  }

  private var rowCount: Int { layer.steps * samples }
  private var width: Int { layer.directions * layer.units }

  /// A part of a layer's block: `count` elements a row, behind `offset` elements a row.
  private func part(_ index: Int, offset: Int, count: Int) -> Window<S> {
    let start = rowCount * (layer.inputSize + index * Self.blockWidth(layer) + offset)
    return saved.window(start..<start + rowCount * count)
  }

  var input: Window<S> { saved.window(first: rowCount * layer.inputSize) }
  func output(_ index: Int) -> Window<S> { part(index, offset: 4 * width, count: width) }
  func gates(_ index: Int, _ direction: Int) -> Window<S> {
    part(index, offset: 4 * layer.units * direction, count: 4 * layer.units)
  }
  func mask(_ index: Int) -> Window<S> { part(index, offset: 5 * width, count: width) }
  func dropped(_ index: Int) -> Window<S> { part(index, offset: 6 * width, count: width) }
  private func cells(_ index: Int, _ direction: Int) -> Window<S> {
    part(index, offset: Self.blockWidth(layer) - width + layer.units * direction, count: layer.units)
  }

  /// The step of the sequence that a direction takes at `position` of its way.
  func step(_ direction: Int, _ position: Int) -> Int { direction == 0 ? position : layer.steps - 1 - position }

  /// A direction's rows [N, H], one every D·H elements, of [T, N, D·H] `states` at `position` of its way.
  func rows(_ states: Window<S>, _ direction: Int, _ position: Int) -> Window<S> {
    let start = step(direction, position) * samples * width
    return states.window(start + min(direction * layer.units, samples * width)..<start + samples * width)
  }

  func gates(_ index: Int, _ direction: Int, _ position: Int) -> Window<S> {
    let size = samples * 4 * layer.units
    let start = step(direction, position) * size
    return gates(index, direction).window(start..<start + size)
  }

  func cell(_ index: Int, _ direction: Int, _ position: Int) -> Window<S> {
    guard layer.cell == .lstm else { return saved.window(first: 0) }
    let size = samples * layer.units
    let start = step(direction, position) * size
    return cells(index, direction).window(start..<start + size)
  }

  func previousCell(_ index: Int, _ direction: Int, _ position: Int) -> Window<S>? {
    position > 0 ? cell(index, direction, position - 1) : nil
  }

  /// The gates of all steps of a direction but its first, and the hidden states before them.
  func neighbours(_ index: Int, _ direction: Int) -> (gates: Matrix<S>, hidden: Matrix<S>) {
    let rows = (layer.steps - 1) * samples
    let gates = gates(index, direction), states = output(index)
    let (gateStart, stateStart) = direction == 0 ? (samples, 0) : (0, samples)
    return (
      Matrix(
        gates.window(gateStart * 4 * layer.units..<(gateStart + rows) * 4 * layer.units), rows: rows,
        columns: 4 * layer.units),
      Matrix(states.window(stateStart * width..<(stateStart + rows) * width), rows: rows, columns: width)
        .columns(direction * layer.units..<(direction + 1) * layer.units)
    )
  }
}

extension Recurrent {
  /// The index of a layer's first parameter in a direction.
  func weights(_ layer: Int, _ direction: Int) -> Int { 4 * (layer * directions + direction) }

  func matrix(_ window: Window<S>, columns: Int) -> Matrix<S> {
    Matrix(window, rows: cell.gateCount * units, columns: columns)
  }

  func zeroed(_ window: Window<S>) -> Window<S> {
    window.update(repeating: 0)
    return window
  }

  /// What a layer reads, all steps as rows.
  func layerInput(_ memory: RecurrentMemory<S>, _ layer: Int, _ pass: LayerPass<S>) -> Matrix<S> {
    let rows = steps * pass.samples
    guard layer > 0 else { return Matrix(memory.input, rows: rows, columns: inputSize) }
    return Matrix(
      isDropped(layer, pass) ? memory.dropped(layer) : memory.output(layer - 1), rows: rows,
      columns: directions * units)
  }

  func isDropped(_ layer: Int, _ pass: LayerPass<S>) -> Bool { layer > 0 && dropout > 0 && pass.random != nil }

  /// Draws the mask of a layer's input and applies it. A sample's mask is drawn as [T, D·H] and then set time-major.
  func drop(_ memory: RecurrentMemory<S>, _ layer: Int, _ pass: LayerPass<S>) {
    guard let random = pass.random?.stream(.dropout, layer) else { return }
    let width = directions * units
    let mask = memory.mask(layer), row = pass.scratch.window(first: steps * width)
    for sample in 0..<pass.samples {
      random.fillDropoutMask(row, lane: pass.sampleIDs[sample], probability: dropout)
      for step in 0..<steps {
        let start = (step * pass.samples + sample) * width
        copy(row.window(step * width..<(step + 1) * width), into: mask.window(start..<start + width))
      }
    }
    multiplyElements(memory.output(layer - 1), mask, into: memory.dropped(layer))
  }

  /// The four blocks of biases that the kernels take.
  func gatherBias(_ input: Window<S>, _ hidden: Window<S>, into bias: Window<S>) {
    let shared = cell == .lstm ? 4 * units : 2 * units
    copy(input, into: bias.window(first: input.count))
    add(hidden.window(first: shared), into: bias.window(first: shared))
    if cell == .gru { copy(hidden.window(shared..<3 * units), into: bias.window(3 * units..<4 * units)) }
  }

  /// Zeroes the fourth block of each row of a GRU's gates: at the first step there is no product to put there.
  func clearProducts(of gates: Window<S>) {
    for start in stride(from: 3 * units, to: gates.count, by: 4 * units) {
      gates.window(start..<start + units).update(repeating: 0)
    }
  }

  func step(
    _ pass: LayerPass<S>, _ memory: RecurrentMemory<S>, _ layer: Int, _ direction: Int, _ position: Int,
    zeros: Window<S>
  ) -> RecurrentStep<S> {
    let states = memory.output(layer)
    return RecurrentStep(
      gates: memory.gates(layer, direction, position), hidden: memory.rows(states, direction, position),
      previousHidden: position > 0 ? memory.rows(states, direction, position - 1) : nil, stride: directions * units,
      zeros: zeros, index: memory.step(direction, position), lengths: inputShapes.count > 1 ? pass.input(1) : nil)
  }

  /// Calls `body` for each sample and direction with where its last state stands in [T, N, D·H] (nil for a sample without
  /// steps) and where in the output [N, D·H].
  func forEachLastState(
    _ pass: LayerPass<S>, _ body: (_ sample: Int, _ states: Range<Int>?, _ output: Range<Int>) -> Void
  ) {
    let width = directions * units
    for sample in 0..<pass.samples {
      let length = inputShapes.count > 1 ? Int(pass.input(1)[sample]) : steps
      precondition((0...steps).contains(length), "a sequence of \(length) steps among \(steps)")
      for direction in 0..<directions {
        let step = direction == 0 ? length - 1 : 0
        let start = (step * pass.samples + sample) * width + direction * units
        let target = sample * width + direction * units
        body(sample, length > 0 ? start..<start + units : nil, target..<target + units)
      }
    }
  }
}
