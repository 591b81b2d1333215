public import NumericCore

/// A stack of recurrent layers over the steps of a sequence: long short-term memory or gated recurrent units.
///
/// The formulas stand with the kernels `lstmForward` and `gruForward`. Names, shapes and the order of the gates (LSTM
/// i, f, g, o; GRU r, z, n) are those of PyTorch's `nn.LSTM` and `nn.GRU`; parameters start uniform on ±1/√units, as
/// there.
///
/// - Shapes: input 0 [T, F]; input 1, where `hasLengths`, the number of steps of each sample, a scalar up to T. With D
///   = 1 or 2 directions of H units: output [T, D·H], or [D·H] where only the last state of each direction is wanted.
///   Of layer l: `weight_ih_l` [G·H, F or D·H], `weight_hh_l` [G·H, H], `bias_ih_l` and `bias_hh_l` [G·H], G = 4 gates
///   (GRU: 3); those of the reverse direction end in `_reverse`.
/// - Steps from a sample's length on are padding: they give zeros, change no state and get no gradient. The forward
///   direction's last state is that after step length − 1, the reverse direction's that after step 0.
/// - Dropout falls on the output of every layer but the last, keyed by (step, layer, sample).
///
/// All steps' products with the input weights are one matrix product, as are all steps' weight gradients; what remains
/// in each step is the product with the recurrent weights and one kernel. A `Sweep` takes one direction through one
/// layer, step by step; a `RecurrentCell` is what LSTM and GRU differ in.
public struct Recurrent<S: Scalar>: Layer {
  public enum Cell: String, Sendable { case lstm, gru }

