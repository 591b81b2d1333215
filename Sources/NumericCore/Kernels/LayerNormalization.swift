// Normalization of the rows of [R, F], each by its own mean and variance, summed in double.

/// Overwrites `output` [R, F] with `(input − μ) · r · weight + bias`, r = 1 / √(σ² + ε), where μ and the biased σ² are
/// those of the element's row. Leaves μ and r of each row in `means` and `inverseDeviations` [R] for backward; `weight`
/// and `bias` are [F].
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeRows<S: Scalar>(
  _ input: BufferView<S>, weight: BufferView<S>, bias: BufferView<S>, epsilon: Double, means: BufferView<S>,
  inverseDeviations: BufferView<S>, into output: BufferView<S>
) {
  let columns = weight.count
  precondition(
    bias.count == columns && input.count == means.count * columns && inverseDeviations.count == means.count
      && output.count == input.count,
    "\(input.count) elements in \(means.count) rows of \(columns) into \(output.count)")
  for row in means.indices {
    let range = row * columns..<(row + 1) * columns
    let (inputRow, outputRow) = (input.view(range), output.view(range))
    let mean = S(sum(inputRow) / Double(columns))
    // The row is in the first cache by now: a second pass costs little and cancels nothing.
    let squares = squaredDifferences(inputRow, from: mean)
    let inverseDeviation = S(1 / (squares / Double(columns) + epsilon).squareRoot())
    let (center, scale) = (SIMD8(repeating: mean), SIMD8(repeating: inverseDeviation))
    forEachVector(
      columns,
      { outputRow.setVector($0, (inputRow.vector($0) - center) * scale * weight.vector($0) + bias.vector($0)) },
      rest: { outputRow[$0] = (inputRow[$0] - mean) * inverseDeviation * weight[$0] + bias[$0] })
    means[row] = mean
    inverseDeviations[row] = inverseDeviation
  }
}

/// With g the output gradient [R, F] and n = (x − μ) · r the normalized input: overwrites `inputGradient`, where there
/// is one, with r · (h − h̄ − n · mean(h · n)), h = g · weight, the means over a row; adds Σ g · n to `weightSums` and
/// Σ g to `biasSums` [F].
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeRowsBackward<S: Scalar>(
  outputGradient: BufferView<S>, input: BufferView<S>, weight: BufferView<S>, means: BufferView<S>,
  inverseDeviations: BufferView<S>,
  inputGradient: BufferView<S>?, weightSums: BufferView<Double>, biasSums: BufferView<Double>
) {
  let columns = weight.count
  precondition(
    weightSums.count == columns && biasSums.count == columns && input.count == means.count * columns
      && inverseDeviations.count == means.count && outputGradient.count == input.count,
    "\(outputGradient.count) gradients of \(input.count) elements in \(means.count) rows of \(columns)")
  for row in means.indices {
    let range = row * columns..<(row + 1) * columns
    let (inputRow, gradientRow) = (input.view(range), outputGradient.view(range))
    let (mean, inverseDeviation) = (means[row], inverseDeviations[row])
    let (center, scale) = (SIMD8(repeating: mean), SIMD8(repeating: inverseDeviation))
    forEachVector(
      columns,
      {
        let gradient = gradientRow.vector($0)
        let normalized = (inputRow.vector($0) - center) * scale
        weightSums.setVector($0, weightSums.vector($0) + S.widened(gradient * normalized))
        biasSums.setVector($0, biasSums.vector($0) + S.widened(gradient))
      },
      rest: {
        weightSums[$0] += S.widened(gradientRow[$0] * ((inputRow[$0] - mean) * inverseDeviation))
        biasSums[$0] += S.widened(gradientRow[$0])
      })
    guard let inputGradient else { continue }
    let inputGradientRow = inputGradient.view(range)
    let (gradients, products) = weightedSums(
      gradientRow, weight, inputRow, mean: mean, inverseDeviation: inverseDeviation)
    let (offset, slope) = (S(gradients / Double(columns)), S(products / Double(columns)))
    forEachVector(
      columns,
      {
        let normalized = (inputRow.vector($0) - center) * scale
        inputGradientRow.setVector(
          $0, (gradientRow.vector($0) * weight.vector($0) - offset - normalized * slope) * scale)
      },
      rest: {
        let normalized = (inputRow[$0] - mean) * inverseDeviation
        inputGradientRow[$0] = (gradientRow[$0] * weight[$0] - offset - normalized * slope) * inverseDeviation
      })
  }
}

