// Normalization of the rows of [R, F], each by its own mean and variance, summed in double.

/// Overwrites `output` [R, F] with `(input − μ) · r · weight + bias`, r = 1 / √(σ² + ε), where μ and the biased σ² are those of
/// the element's row. Leaves μ and r of each row in `means` and `inverseDeviations` [R] for backward; `weight` and `bias` are [F].
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeRows<S: Scalar>(
  _ input: Window<S>, weight: Window<S>, bias: Window<S>, epsilon: Double, means: Window<S>,
  inverseDeviations: Window<S>, into output: Window<S>
) {
  let columns = weight.count
  precondition(
    bias.count == columns && input.count == means.count * columns && inverseDeviations.count == means.count
      && output.count == input.count,
    "\(input.count) elements in \(means.count) rows of \(columns) into \(output.count)")
  for row in means.indices {
    let range = row * columns..<(row + 1) * columns
    let (inputRow, outputRow) = (input.window(range), output.window(range))
    let mean = S(sum(columns, { S.widened(inputRow.vector($0)) }, { S.widened(inputRow[$0]) }) / Double(columns))
    // The row is in the first cache by now: a second pass costs little and cancels nothing.
    let squares = sum(
      columns,
      {
        let difference = S.widened(inputRow.vector($0) - mean)
        return difference * difference
      },
      {
        let difference = S.widened(inputRow[$0] - mean)
        return difference * difference
      })
    let inverseDeviation = S(1 / (squares / Double(columns) + epsilon).squareRoot())
    for j in outputRow.indices { outputRow[j] = (inputRow[j] - mean) * inverseDeviation * weight[j] + bias[j] }
    means[row] = mean
    inverseDeviations[row] = inverseDeviation
  }
}

/// With g the output gradient [R, F] and n = (x − μ) · r the normalized input: overwrites `inputGradient`, where there is one,
/// with r · (h − h̄ − n · mean(h · n)), h = g · weight, the means over a row; adds Σ g · n to `weightSums` and Σ g to `biasSums` [F].
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeRowsBackward<S: Scalar>(
  outputGradient: Window<S>, input: Window<S>, weight: Window<S>, means: Window<S>, inverseDeviations: Window<S>,
  inputGradient: Window<S>?, weightSums: Window<Double>, biasSums: Window<Double>
) {
  let columns = weight.count
  precondition(
    weightSums.count == columns && biasSums.count == columns && input.count == means.count * columns
      && inverseDeviations.count == means.count && outputGradient.count == input.count,
    "\(outputGradient.count) gradients of \(input.count) elements in \(means.count) rows of \(columns)")
  for row in means.indices {
    let range = row * columns..<(row + 1) * columns
    let (inputRow, gradientRow) = (input.window(range), outputGradient.window(range))
    let (mean, inverseDeviation) = (means[row], inverseDeviations[row])
    for j in gradientRow.indices {
      weightSums[j] += S.widened(gradientRow[j] * ((inputRow[j] - mean) * inverseDeviation))
      biasSums[j] += S.widened(gradientRow[j])
    }
    guard let inputGradient else { continue }
    let inputGradientRow = inputGradient.window(range)
    let offset = S(
      sum(
        columns, { S.widened(gradientRow.vector($0) * weight.vector($0)) },
        { S.widened(gradientRow[$0] * weight[$0]) }) / Double(columns))
    let slope = S(
      sum(
        columns,
        {
          let normalized = (inputRow.vector($0) - mean) * inverseDeviation
          return S.widened(gradientRow.vector($0) * weight.vector($0) * normalized)
        },
        { S.widened(gradientRow[$0] * weight[$0] * ((inputRow[$0] - mean) * inverseDeviation)) }) / Double(columns))
    for j in inputGradientRow.indices {
      let normalized = (inputRow[j] - mean) * inverseDeviation
      inputGradientRow[j] = inverseDeviation * (gradientRow[j] * weight[j] - offset - normalized * slope)
    }
  }
}

/// Adds sums in double to `output`.
@specialized(where S == Float)
@specialized(where S == Double)
public func add<S: Scalar>(sums: Window<Double>, into output: Window<S>) {
  precondition(sums.count == output.count, "\(sums.count) sums added to \(output.count) elements")
  for i in output.indices { output[i] += S(sums[i]) }
}

/// Overwrites `inputGradient` with y · (g − Σ g · y), the sum over a row of `columns`: the gradient of softmax by rows, from its
/// output y and the output's gradient g.
@specialized(where S == Float)
@specialized(where S == Double)
public func softmaxRowsBackward<S: Scalar>(
  output: Window<S>, outputGradient: Window<S>, columns: Int, inputGradient: Window<S>
) {
  precondition(
    columns > 0 && output.count % columns == 0 && outputGradient.count == output.count
      && inputGradient.count == output.count,
    "\(outputGradient.count) gradients of \(output.count) elements in rows of \(columns)")
  for start in stride(from: 0, to: output.count, by: columns) {
    let range = start..<start + columns
    let (row, gradientRow, inputGradientRow) = (
      output.window(range), outputGradient.window(range), inputGradient.window(range)
    )
    let average = S(
      sum(
        columns, { S.widened(row.vector($0) * gradientRow.vector($0)) }, { S.widened(row[$0] * gradientRow[$0]) }))
    for j in inputGradientRow.indices { inputGradientRow[j] = row[j] * (gradientRow[j] - average) }
  }
}

/// The sum of `count` terms in double: eight interleaved sums of the terms that `vector` gives eight at a time, then those that
/// are left, from `scalar`.
@inline(__always)
private func sum(
  _ count: Int, _ vector: (_ index: Int) -> SIMD8<Double>, _ scalar: (_ index: Int) -> Double
) -> Double {
  var partial = SIMD8<Double>.zero
  let whole = count / 8 * 8
  var index = 0
  while index < whole {
    partial += vector(index)
    index += 8
  }
  var rest = 0.0
  while index < count {
    rest += scalar(index)
    index += 1
  }
  return rest + partial.total
}