  public let inputShapes: [Shape]
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  let cell: any RecurrentCell<S>
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
    self.cell = cell.arithmetic(units: units)
    (steps, inputSize) = (inputShape[0], inputShape[1])
    (self.units, self.layers, self.givesSequence) = (units, layers, givesSequence)
    self.dropout = layers > 1 ? dropout : 0
    directions = isBidirectional ? 2 : 1
    inputShapes = hasLengths ? [inputShape, []] : [inputShape]
    outputShape = givesSequence ? [inputShape[0], directions * units] : [directions * units]
    let rows = self.cell.gates.parameterRows
    let initializer = Initializer.uniform(bound: (1 / Double(units)).squareRoot())
    var parameters: [ParameterSpecification] = []
    for layer in 0..<layers {
      for suffix in isBidirectional ? ["", "_reverse"] : [""] {
        let width = layer == 0 ? inputShape[1] : directions * units
        let shapes: [(String, Shape)] = [
          ("weight_ih", [rows, width]), ("weight_hh", [rows, units]), ("bias_ih", [rows]), ("bias_hh", [rows]),
        ]
        for (name, shape) in shapes {
          parameters.append(
            ParameterSpecification("\(name)_l\(layer)\(suffix)", shape: shape, initializer: initializer))
        }
      }
    }
    self.parameters = parameters
  }

  /// D·H.
  var width: Int { directions * units }

  public func savedCount(samples: Int) -> Int {
    samples * steps * (inputSize + layers * RecurrentMemory.width(self))
  }

  public func scratchCount(samples: Int) -> Int {
    // Two gradients of activations, one of states, a sample's dropout mask, packed weights, and rows of gates.
    2 * samples * steps * max(width, inputSize) + samples * cell.stateSize + steps * width
      + cell.gates.packedCount(S.self, units: units) + 2 * cell.gates.count + units + ViewCutter<S>.slack(views: 8)
  }

  // MARK: Forward

  public func forward(_ pass: LayerPass<S>) {
    exchangeLeadingAxes(
      pass.input(), outer: pass.samples, inner: steps, width: inputSize, into: timeMajorInput(pass))
    for layer in 0..<layers {
      drop(layer, pass)
      for direction in 0..<directions { Sweep(self, pass, layer: layer, direction: direction).forward() }
    }
    let states = memory(layers - 1, pass).output
    if givesSequence {
      exchangeLeadingAxes(states, outer: steps, inner: pass.samples, width: width, into: pass.output)
    } else {
      forEachLastState(pass) { source, target in
        if let source {
          copy(states.view(source), into: pass.output.view(target))
        } else {
          pass.output.view(target).zero()
        }
      }
    }
  }

  /// Draws the mask of a layer's input and applies it. A sample's mask is drawn as [T, D·H] and then set time-major.
  private func drop(_ layer: Int, _ pass: LayerPass<S>) {
    guard isDropped(layer, pass), let random = pass.random?.stream(.dropout, layer) else { return }
    let memory = memory(layer, pass), row = pass.scratch.view(first: steps * width)
    for sample in 0..<pass.samples {
      random.fillDropoutMask(row, substream: pass.sampleIDs[sample], probability: dropout)
      for step in 0..<steps {
        let start = (step * pass.samples + sample) * width
        copy(row.view(step * width..<(step + 1) * width), into: memory.mask.view(start..<start + width))
      }
    }
    multiplyElements(self.memory(layer - 1, pass).output, memory.mask, into: memory.dropped)
  }

  private func isDropped(_ layer: Int, _ pass: LayerPass<S>) -> Bool {
    layer > 0 && dropout > 0 && pass.random != nil
  }

  // MARK: Backward

  public func backward(_ pass: LayerPass<S>) {
    let rows = steps * pass.samples
    var scratch = ViewCutter(pass.scratch)
    var gradient = scratch.take(rows * max(width, inputSize))
    var below = scratch.take(rows * max(width, inputSize))
    let last = gradient.view(first: rows * width)
    if givesSequence {
      exchangeLeadingAxes(pass.outputGradient, outer: pass.samples, inner: steps, width: width, into: last)
    } else {
      last.zero()
      forEachLastState(pass) { target, source in
        if let target { copy(pass.outputGradient.view(source), into: last.view(target)) }
      }
    }
    for layer in (0..<layers).reversed() {
      let inputWidth = layer > 0 ? width : inputSize
      let needsInput = layer > 0 || pass.inputGradient() != nil
      for direction in 0..<directions {
        Sweep(self, pass, layer: layer, direction: direction).backward(
          hiddenGradient: gradient.view(first: rows * width),
          inputGradient: needsInput ? below.view(first: rows * inputWidth) : nil, scratch: scratch)
      }
      if isDropped(layer, pass) {
        let view = below.view(first: rows * width)
        multiplyElements(view, memory(layer, pass).mask, into: view)
      }
      swap(&gradient, &below)
    }
    if let inputGradient = pass.inputGradient() {
      exchangeLeadingAxes(
        gradient.view(first: rows * inputSize), outer: steps, inner: pass.samples, width: inputSize,
        into: inputGradient)
    }
    if inputShapes.count > 1 { pass.inputGradient(1)?.zero() }
  }

  // MARK: Places

  private func timeMajorInput(_ pass: LayerPass<S>) -> BufferView<S> {
    pass.saved.view(first: steps * pass.samples * inputSize)
  }

  func memory(_ layer: Int, _ pass: LayerPass<S>) -> RecurrentMemory<S> {
    let rows = steps * pass.samples, size = rows * RecurrentMemory.width(self)
    let start = rows * inputSize + layer * size
    return RecurrentMemory(self, pass.saved.view(start..<start + size), rows: rows)
  }

  /// What a layer reads [T·N, F or D·H].
  func input(ofLayer layer: Int, _ pass: LayerPass<S>) -> Matrix<S> {
    let rows = steps * pass.samples
    guard layer > 0 else { return Matrix(timeMajorInput(pass), rows: rows, columns: inputSize) }
    return Matrix(
      isDropped(layer, pass) ? memory(layer, pass).dropped : memory(layer - 1, pass).output, rows: rows, columns: width)
  }

  /// The steps of each sample; nil where all have all.
  func lengths(_ pass: LayerPass<S>) -> BufferView<S>? { inputShapes.count > 1 ? pass.input(1) : nil }

  /// Calls `body` for each sample and direction with where its last state stands in [T, N, D·H] (nil for a sample
  /// without steps) and where in the output [N, D·H].
  private func forEachLastState(_ pass: LayerPass<S>, _ body: (_ states: Range<Int>?, _ output: Range<Int>) -> Void) {
    let lengths = lengths(pass)
    for sample in 0..<pass.samples {
      let length = lengths.map { Int($0[sample]) } ?? steps
      precondition((0...steps).contains(length), "a sequence of \(length) steps among \(steps)")
      for direction in 0..<directions {
        let step = direction == 0 ? length - 1 : 0
        let start = (step * pass.samples + sample) * width + direction * units
        let target = sample * width + direction * units
        body(length > 0 ? start..<start + units : nil, target..<target + units)
      }
    }
  }
}
