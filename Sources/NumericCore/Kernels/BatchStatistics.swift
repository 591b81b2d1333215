// What is computed from the sums over a micro-batch: one short loop over the columns each.

/// Overwrites mean and inverse deviation of each column by what `addColumnMoments` summed about `origin`:
/// mean = origin + Σd / R, 1 / √(Σ(d − d̄)² / R + ε).
/// - Precondition: the sums hold at least one row.
@specialized(where S == Float)
@specialized(where S == Double)
public func finishColumnMoments<S: Scalar>(
  _ sums: ColumnSums, about origin: BufferView<S>, epsilon: Double, mean: BufferView<S>, inverseDeviation: BufferView<S>
) {
  precondition(sums.rows >= 1, "moments of no rows")
  for column in mean.indices {
    mean[column] = S(S.widened(origin[column]) + sums.first[column] / sums.rows)
    inverseDeviation[column] = S(1 / (sums.squaredDeviations(column) / sums.rows + epsilon).squareRoot())
  }
}

/// Adds `samples` times the mean and the unbiased variance of each column to running sums.
///
/// A single row has no unbiased variance: the current `runningVariance` is added in its stead.
@specialized(where S == Float)
@specialized(where S == Double)
public func addBatchStatistics<S: Scalar>(
  _ sums: ColumnSums, about origin: BufferView<S>, samples: Int, runningVariance: BufferView<S>,
  toMeans means: BufferView<S>,
  variances: BufferView<S>
) {
  let weight = Double(samples)
  for column in means.indices {
    let mean = S.widened(origin[column]) + sums.first[column] / sums.rows
    let variance =
      sums.rows > 1 ? sums.squaredDeviations(column) / (sums.rows - 1) : S.widened(runningVariance[column])
    means[column] += S(weight * mean)
    variances[column] += S(weight * variance)
  }
}

/// Overwrites `inverseDeviation` with 1 / √(variance + ε).
@specialized(where S == Float)
@specialized(where S == Double)
public func inverseDeviations<S: Scalar>(
  ofVariances variances: BufferView<S>, epsilon: Double, into inverseDeviation: BufferView<S>
) {
  precondition(variances.count == inverseDeviation.count, "\(variances.count) into \(inverseDeviation.count) columns")
  for column in variances.indices {
    inverseDeviation[column] = S(1 / (S.widened(variances[column]) + epsilon).squareRoot())
  }
}

/// Overwrites offset = Σg / R and slope = inverseDeviation² · Σg(x − mean) / R of each column, by which the gradient of
/// batch normalization differs from that of a fixed scale.
/// - Precondition: the sums hold at least one row.
@specialized(where S == Float)
@specialized(where S == Double)
public func finishColumnGradientSums<S: Scalar>(
  _ sums: ColumnSums, inverseDeviation: BufferView<S>, offset: BufferView<S>, slope: BufferView<S>
) {
  precondition(sums.rows >= 1, "gradients of no rows")
  for column in offset.indices {
    let inverse = S.widened(inverseDeviation[column])
    offset[column] = S(sums.first[column] / sums.rows)
    slope[column] = S(inverse * inverse * sums.second[column] / sums.rows)
  }
}

/// Adds Σg(x − mean) · inverseDeviation to `weightGradient` and Σg to `biasGradient`.
@specialized(where S == Float)
@specialized(where S == Double)
public func addColumnGradients<S: Scalar>(
  _ sums: ColumnSums, inverseDeviation: BufferView<S>, toWeights weightGradient: BufferView<S>,
  biases biasGradient: BufferView<S>
) {
  for column in weightGradient.indices {
    weightGradient[column] += S(sums.second[column] * S.widened(inverseDeviation[column]))
    biasGradient[column] += S(sums.first[column])
  }
}

extension ColumnSums {
  /// Σ (d − d̄)², which rounding must not make negative.
  func squaredDeviations(_ column: Int) -> Double {
    max(0, second[column] - first[column] * (first[column] / rows))
  }
}
