// Initial values; each draw is keyed by its parameter and the element's index in it.

extension ParameterLayout.Entry {
  /// Overwrites `values` (this entry's elements) with its initial values, drawn from `source` under substream `index`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func initialize<S: Scalar>(_ values: BufferView<S>, from source: RandomSource, index: Int) {
    precondition(values.count == range.count, "\(values.count) elements for \(name) of \(shape)")
    initialize(values, by: initializer, from: source, index: index)
  }

  @specialized(where S == Float)
  @specialized(where S == Double)
  private func initialize<S: Scalar>(
    _ values: BufferView<S>, by initializer: Initializer, from source: RandomSource, index: Int
  ) {
    switch initializer {
    case .zeros: values.update(repeating: 0)
    case .ones: values.update(repeating: 1)
    case .kaimingUniform(let fanIn):
      source.fillUniform(values, bound: (6 / Double(fanIn)).squareRoot(), substream: index)
    case .kaimingNormal(let fanIn):
      source.fillNormal(values, standardDeviation: (2 / Double(fanIn)).squareRoot(), substream: index)
    case .xavierUniform(let fanIn, let fanOut):
      source.fillUniform(values, bound: (6 / Double(fanIn + fanOut)).squareRoot(), substream: index)
    case .xavierNormal(let fanIn, let fanOut):
      source.fillNormal(values, standardDeviation: (2 / Double(fanIn + fanOut)).squareRoot(), substream: index)
    case .uniform(let bound): source.fillUniform(values, bound: bound, substream: index)
    case .normal(let deviation): source.fillNormal(values, standardDeviation: deviation, substream: index)
    case .orthogonal: source.fillOrthogonal(values, rows: shape.extents.first ?? 1, substream: index)
    case .truncatedNormal(let deviation):
      source.fillTruncatedNormal(values, standardDeviation: deviation, substream: index)
    case .zeroingRow(let row, let initializer):
      initialize(values, by: initializer, from: source, index: index)
      let width = shape.elementCount / shape[0]
      values.view(row * width..<(row + 1) * width).update(repeating: 0)
    }
  }
}

extension RandomSource {
  /// Overwrites `values` with draws that are uniform on ±`bound`.
  func fillUniform<S: Scalar>(_ values: BufferView<S>, bound: Double, substream: Int) {
    for i in values.indices {
      let word = words(i / 4, substream: substream)[i % 4]
      values[i] = S((2 * (Double(word) + 0.5) * 0x1p-32 - 1) * bound)
    }
  }

  /// Overwrites `values` with normal draws of mean zero: element i of `substream`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func fillNormal<S: Scalar>(_ values: BufferView<S>, standardDeviation: Double = 1, substream: Int) {
    for block in stride(from: 0, to: values.count, by: 4) {
      let draws = normals(block / 4, substream: substream)
      for i in 0..<min(4, values.count - block) { values[block + i] = S(draws[i] * standardDeviation) }
    }
  }

  /// Overwrites `values` with normal draws of mean zero that lie within two standard deviations; others are drawn
  /// again.
  func fillTruncatedNormal<S: Scalar>(_ values: BufferView<S>, standardDeviation: Double, substream: Int) {
    for i in values.indices {
      // Each element has draws of its own, so that a second one for it moves no other.
      var attempt = 0
      var value = Double.infinity
      while abs(value) > 2 {
        let candidates = normals(i | attempt << 40, substream: substream)
        for j in 0..<4 where abs(value) > 2 { value = candidates[j] }
        attempt += 1
      }
      values[i] = S(value * standardDeviation)
    }
  }

  /// Overwrites a matrix [rows, columns] with orthonormal rows or, if they are more than the columns, orthonormal
  /// columns.
  ///
  /// Gram and Schmidt's process over normal vectors, whose directions are uniform; done twice for each, which is enough
  /// for orthogonality to working precision (Giraud, Langou and Rozložník 2005).
  func fillOrthogonal<S: Scalar>(_ values: BufferView<S>, rows: Int, substream: Int) {
    guard !values.isEmpty else { return }
    let columns = values.count / rows
    let (count, length) = (min(rows, columns), max(rows, columns))
    let basis = FlatBuffer<Double>(count: count * length)
    fillNormal(basis.view, standardDeviation: 1, substream: substream)
    for i in 0..<count {
      let vector = basis.view.view(i * length..<(i + 1) * length)
      for _ in 0..<2 {
        for j in 0..<i {
          let other = basis.view.view(j * length..<(j + 1) * length)
          let projection = dotProduct(vector, other)
          for k in vector.indices { vector[k] -= projection * other[k] }
        }
      }
      scale(vector, by: 1 / dotProduct(vector, vector).squareRoot())
    }
    for row in 0..<rows {
      for column in 0..<columns {
        values[row * columns + column] = S(
          rows <= columns ? basis.view[row * length + column] : basis.view[column * length + row])
      }
    }
  }

  /// Four standard normal numbers: draw `index` of `substream`, by Box and Muller's transform (1958) on each half.
  private func normals(_ index: Int, substream: Int) -> SIMD4<Double> {
    let uniform = (SIMD4<Double>(words(index, substream: substream)) + 0.5) * 0x1p-32
    func pair(_ a: Double, _ b: Double) -> (Double, Double) {
      let radius = (-2 * Double.logarithm(a)).squareRoot()
      let angle = 2 * .pi * b
      return (radius * Double.cosine(angle), radius * Double.cosine(angle - .pi / 2))
    }
    let (first, second) = pair(uniform.x, uniform.y)
    let (third, fourth) = pair(uniform.z, uniform.w)
    return SIMD4(first, second, third, fourth)
  }

  /// Σ aᵢbᵢ, over eight interleaved partial sums.
  private func dotProduct(_ a: BufferView<Double>, _ b: BufferView<Double>) -> Double {
    var partial = SIMD8<Double>()
    var i = 0
    while i + 8 <= a.count {
      partial += a.vector(i) * b.vector(i)
      i += 8
    }
    var sum = partial.sum()
    while i < a.count {
      sum += a[i] * b[i]
      i += 1
    }
    return sum
  }
}

extension ParameterLayout {
  /// Overwrites a flat buffer of this layout with initial values; alignment gaps are zeroed.
  public func initialize<S: Scalar>(_ values: BufferView<S>, seed: UInt64) {
    precondition(values.count == count, "\(values.count) elements for a layout of \(count)")
    values.update(repeating: 0)
    let source = RandomSource(seed: seed).stream(.initialization)
    for (index, entry) in entries.enumerated() {
      entry.initialize(values.view(entry.range), from: source, index: index)
    }
  }
}
