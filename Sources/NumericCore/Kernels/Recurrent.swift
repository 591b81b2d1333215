// One step of a recurrent cell for all samples at once. The products with the weights are done; what is left is element
// by element. Floats go sixteen units at a time, all gates in one pass; the units that are left, and other types, one
// by
// one.

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
    let i = step.gate(0, sample), f = step.gate(1, sample), g = step.gate(2, sample), o = step.gate(3, sample)
    let before = step.previousState?.view(range) ?? step.zeros
    var done = 0
    if let step = step as? RecurrentStep<Float>, let bias = bias as? BufferView<Float> {
      done = lstmForwardSixteen(step, bias: bias, sample)
    }
    for j in done..<units {
      i[j] = logistic(i[j] + bias[j])
      f[j] = logistic(f[j] + bias[units + j])
      g[j] = S.hyperbolicTangent(g[j] + bias[2 * units + j])
      o[j] = logistic(o[j] + bias[3 * units + j])
      c[j] = f[j] * before[j] + i[j] * g[j]
      h[j] = o[j] * S.hyperbolicTangent(c[j])
    }
  }
}

/// The units that come in sixteens; returns how many those are.
@inline(__always)
private func lstmForwardSixteen(_ step: RecurrentStep<Float>, bias: BufferView<Float>, _ sample: Int) -> Int {
  let units = step.units, range = sample * units..<(sample + 1) * units
  let i = step.gate(0, sample), f = step.gate(1, sample), g = step.gate(2, sample), o = step.gate(3, sample)
  let c = step.state.view(range), h = step.row(step.hidden, sample)
  let before = step.previousState?.view(range) ?? step.zeros
  var j = 0
  while j + 16 <= units {
    let input = (i.sixteen(j) + bias.sixteen(j)).sigmoid
    let forget = (f.sixteen(j) + bias.sixteen(units + j)).sigmoid
    let candidate = (g.sixteen(j) + bias.sixteen(2 * units + j)).hyperbolicTangent
    let output = (o.sixteen(j) + bias.sixteen(3 * units + j)).sigmoid
    let state = (forget * before.sixteen(j)).plus(input, candidate)
    i.setSixteen(j, input)
    f.setSixteen(j, forget)
    g.setSixteen(j, candidate)
    o.setSixteen(j, output)
    c.setSixteen(j, state)
    h.setSixteen(j, output * state.hyperbolicTangent)
    j += 16
  }
  return j
}

/// Turns the activations in `step.gates` into ∂loss/∂gates before activation, given ∂loss/∂h in
/// `hiddenGradient`, in rows like those of `step.hidden`, and replaces ∂loss/∂c in `cellGradient` by ∂loss/∂c′.
@specialized(where S == Float)
@specialized(where S == Double)
public func lstmBackward<S: Scalar>(
  _ step: RecurrentStep<S>, hiddenGradient: BufferView<S>, cellGradient: BufferView<S>
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
    var done = 0
    if let step = step as? RecurrentStep<Float>, let dh = dh as? BufferView<Float>, let dc = dc as? BufferView<Float> {
      done = lstmBackwardSixteen(step, hiddenGradient: dh, cellGradient: dc, sample)
    }
    for j in done..<units {
      let (input, forget, candidate, output) = (i[j], f[j], g[j], o[j]), tangent = S.hyperbolicTangent(c[j])
      let gradient = dc[j] + dh[j] * output * (1 - tangent * tangent)
      o[j] = dh[j] * tangent * output * (1 - output)
      i[j] = gradient * candidate * input * (1 - input)
      g[j] = gradient * input * (1 - candidate * candidate)
      f[j] = gradient * before[j] * forget * (1 - forget)
      dc[j] = gradient * forget
    }
  }
}

/// The units that come in sixteens; returns how many those are.
@inline(__always)
private func lstmBackwardSixteen(
  _ step: RecurrentStep<Float>, hiddenGradient dh: BufferView<Float>, cellGradient dc: BufferView<Float>, _ sample: Int
) -> Int {
  let units = step.units, range = sample * units..<(sample + 1) * units
  let i = step.gate(0, sample), f = step.gate(1, sample), g = step.gate(2, sample), o = step.gate(3, sample)
  let c = step.state.view(range), before = step.previousState?.view(range) ?? step.zeros
  var j = 0
  while j + 16 <= units {
    let (input, forget, candidate, output) = (i.sixteen(j), f.sixteen(j), g.sixteen(j), o.sixteen(j))
    let tangent = c.sixteen(j).hyperbolicTangent, hidden = dh.sixteen(j)
    let gradient = dc.sixteen(j).plus(hidden * output, 1 - tangent * tangent)
    o.setSixteen(j, hidden * tangent * output * (1 - output))
    i.setSixteen(j, gradient * candidate * input * (1 - input))
    g.setSixteen(j, gradient * input * (1 - candidate * candidate))
    f.setSixteen(j, gradient * before.sixteen(j) * forget * (1 - forget))
    dc.setSixteen(j, gradient * forget)
    j += 16
  }
  return j
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
    let r = step.gate(0, sample), z = step.gate(1, sample), n = step.gate(2, sample), m = step.gate(3, sample)
    if step.previousHidden == nil { m.zero() }
    let before = step.previous(sample)
    var done = 0
    if let step = step as? RecurrentStep<Float>, let bias = bias as? BufferView<Float> {
      done = gruForwardSixteen(step, bias: bias, sample)
    }
    for j in done..<units {
      r[j] = logistic(r[j] + bias[j])
      z[j] = logistic(z[j] + bias[units + j])
      m[j] += hiddenBias[j]
      n[j] = S.hyperbolicTangent(n[j] + inputBias[j] + r[j] * m[j])
      h[j] = n[j] + z[j] * (before[j] - n[j])
    }
  }
}

/// The units that come in sixteens; returns how many those are.
@inline(__always)
private func gruForwardSixteen(_ step: RecurrentStep<Float>, bias: BufferView<Float>, _ sample: Int) -> Int {
  let units = step.units
  let r = step.gate(0, sample), z = step.gate(1, sample), n = step.gate(2, sample), m = step.gate(3, sample)
  let h = step.row(step.hidden, sample), before = step.previous(sample)
  var j = 0
  while j + 16 <= units {
    let reset = (r.sixteen(j) + bias.sixteen(j)).sigmoid, update = (z.sixteen(j) + bias.sixteen(units + j)).sigmoid
    let product = m.sixteen(j) + bias.sixteen(3 * units + j)
    let candidate = (n.sixteen(j) + bias.sixteen(2 * units + j)).plus(reset, product).hyperbolicTangent
    r.setSixteen(j, reset)
    z.setSixteen(j, update)
    m.setSixteen(j, product)
    n.setSixteen(j, candidate)
    h.setSixteen(j, candidate.plus(update, before.sixteen(j) - candidate))
    j += 16
  }
  return j
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

/// 1 / (1 + e⁻ˣ).
@inline(__always)
private func logistic<S: Scalar>(_ x: S) -> S { 1 / (1 + S.exponential(-x)) }
