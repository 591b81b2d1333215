// Normalization of the columns of [R, C]: a row is a position of a sample, a column a channel. Every kernel walks
// blocks of rows that fit the first cache and, in a block, strips of eight columns whose constants and sums stay in
// registers.

/// What a column's elements are turned into: `output = (input − mean) · inverseDeviation · weight + bias`, then the
/// ReLU where `rectifies`. All windows are [C].
public struct ColumnNormalization<S: Scalar> {
  public var mean: BufferView<S>
  /// 1 / √(variance + ε).
  public var inverseDeviation: BufferView<S>
  public var weight: BufferView<S>
  public var bias: BufferView<S>
  public var rectifies: Bool

  public init(
    mean: BufferView<S>, inverseDeviation: BufferView<S>, weight: BufferView<S>, bias: BufferView<S>,
    rectifies: Bool = false
  ) {
    precondition(
      mean.count > 0 && inverseDeviation.count == mean.count && weight.count == mean.count && bias.count == mean.count,
      "\(mean.count) means, \(inverseDeviation.count) deviations, \(weight.count) weights, \(bias.count) biases")
    (self.mean, self.inverseDeviation) = (mean, inverseDeviation)
    (self.weight, self.bias, self.rectifies) = (weight, bias, rectifies)
  }
}

/// Sums of a micro-batch in double: the number of rows, and two sums per column. Does not own its memory.
public struct ColumnSums {
  private let memory: BufferView<Double>
  public let columns: Int

  /// Doubles that the sums of `columns` columns take.
  public static func doubleCount(columns: Int) -> Int { 1 + 2 * columns }

  public init(_ memory: BufferView<Double>, columns: Int) {
    precondition(memory.count == Self.doubleCount(columns: columns), "\(memory.count) doubles for \(columns) columns")
    (self.memory, self.columns) = (memory, columns)
  }

  public var rows: Double {
    get { memory[0] }
    nonmutating set { memory[0] = newValue }
  }
  public var first: BufferView<Double> { memory.view(1..<1 + columns) }
  public var second: BufferView<Double> { memory.view(1 + columns..<1 + 2 * columns) }

  public func reset() { memory.update(repeating: 0) }
}

/// Adds Σ (x − origin) and Σ (x − origin)² over the rows of `input` [R, C] to `sums`.
///
/// One pass is enough in double: the square of a difference of floats is exact, and an `origin` among the data keeps
/// the sums small, so that mean and variance lose fewer digits than rounding the data to floats has cost.
@specialized(where S == Float)
@specialized(where S == Double)
public func addColumnMoments<S: Scalar>(of input: BufferView<S>, about origin: BufferView<S>, to sums: ColumnSums) {
  let columns = origin.count
  precondition(
    columns > 0 && sums.columns == columns && input.count % columns == 0,
    "\(input.count) elements about \(columns) origins into \(sums.columns) sums")
  let (first, second) = (sums.first, sums.second)
  sums.rows += Double(input.count / columns)
  forEachStrip(
    rows: input.count / columns, columns: columns,
    vector: { rows, column in
      let center = origin.vector(column)
      var (evenFirst, evenSecond) = (first.vector(column), second.vector(column))
      var (oddFirst, oddSecond) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
      // Two rows at a time, so that one's additions need not wait for the other's.
      var index = rows.lowerBound * columns + column
      for _ in 0..<rows.count / 2 {
        let even = S.widened(input.vector(index) - center)
        let odd = S.widened(input.vector(index + columns) - center)
        evenFirst += even
        evenSecond.addProduct(even, even)
        oddFirst += odd
        oddSecond.addProduct(odd, odd)
        index &+= 2 &* columns
      }
      if rows.count % 2 == 1 {
        let even = S.widened(input.vector(index) - center)
        evenFirst += even
        evenSecond.addProduct(even, even)
      }
      first.setVector(column, evenFirst + oddFirst)
      second.setVector(column, evenSecond + oddSecond)
    },
    scalar: { rows, column in
      for row in rows {
        let difference = S.widened(input[row * columns + column] - origin[column])
        first[column] += difference
        second[column] += difference * difference
      }
    })
}

/// Overwrites `output` [R, C] with the normalized `input`, to which `addend` [R, C] is added in front of the ReLU.
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeColumns<S: Scalar>(
  _ input: BufferView<S>, _ normalization: ColumnNormalization<S>, adding addend: BufferView<S>? = nil,
  into output: BufferView<S>
) {
  let columns = normalization.mean.count
  precondition(
    input.count == output.count && input.count % columns == 0 && addend?.count ?? input.count == input.count,
    "\(input.count) elements in \(columns) columns into \(output.count)")
  let (mean, bias) = (normalization.mean, normalization.bias)
  let (weight, inverseDeviation) = (normalization.weight, normalization.inverseDeviation)
  let rectifies = normalization.rectifies
  forEachStrip(
    rows: input.count / columns, columns: columns,
    vector: { rows, column in
      let (center, shift) = (mean.vector(column), bias.vector(column))
      let scale = weight.vector(column) * inverseDeviation.vector(column)
      var index = rows.lowerBound * columns + column
      for _ in 0..<rows.count {
        var value = (input.vector(index) - center) * scale + shift
        if let addend { value += addend.vector(index) }
        output.setVector(index, rectifies ? S.rectified(value, by: value) : value)
        index &+= columns
      }
    },
    scalar: { rows, column in
      let scale = weight[column] * inverseDeviation[column]
      for index in stride(from: rows.lowerBound * columns + column, to: rows.upperBound * columns, by: columns) {
        var value = (input[index] - mean[column]) * scale + bias[column]
        if let addend { value += addend[index] }
        output[index] = rectifies && value <= 0 ? 0 : value
      }
    })
}

