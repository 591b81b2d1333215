// Normalization of the columns of one sample [R, C], positions by channels, in groups of neighbouring columns that
// share mean and variance. The kernels of batch normalization sum the columns; those here join the columns of a group.

/// Overwrites mean and inverse deviation [C] of each column by those of its group, found from what `addColumnMoments`
/// summed about `origin`: μ = Σx / M and 1 / √(Σ(x − μ)² / M + ε) over the M = R · C / groups elements of the group.
///
/// The squares are those within the columns plus those between them (Chan, Golub and LeVeque 1979), in double, so that
/// no large sums are subtracted.
///
/// - Parameter groups: a divisor of C.
/// - Precondition: the sums hold at least one row.
@specialized(where S == Float)
@specialized(where S == Double)
public func finishGroupMoments<S: Scalar>(
  _ sums: ColumnSums, about origin: BufferView<S>, groups: Int, epsilon: Double, mean: BufferView<S>,
  inverseDeviation: BufferView<S>
) {
  let size = groupSize(columns: sums.columns, groups: groups)
  precondition(
    sums.rows >= 1 && mean.count == sums.columns && inverseDeviation.count == sums.columns,
    "moments of \(sums.rows) rows of \(sums.columns) columns into \(mean.count)")
  for first in stride(from: 0, to: sums.columns, by: size) {
    let group = first..<first + size
    func columnMean(_ column: Int) -> Double { S.widened(origin[column]) + sums.first[column] / sums.rows }
    var groupMean = 0.0
    for column in group { groupMean += columnMean(column) }
    groupMean /= Double(size)
    var squares = 0.0
    for column in group {
      let distance = columnMean(column) - groupMean
      squares += sums.squaredDeviations(column) + sums.rows * distance * distance
    }
    mean.view(group).update(repeating: S(groupMean))
    inverseDeviation.view(group).update(
      repeating: S(1 / (squares / (sums.rows * Double(size)) + epsilon).squareRoot()))
  }
}

/// Overwrites `offset` and `slope` [C], which `normalizeGroupsBackward` takes off the gradient, from A = Σg and
/// B = Σg(x − μ) of each column, which `addColumnGradientSums` summed:
///
///     offset = r · Σ(weight · A) / M;  slope = r³ · Σ(weight · B) / M
///
/// with r the inverse deviation and the sums over the columns of the group, which has M elements.
///
/// - Precondition: the sums hold at least one row.
@specialized(where S == Float)
@specialized(where S == Double)
public func finishGroupGradientSums<S: Scalar>(
  _ sums: ColumnSums, groups: Int, weight: BufferView<S>, inverseDeviation: BufferView<S>, offset: BufferView<S>,
  slope: BufferView<S>
) {
  let size = groupSize(columns: sums.columns, groups: groups)
  precondition(
    sums.rows >= 1 && weight.count == sums.columns && inverseDeviation.count == sums.columns
      && offset.count == sums.columns && slope.count == sums.columns,
    "gradients of \(sums.rows) rows of \(sums.columns) columns into \(offset.count)")
  for first in stride(from: 0, to: sums.columns, by: size) {
    let group = first..<first + size
    var (gradients, products) = (0.0, 0.0)
    for column in group {
      gradients += S.widened(weight[column]) * sums.first[column]
      products += S.widened(weight[column]) * sums.second[column]
    }
    let scale = S.widened(inverseDeviation[first]), count = sums.rows * Double(size)
    offset.view(group).update(repeating: S(scale * gradients / count))
    slope.view(group).update(repeating: S(scale * scale * scale * products / count))
  }
}

/// Overwrites `inputGradient` [R, C] with weight · inverseDeviation · g − offset − (x − mean) · slope, g the output
/// gradient and x the input.
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeGroupsBackward<S: Scalar>(
  outputGradient: BufferView<S>, input: BufferView<S>, _ normalization: ColumnNormalization<S>, offset: BufferView<S>,
  slope: BufferView<S>, inputGradient: BufferView<S>
) {
  let (mean, inverseDeviation) = (normalization.mean, normalization.inverseDeviation)
  let weight = normalization.weight, columns = mean.count
  precondition(
    input.count == outputGradient.count && input.count == inputGradient.count && input.count % columns == 0
      && offset.count == columns && slope.count == columns,
    "\(outputGradient.count) gradients of \(input.count) elements in \(columns) columns into \(inputGradient.count)")
  for start in stride(from: 0, to: input.count, by: columns) {
    let row = start..<start + columns
    let (inputRow, gradientRow, result) = (input.view(row), outputGradient.view(row), inputGradient.view(row))
    for j in result.indices {
      result[j] =
        weight[j] * inverseDeviation[j] * gradientRow[j] - offset[j] - (inputRow[j] - mean[j]) * slope[j]
    }
  }
}

/// Columns of a group.
private func groupSize(columns: Int, groups: Int) -> Int {
  precondition(groups >= 1 && columns % groups == 0, "\(columns) columns in \(groups) groups")
  return columns / groups
}
