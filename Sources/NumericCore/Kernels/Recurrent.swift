// One step of a recurrent cell for all samples at once. The products with the weights are done; what is left is element
// by element. Each row is worked through in several short loops over a row that stays in the first-level cache: a
// single loop over all of its arrays does not vectorise, because too many pointers would have to be compared for
// overlap.

/// The rows of one step: N samples, H units, and which samples have this step at all.
public struct RecurrentStep<S: Scalar> {
  /// Some blocks of H values a sample [N, B·H]: activations after a forward step, gradients after a backward one.
  public let gates: BufferView<S>
  /// B·H.
  public let gateColumns: Int
  /// Rows of hidden states, one every `stride` elements.
  public let hidden: BufferView<S>
  /// The hidden states of the step before, in the same layout; nil at the first step, where they are zero.
  public let previousHidden: BufferView<S>?
  public let stride: Int
  /// What a cell carries besides the hidden state, a row for each sample, and that of the step before; nil at the
  /// first.
  public let state: BufferView<S>, previousState: BufferView<S>?
  /// H zeros.
  public let zeros: BufferView<S>
  /// The number of this step, from zero at the beginning of the sequence.
  public let index: Int
  /// The steps of each sample [N]; nil where all have all.
  public let lengths: BufferView<S>?

  public init(
    gates: BufferView<S>, gateColumns: Int, hidden: BufferView<S>, previousHidden: BufferView<S>?, stride: Int,
    state: BufferView<S>,
    previousState: BufferView<S>?, zeros: BufferView<S>, index: Int, lengths: BufferView<S>?
  ) {
    let units = zeros.count
    precondition(
      gateColumns % units == 0 && gates.count % gateColumns == 0 && units <= stride
        && (lengths?.count ?? gates.count / gateColumns) == gates.count / gateColumns,
      "\(gates.count) gates of \(units) units in rows of \(gateColumns), hidden states in rows of \(stride)")
    (self.gates, self.gateColumns) = (gates, gateColumns)
    (self.hidden, self.previousHidden, self.stride) = (hidden, previousHidden, stride)
    (self.state, self.previousState) = (state, previousState)
    (self.zeros, self.index, self.lengths) = (zeros, index, lengths)
  }

  @inline(__always) var units: Int { zeros.count }
  @inline(__always) var samples: Int { gates.count / gateColumns }

  @inline(__always) func isPadding(_ sample: Int) -> Bool {
    guard let lengths else { return false }
    return S(index) >= lengths[sample]
  }
  @inline(__always) func row(ofGates sample: Int) -> BufferView<S> {
    gates.view(sample * gateColumns..<(sample + 1) * gateColumns)
  }
  @inline(__always) func gate(_ block: Int, _ sample: Int) -> BufferView<S> {
    let start = sample * gateColumns + block * units
    return gates.view(start..<start + units)
  }
  @inline(__always) func row(_ rows: BufferView<S>, _ sample: Int) -> BufferView<S> {
    rows.view(sample * stride..<sample * stride + units)
  }
  @inline(__always) func previous(_ sample: Int) -> BufferView<S> {
    if let previousHidden { row(previousHidden, sample) } else { zeros }
  }
}

// MARK: Long short-term memory

/// `i, f, o = σ(gates + bias)`, `g = tanh(gates + bias)`, `c = f · c′ + i · g`, `h = o · tanh c` (Hochreiter and
/// Schmidhuber 1997, with the forget gate of Gers et al. 2000). The blocks of `gates` are i, f, g, o; a sample that has
/// no such step gets zeros. The cells c and c′ are `step.state` and `step.previousState` [N, H].
///
/// - Parameter bias: the sum of both biases [4H].
@specialized(where S == Float)
@specialized(where S == Double)
public func lstmForward<S: Scalar>(_ step: RecurrentStep<S>, bias: BufferView<S>) {
  let units = step.units
  for sample in 0..<step.samples {
    let range = sample * units..<(sample + 1) * units
    let c = step.state.view(range), h = step.row(step.hidden, sample)
    if step.isPadding(sample) {
      c.update(repeating: 0)
      h.update(repeating: 0)
      continue
    }
    let gates = step.row(ofGates: sample)
    addSigmoid(bias.view(0..<2 * units), into: gates.view(0..<2 * units))
    addTangent(bias.view(2 * units..<3 * units), into: gates.view(2 * units..<3 * units))
    addSigmoid(bias.view(3 * units..<4 * units), into: gates.view(3 * units..<4 * units))
    let i = step.gate(0, sample), f = step.gate(1, sample), g = step.gate(2, sample), o = step.gate(3, sample)
    let before = step.previousState?.view(range) ?? step.zeros
    for j in 0..<units { c[j] = f[j] * before[j] + i[j] * g[j] }
    for j in 0..<units { h[j] = o[j] * S.hyperbolicTangent(c[j]) }
  }
}

