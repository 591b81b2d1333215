/// Element loops over windows. A window that a kernel overwrites comes last; counts are compared once.

/// `output += input`.
@specialized(where S == Float)
@specialized(where S == Double)
public func add<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements added to \(output.count)")
  for i in output.indices { output[i] += input[i] }
}

/// `output = left + right`, and the ReLU of it where `rectifies`.
@specialized(where S == Float)
@specialized(where S == Double)
public func add<S: Scalar>(
  _ left: BufferView<S>, _ right: BufferView<S>, rectifies: Bool = false, into output: BufferView<S>
) {
  precondition(
    left.count == output.count && right.count == output.count,
    "\(left.count) and \(right.count) elements added into \(output.count)")
  if rectifies {
    for i in output.indices {
      let sum = left[i] + right[i]
      output[i] = sum <= 0 ? 0 : sum
    }
  } else {
    for i in output.indices { output[i] = left[i] + right[i] }
  }
}

/// `output = input`.
public func copy<S: Scalar>(_ input: BufferView<S>, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements copied to \(output.count)")
  _ = output.update(fromContentsOf: input)
}

/// `output = (1 − weight) · output + weight · scale · input`: an exponential moving average.
@specialized(where S == Float)
@specialized(where S == Double)
public func average<S: Scalar>(_ input: BufferView<S>, scale: S, weight: S, into output: BufferView<S>) {
  precondition(input.count == output.count, "\(input.count) elements averaged into \(output.count)")
  let kept = 1 - weight, added = weight * scale
  for i in output.indices { output[i] = kept * output[i] + added * input[i] }
}

/// `output = factor · output`.
@specialized(where S == Float)
@specialized(where S == Double)
public func scale<S: Scalar>(_ output: BufferView<S>, by factor: S) {
  for i in output.indices { output[i] *= factor }
}

/// `output = left · right`, element by element.
@specialized(where S == Float)
@specialized(where S == Double)
public func multiplyElements<S: Scalar>(_ left: BufferView<S>, _ right: BufferView<S>, into output: BufferView<S>) {
  precondition(
    left.count == output.count && right.count == output.count,
    "\(left.count) by \(right.count) elements into \(output.count)")
  for i in output.indices { output[i] = left[i] * right[i] }
}

/// Adds `row` [columns] to each row of `output` [rows, columns].
@specialized(where S == Float)
@specialized(where S == Double)
public func addRow<S: Scalar>(_ row: BufferView<S>, toRowsOf output: BufferView<S>) {
  let columns = row.count
  precondition(columns > 0 && output.count % columns == 0, "rows of \(columns) in \(output.count) elements")
  var start = 0
  while start < output.count {
    let outputRow = output.view(start..<start + columns)
    for j in outputRow.indices { outputRow[j] += row[j] }
    start += columns
  }
}

/// Adds each row of `input` [rows, columns] to `output` [columns]: always 64 rows one after the other, and their sums
/// in double.
@specialized(where S == Float)
@specialized(where S == Double)
public func addColumnSums<S: Scalar>(of input: BufferView<S>, to output: BufferView<S>) {
  let columns = output.count
  precondition(columns > 0 && input.count % columns == 0, "rows of \(columns) in \(input.count) elements")
  var column = 0
  // Strips of 32 columns, whose sums stay in registers, then of eight, then columns by themselves.
  while column + 32 <= columns {
    ColumnStrip<4, S>.addSums(of: input, columns, at: column, to: output)
    column += 32
  }
  while column + 8 <= columns {
    ColumnStrip<1, S>.addSums(of: input, columns, at: column, to: output)
    column += 8
  }
  while column < columns {
    var total = 0.0
    for start in stride(from: column, to: input.count, by: 64 * columns) {
      var sum: S = 0
      for index in stride(from: start, to: min(start + 64 * columns, input.count), by: columns) { sum += input[index] }
      total += S.widened(sum)
    }
    output[column] = S(S.widened(output[column]) + total)
    column += 1
  }
}

/// Some vectors of eight neighbouring columns.
private enum ColumnStrip<let count: Int, S: Scalar> {
  @inline(__always)
  static func addSums(of input: BufferView<S>, _ columns: Int, at column: Int, to output: BufferView<S>) {
    let rows = input.count / columns
    var totals = InlineArray<count, SIMD8<Double>>(repeating: .zero)
    for start in stride(from: 0, to: rows, by: 64) {
      var sums = InlineArray<count, SIMD8<S>>(repeating: .zero)
      var index = start &* columns &+ column
      for _ in start..<min(start + 64, rows) {
        for place in 0..<count { sums[unchecked: place] += input.vector(index &+ 8 &* place) }
        index &+= columns
      }
      for place in 0..<count { totals[unchecked: place] += S.widened(sums[unchecked: place]) }
    }
    for place in 0..<count {
      for lane in 0..<8 {
        let target = column + 8 * place + lane
        output[target] = S(S.widened(output[target]) + totals[place][lane])
      }
    }
  }
}

/// Sets those of `marks` [columns] whose column of `input` [rows, columns] has a number above 0.
@specialized(where S == Float)
@specialized(where S == Double)
public func markPositiveColumns<S: Scalar>(of input: BufferView<S>, in marks: inout [Bool]) {
  let columns = marks.count
  precondition(columns > 0 && input.count % columns == 0, "rows of \(columns) in \(input.count) elements")
  marks.withUnsafeMutableBufferPointer { marks in
    for start in stride(from: 0, to: input.count, by: columns) {
      let row = input.view(start..<start + columns)
      for j in row.indices { marks[j] = row[j] > 0 ? true : marks[j] }
    }
  }
}

/// Σ xᵢ² in double, over 32 interleaved partial sums added in a fixed order.
public func sumOfSquares(_ x: BufferView<Float>) -> Double {
  // Four chains of additions, none of which waits for another.
  var a = SIMD8<Double>(), b = a, c = a, d = a
  let whole = x.count / 32 * 32
  var i = 0
  while i < whole {
    let (p, q) = (SIMD8<Double>(x.vector(i)), SIMD8<Double>(x.vector(i + 8)))
    let (r, s) = (SIMD8<Double>(x.vector(i + 16)), SIMD8<Double>(x.vector(i + 24)))
    a.addProduct(p, p)
    b.addProduct(q, q)
    c.addProduct(r, r)
    d.addProduct(s, s)
    i += 32
  }
  var sum = 0.0
  while i < x.count {
    sum += Double(x[i]) * Double(x[i])
    i += 1
  }
  return sum + ((a + b) + (c + d)).total
}

/// Where the first of the greatest elements stands, which is the class that a row of logits says; 0 in an empty row.
@inlinable @inline(__always)
public func firstGreatest<S: Scalar>(_ row: BufferView<S>) -> Int {
  var best = 0
  for j in row.indices where row[j] > row[best] { best = j }
  return best
}