/// Adds sums in double to `output`.
@specialized(where S == Float)
@specialized(where S == Double)
public func add<S: Scalar>(sums: BufferView<Double>, into output: BufferView<S>) {
  precondition(sums.count == output.count, "\(sums.count) sums added to \(output.count) elements")
  for i in output.indices { output[i] += S(sums[i]) }
}

/// Overwrites `inputGradient` with y · (g − Σ g · y), the sum over a row of `columns`: the gradient of softmax by rows,
/// from its output y and the output's gradient g.
@specialized(where S == Float)
@specialized(where S == Double)
public func softmaxRowsBackward<S: Scalar>(
  output: BufferView<S>, outputGradient: BufferView<S>, columns: Int, inputGradient: BufferView<S>
) {
  precondition(
    columns > 0 && output.count % columns == 0 && outputGradient.count == output.count
      && inputGradient.count == output.count,
    "\(outputGradient.count) gradients of \(output.count) elements in rows of \(columns)")
  for start in stride(from: 0, to: output.count, by: columns) {
    let range = start..<start + columns
    let (row, gradientRow, inputGradientRow) = (
      output.view(range), outputGradient.view(range), inputGradient.view(range)
    )
    let average = S(dotProduct(row, gradientRow))
    for j in inputGradientRow.indices { inputGradientRow[j] = row[j] * (gradientRow[j] - average) }
  }
}

// Sums in double: eight interleaved ones of whole vectors, then the elements that are left. Loops, not one function of
// a closure, which would stay a call for each vector.

@inline(__always)
private func sum<S: Scalar>(_ row: BufferView<S>) -> Double {
  var partial = SIMD8<Double>.zero
  var index = 0
  while index + 8 <= row.count {
    partial += S.widened(row.vector(index))
    index += 8
  }
  var rest = 0.0
  while index < row.count {
    rest += S.widened(row[index])
    index += 1
  }
  return rest + partial.total
}

@inline(__always)
private func squaredDifferences<S: Scalar>(_ row: BufferView<S>, from mean: S) -> Double {
  let center = SIMD8<S>(repeating: mean)
  var partial = SIMD8<Double>.zero
  var index = 0
  while index + 8 <= row.count {
    let difference = S.widened(row.vector(index) - center)
    partial.addProduct(difference, difference)
    index += 8
  }
  var rest = 0.0
  while index < row.count {
    let difference = S.widened(row[index] - mean)
    rest += difference * difference
    index += 1
  }
  return rest + partial.total
}

@inline(__always)
private func dotProduct<S: Scalar>(_ left: BufferView<S>, _ right: BufferView<S>) -> Double {
  var partial = SIMD8<Double>.zero
  var index = 0
  while index + 8 <= left.count {
    partial += S.widened(left.vector(index) * right.vector(index))
    index += 8
  }
  var rest = 0.0
  while index < left.count {
    rest += S.widened(left[index] * right[index])
    index += 1
  }
  return rest + partial.total
}

/// Σ h and Σ h · n, h = gradient · weight and n the normalized input.
@inline(__always)
private func weightedSums<S: Scalar>(
  _ gradient: BufferView<S>, _ weight: BufferView<S>, _ input: BufferView<S>, mean: S, inverseDeviation: S
) -> (gradients: Double, products: Double) {
  let (center, scale) = (SIMD8<S>(repeating: mean), SIMD8<S>(repeating: inverseDeviation))
  var (gradients, products) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
  var index = 0
  while index + 8 <= gradient.count {
    let weighted = gradient.vector(index) * weight.vector(index)
    gradients += S.widened(weighted)
    products += S.widened(weighted * ((input.vector(index) - center) * scale))
    index += 8
  }
  var (gradientRest, productRest) = (0.0, 0.0)
  while index < gradient.count {
    let weighted = gradient[index] * weight[index]
    gradientRest += S.widened(weighted)
    productRest += S.widened(weighted * ((input[index] - mean) * inverseDeviation))
    index += 1
  }
  return (gradientRest + gradients.total, productRest + products.total)
}
