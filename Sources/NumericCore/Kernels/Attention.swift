// The rows of an attention matrix: softmax over the positions that may be seen, forward and backward.

/// Overwrites each row of `scores` [T, T] with softmax(scale · row) over its first `length` columns; where `isCausal`,
/// row t over those of them up to t. Zeros stand behind.
@specialized(where S == Float)
@specialized(where S == Double)
public func attentionSoftmax<S: Scalar>(
  _ scores: BufferView<S>, columns: Int, length: Int? = nil, scale: S, isCausal: Bool
) {
  precondition(columns > 0 && scores.count % columns == 0, "rows of \(columns) in \(scores.count) scores")
  let length = length ?? columns
  precondition(1 <= length && length <= columns, "\(length) of \(columns) columns")
  for t in 0..<scores.count / columns {
    let row = scores.view(t * columns..<(t + 1) * columns)
    let visible = row.view(first: isCausal ? min(t + 1, length) : length)
    if columns % 16 == 0, let row = row as? BufferView<Float>, let scale = scale as? Float {
      softmaxSixteen(row, visible: visible.count, scale: scale)
      continue
    }
    let greatest = greatest(visible)
    for j in visible.indices { visible[j] = S.exponential(scale * (visible[j] - greatest)) }
    let factor = 1 / sum(visible)
    for j in visible.indices { visible[j] *= factor }
    row.view(visible.count..<columns).update(repeating: 0)
  }
}

/// Replaces ∂loss/∂probabilities by ∂loss/∂scores: `scale · p · (g − Σ p · g)` in each row of T columns, of which only
/// those up to the row's own are read where `isCausal`; the others become zeros.
@specialized(where S == Float)
@specialized(where S == Double)
public func attentionSoftmaxBackward<S: Scalar>(
  probabilities: BufferView<S>, columns: Int, scale: S, isCausal: Bool, gradient: BufferView<S>
) {
  precondition(
    columns > 0 && probabilities.count % columns == 0 && gradient.count == probabilities.count,
    "\(gradient.count) gradients of \(probabilities.count) probabilities in rows of \(columns)")
  for t in 0..<gradient.count / columns {
    let row = t * columns..<(t + 1) * columns
    let visible = isCausal ? min(t + 1, columns) : columns
    let p = probabilities.view(row).view(first: visible), g = gradient.view(row).view(first: visible)
    let mean = dot(p, g)
    for j in g.indices { g[j] = scale * p[j] * (g[j] - mean) }
    gradient.view(row).view(visible..<columns).zero()
  }
}

/// Overwrites `row`, a multiple of sixteen elements, with softmax(scale · row) over the first `visible`, and zeros.
@inline(__always)
private func softmaxSixteen(_ row: BufferView<Float>, visible: Int, scale: Float) {
  let end = (visible + 15) / 16 * 16
  row.view(visible..<end).update(repeating: -.infinity)
  var maxima = row.sixteen(0)
  for start in stride(from: 16, to: end, by: 16) {
    let values = row.sixteen(start)
    maxima.replace(with: values, where: values .> maxima)
  }
  var greatest = maxima[0]
  for lane in 1..<16 where maxima[lane] > greatest { greatest = maxima[lane] }
  var sums = SIMD16<Float>()
  for start in stride(from: 0, to: end, by: 16) {
    let values = (scale * (row.sixteen(start) - greatest)).exponential
    row.setSixteen(start, values)
    sums += values
  }
  let factor = 1 / sums.total
  for start in stride(from: 0, to: end, by: 16) { row.setSixteen(start, factor * row.sixteen(start)) }
  row.view(end..<row.count).zero()
}

// Reductions over eight interleaved partial results, combined in a fixed order: a plain loop does not vectorise.

@inline(__always)
private func vector<S: Scalar>(_ x: BufferView<S>, _ start: Int) -> SIMD8<S> {
  UnsafeRawPointer(x.baseAddress.unsafelyUnwrapped + start).loadUnaligned(as: SIMD8<S>.self)
}

@inline(__always)
private func greatest<S: Scalar>(_ x: BufferView<S>) -> S {
  var result = x[0]
  var i = 0
  if x.count >= 8 {
    var partial = vector(x, 0)
    i = 8
    while i + 8 <= x.count {
      let values = vector(x, i)
      partial.replace(with: values, where: values .> partial)
      i += 8
    }
    for lane in 0..<8 where partial[lane] > result { result = partial[lane] }
  }
  while i < x.count {
    if x[i] > result { result = x[i] }
    i += 1
  }
  return result
}

@inline(__always)
private func sum<S: Scalar>(_ x: BufferView<S>) -> S {
  var partial = SIMD8<S>()
  var i = 0
  while i + 8 <= x.count {
    partial += vector(x, i)
    i += 8
  }
  var result = partial.sum()
  while i < x.count {
    result += x[i]
    i += 1
  }
  return result
}

@inline(__always)
private func dot<S: Scalar>(_ x: BufferView<S>, _ y: BufferView<S>) -> S {
  var partial = SIMD8<S>()
  var i = 0
  while i + 8 <= x.count {
    partial += vector(x, i) * vector(y, i)
    i += 8
  }
  var result = partial.sum()
  while i < x.count {
    result += x[i] * y[i]
    i += 1
  }
  return result
}