/// Turns the activations in `step.gates` into ∂loss/∂gates before activation, given ∂loss/∂h in
/// `hiddenGradient`, in rows like those of `step.hidden`, and replaces ∂loss/∂c in `cellGradient` by ∂loss/∂c′.
///
/// - Parameter tangents: working memory [H].
@specialized(where S == Float)
@specialized(where S == Double)
public func lstmBackward<S: Scalar>(
  _ step: RecurrentStep<S>, hiddenGradient: BufferView<S>, cellGradient: BufferView<S>, tangents: BufferView<S>
) {
  let units = step.units
  for sample in 0..<step.samples {
    let range = sample * units..<(sample + 1) * units
    let i = step.gate(0, sample), f = step.gate(1, sample), g = step.gate(2, sample), o = step.gate(3, sample)
    if step.isPadding(sample) {
      step.row(ofGates: sample).update(repeating: 0)
      continue
    }
    let c = step.state.view(range), before = step.previousState?.view(range) ?? step.zeros
    let dc = cellGradient.view(range), dh = step.row(hiddenGradient, sample)
    for j in 0..<units { tangents[j] = S.hyperbolicTangent(c[j]) }
    for j in 0..<units { dc[j] += dh[j] * o[j] * (1 - tangents[j] * tangents[j]) }
    for j in 0..<units { o[j] = dh[j] * tangents[j] * o[j] * (1 - o[j]) }
    for j in 0..<units {
      let (input, candidate) = (i[j], g[j])
      i[j] = dc[j] * candidate * input * (1 - input)
      g[j] = dc[j] * input * (1 - candidate * candidate)
    }
    for j in 0..<units {
      let (forget, gradient) = (f[j], dc[j])
      f[j] = gradient * before[j] * forget * (1 - forget)
      dc[j] = gradient * forget
    }
  }
}

// MARK: Gated recurrent unit

/// `r, z = σ(gates + bias)`, `n = tanh(gate + bias + r · (m + b))`, `h = (1 − z) · n + z · h′` (Cho et al. 2014, with
/// the reset gate applied after the product, as in PyTorch and cuDNN). The blocks of `gates` are r, z, n and m, the
/// product of h′ with the weights of n, which becomes m + b. At the first step nothing has to be in m.
///
/// - Parameter bias: four blocks [4H]: for r and z the sums of both biases, the input bias of n, the hidden bias b of
///   n.
@specialized(where S == Float)
@specialized(where S == Double)
public func gruForward<S: Scalar>(_ step: RecurrentStep<S>, bias: BufferView<S>) {
  let units = step.units
  let inputBias = bias.view(2 * units..<3 * units), hiddenBias = bias.view(3 * units..<4 * units)
  for sample in 0..<step.samples {
    let h = step.row(step.hidden, sample)
    if step.isPadding(sample) {
      h.update(repeating: 0)
      continue
    }
    addSigmoid(bias.view(first: 2 * units), into: step.row(ofGates: sample).view(first: 2 * units))
    let r = step.gate(0, sample), z = step.gate(1, sample), n = step.gate(2, sample), m = step.gate(3, sample)
    if step.previousHidden == nil { m.update(repeating: 0) }
    for j in 0..<units { m[j] += hiddenBias[j] }
    for j in 0..<units { n[j] = S.hyperbolicTangent(n[j] + inputBias[j] + r[j] * m[j]) }
    let before = step.previous(sample)
    for j in 0..<units { h[j] = n[j] + z[j] * (before[j] - n[j]) }
  }
}

/// Turns the values in `step.gates` into the gradients of r, z, n before activation and of m, given ∂loss/∂h in
/// `hiddenGradient`, and adds what reaches h′ directly, z · ∂loss/∂h, to `previousGradient`. Both have the rows of
/// `step.hidden`.
///
/// - Parameter previousGradient: nil at the first step.
@specialized(where S == Float)
@specialized(where S == Double)
public func gruBackward<S: Scalar>(
  _ step: RecurrentStep<S>, hiddenGradient: BufferView<S>, previousGradient: BufferView<S>?
) {
  let units = step.units
  for sample in 0..<step.samples {
    let r = step.gate(0, sample), z = step.gate(1, sample), n = step.gate(2, sample), m = step.gate(3, sample)
    if step.isPadding(sample) {
      step.row(ofGates: sample).update(repeating: 0)
      continue
    }
    let dh = step.row(hiddenGradient, sample), before = step.previous(sample)
    if let previousGradient {
      let gradient = step.row(previousGradient, sample)
      for j in 0..<units { gradient[j] += dh[j] * z[j] }
    }
    for j in 0..<units {
      let (update, candidate) = (z[j], n[j])
      n[j] = dh[j] * (1 - update) * (1 - candidate * candidate)
      z[j] = dh[j] * (before[j] - candidate) * update * (1 - update)
    }
    for j in 0..<units {
      let (reset, product) = (r[j], m[j])
      r[j] = n[j] * product * reset * (1 - reset)
      m[j] = n[j] * reset
    }
  }
}

// MARK: Parts

/// `output = σ(output + bias)`.
@inline(__always)
private func addSigmoid<S: Scalar>(_ bias: BufferView<S>, into output: BufferView<S>) {
  for j in output.indices { output[j] = 1 / (1 + S.exponential(-(output[j] + bias[j]))) }
}

/// `output = tanh(output + bias)`.
@inline(__always)
private func addTangent<S: Scalar>(_ bias: BufferView<S>, into output: BufferView<S>) {
  for j in output.indices { output[j] = S.hyperbolicTangent(output[j] + bias[j]) }
}
