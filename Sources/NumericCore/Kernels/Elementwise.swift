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

/// Adds each row of `input` [rows, columns] to `output` [columns], from the first row to the last.
@specialized(where S == Float)
@specialized(where S == Double)
public func addColumnSums<S: Scalar>(of input: BufferView<S>, to output: BufferView<S>) {
  let columns = output.count
  precondition(columns > 0 && input.count % columns == 0, "rows of \(columns) in \(input.count) elements")
  let rows = input.count / columns
  var column = 0
  // Strips of 32 columns, whose sums stay in registers all the way down, then of eight, then columns by themselves.
  while column + 32 <= columns {
    var (a, b) = (output.vector(column), output.vector(column + 8))
    var (c, d) = (output.vector(column + 16), output.vector(column + 24))
    var index = column
    for _ in 0..<rows {
      a += input.vector(index)
      b += input.vector(index + 8)
      c += input.vector(index + 16)
      d += input.vector(index + 24)
      index += columns
    }
    output.setVector(column, a)
    output.setVector(column + 8, b)
    output.setVector(column + 16, c)
    output.setVector(column + 24, d)
    column += 32
  }
  while column + 8 <= columns {
    var sums = output.vector(column)
    for row in 0..<rows { sums += input.vector(row * columns + column) }
    output.setVector(column, sums)
    column += 8
  }
  while column < columns {
    for row in 0..<rows { output[column] += input[row * columns + column] }
    column += 1
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
