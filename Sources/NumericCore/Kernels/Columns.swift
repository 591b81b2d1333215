// Matrices cut into columns, and masks of columns.

/// Copies the columns of `input` [R, from] that begin at `inputColumn` over those of `output` [R, to] that begin at
/// `outputColumn`.
///
/// - Parameter count: columns to copy.
@specialized(where S == Float)
@specialized(where S == Double)
public func copyColumns<S: Scalar>(
  _ count: Int, of input: BufferView<S>, columns inputColumns: Int, from inputColumn: Int, into output: BufferView<S>,
  columns outputColumns: Int, at outputColumn: Int
) {
  precondition(
    inputColumn + count <= inputColumns && outputColumn + count <= outputColumns
      && input.count * outputColumns == output.count * inputColumns,
    "\(count) of \(inputColumns) columns in \(input.count) elements into \(outputColumns) in \(output.count)")
  guard count > 0, let source = input.baseAddress, let target = output.baseAddress else { return }
  for row in 0..<input.count / inputColumns {
    (target + row * outputColumns + outputColumn).update(
      from: source + row * inputColumns + inputColumn, count: count)
  }
}

/// `output = input · row`, `row` [columns] multiplying each row of `input` [rows, columns] element by element.
@specialized(where S == Float)
@specialized(where S == Double)
public func multiplyRows<S: Scalar>(_ input: BufferView<S>, by row: BufferView<S>, into output: BufferView<S>) {
  let columns = row.count
  precondition(
    columns > 0 && input.count == output.count && input.count % columns == 0,
    "\(input.count) elements in rows of \(columns) into \(output.count)")
  for start in stride(from: 0, to: input.count, by: columns) {
    let inputRow = input.view(start..<start + columns)
    let outputRow = output.view(start..<start + columns)
    for j in row.indices { outputRow[j] = inputRow[j] * row[j] }
  }
}