/// Adds Σ g and Σ g·(x − mean) over the rows to `sums`, where g is `outputGradient` [R, C] or, behind a ReLU that was
/// zero, 0. Whether it was is computed again from `input`, which costs less than reading the output.
///
/// - Parameters:
///   - sum: [R, C], the output where something was added in front of the ReLU, which is then read from it.
///   - passed: [R, C], overwritten with g; nil where nobody needs it. May be `outputGradient`.
@specialized(where S == Float)
@specialized(where S == Double)
public func addColumnGradientSums<S: Scalar>(
  outputGradient: BufferView<S>, input: BufferView<S>, _ normalization: ColumnNormalization<S>,
  sum output: BufferView<S>? = nil, passed: BufferView<S>? = nil, to sums: ColumnSums
) {
  let columns = normalization.mean.count
  precondition(
    sums.columns == columns && input.count == outputGradient.count && input.count % columns == 0,
    "\(outputGradient.count) gradients of \(input.count) elements in \(columns) columns into \(sums.columns) sums")
  let (mean, bias) = (normalization.mean, normalization.bias)
  let (weight, inverseDeviation) = (normalization.weight, normalization.inverseDeviation)
  let rectifies = normalization.rectifies
  let (first, second) = (sums.first, sums.second)
  sums.rows += Double(input.count / columns)
  forEachStrip(
    rows: input.count / columns, columns: columns,
    vector: { rows, column in
      let (center, shift) = (mean.vector(column), bias.vector(column))
      let scale = weight.vector(column) * inverseDeviation.vector(column)
      var (sum, products) = (first.vector(column), second.vector(column))
      var index = rows.lowerBound * columns + column
      for _ in 0..<rows.count {
        let difference = input.vector(index) - center
        let value = output?.vector(index) ?? (difference * scale + shift)
        var gradient = outputGradient.vector(index)
        if rectifies { gradient = S.rectified(gradient, by: value) }
        passed?.setVector(index, gradient)
        let wide = S.widened(gradient)
        sum += wide
        products.addProduct(wide, S.widened(difference))
        index &+= columns
      }
      first.setVector(column, sum)
      second.setVector(column, products)
    },
    scalar: { rows, column in
      let scale = weight[column] * inverseDeviation[column]
      for index in stride(from: rows.lowerBound * columns + column, to: rows.upperBound * columns, by: columns) {
        let difference = input[index] - mean[column]
        let isZero = rectifies && output?[index] ?? (difference * scale + bias[column]) <= 0
        let gradient = isZero ? 0 : outputGradient[index]
        passed?[index] = gradient
        first[column] += S.widened(gradient)
        second[column] += S.widened(gradient) * S.widened(difference)
      }
    })
}

/// Overwrites `inputGradient` [R, C] with weight · inverseDeviation · (g − offset − (x − mean) · slope), g as in
/// `addColumnGradientSums`; `offset` and `slope` are [C].
@specialized(where S == Float)
@specialized(where S == Double)
public func normalizeColumnsBackward<S: Scalar>(
  outputGradient: BufferView<S>, input: BufferView<S>, _ normalization: ColumnNormalization<S>, offset: BufferView<S>,
  slope: BufferView<S>, inputGradient: BufferView<S>
) {
  let columns = normalization.mean.count
  precondition(
    input.count == outputGradient.count && input.count == inputGradient.count && input.count % columns == 0
      && offset.count == columns && slope.count == columns,
    "\(outputGradient.count) gradients of \(input.count) elements in \(columns) columns into \(inputGradient.count)")
  let (mean, bias) = (normalization.mean, normalization.bias)
  let (weight, inverseDeviation) = (normalization.weight, normalization.inverseDeviation)
  let rectifies = normalization.rectifies
  forEachStrip(
    rows: input.count / columns, columns: columns,
    vector: { rows, column in
      let (center, shift) = (mean.vector(column), bias.vector(column))
      let scale = weight.vector(column) * inverseDeviation.vector(column)
      let (offset, slope) = (offset.vector(column), slope.vector(column))
      var index = rows.lowerBound * columns + column
      for _ in 0..<rows.count {
        let difference = input.vector(index) - center
        let value = difference * scale + shift
        let gradient = outputGradient.vector(index)
        let passed = rectifies ? S.rectified(gradient, by: value) : gradient
        inputGradient.setVector(index, scale * (passed - offset - difference * slope))
        index &+= columns
      }
    },
    scalar: { rows, column in
      let scale = weight[column] * inverseDeviation[column]
      for index in stride(from: rows.lowerBound * columns + column, to: rows.upperBound * columns, by: columns) {
        let difference = input[index] - mean[column]
        let isZero = rectifies && difference * scale + bias[column] <= 0
        let gradient = isZero ? 0 : outputGradient[index]
        inputGradient[index] = scale * (gradient - offset[column] - difference * slope[column])
      }
    })
}

/// Visits [rows, columns] block by block of 16 KiB or so: in each block the strips of eight columns, then the columns
/// that are left, one by one.
@inline(__always)
private func forEachStrip(
  rows: Int, columns: Int, vector: (_ rows: Range<Int>, _ column: Int) -> Void,
  scalar: (_ rows: Range<Int>, _ column: Int) -> Void
) {
  let blockRows = max(2, 4096 / columns / 2 * 2)
  let whole = columns / 8 * 8
  var start = 0
  while start < rows {
    let block = start..<min(start + blockRows, rows)
    var column = 0
    while column < whole {
      vector(block, column)
      column += 8
    }
    while column < columns {
      scalar(block, column)
      column += 1
    }
    start += blockRows
  }
}
