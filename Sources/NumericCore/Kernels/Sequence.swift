// Rows of sequences: copying between sample-major and time-major order, and looking rows up in a table.

/// Exchanges the two leading axes: `input` [outer, inner, width] into `output` [inner, outer, width].
@specialized(where S == Float)
@specialized(where S == Double)
public func exchangeLeadingAxes<S: Scalar>(
  _ input: BufferView<S>, outer: Int, inner: Int, width: Int, into output: BufferView<S>
) {
  precondition(
    input.count == outer * inner * width && output.count == input.count,
    "[\(outer), \(inner), \(width)] in \(input.count) elements, into \(output.count)")
  for i in 0..<outer {
    for j in 0..<inner {
      let source = (i * inner + j) * width, target = (j * outer + i) * width
      _ = output.view(target..<target + width).update(fromContentsOf: input.view(source..<source + width))
    }
  }
}

/// Row `indices[i]` of `table` [V, D] into row i of `output`.
///
/// - Precondition: each index is a whole number from 0 up to V.
@specialized(where S == Float)
@specialized(where S == Double)
public func gatherRows<S: Scalar>(
  _ indices: BufferView<S>, of table: BufferView<S>, width: Int, into output: BufferView<S>
) {
  precondition(output.count == indices.count * width, "\(indices.count) rows of \(width) into \(output.count) elements")
  for i in indices.indices {
    let start = tableRow(indices[i], of: table, width: width) * width
    _ = output.view(i * width..<(i + 1) * width).update(fromContentsOf: table.view(start..<start + width))
  }
}

/// Adds row i of `rows` to row `indices[i]` of `table` [V, D], from the first to the last, where that is not row
/// `skipped`.
@specialized(where S == Float)
@specialized(where S == Double)
public func scatterAddRows<S: Scalar>(
  _ rows: BufferView<S>, to indices: BufferView<S>, of table: BufferView<S>, width: Int, except skipped: Int? = nil
) {
  precondition(rows.count == indices.count * width, "\(indices.count) rows of \(width) in \(rows.count) elements")
  for i in indices.indices {
    let row = tableRow(indices[i], of: table, width: width)
    if row == skipped { continue }
    let source = rows.view(i * width..<(i + 1) * width), target = table.view(row * width..<(row + 1) * width)
    for j in 0..<width { target[j] += source[j] }
  }
}

/// The steps of each sample up to its last one that is no padding, at least one: a step is padding where all its
/// elements equal `padding`.
///
/// - Shapes: `sequences` [N, T, width], `lengths` [N].
@specialized(where S == Float)
@specialized(where S == Double)
public func sequenceLengths<S: Scalar>(of sequences: BufferView<S>, width: Int, padding: S, into lengths: BufferView<S>)
{
  let size = lengths.isEmpty ? 0 : sequences.count / lengths.count
  precondition(
    sequences.count == lengths.count * size && width > 0 && size % width == 0,
    "\(sequences.count) elements in rows of \(width) for \(lengths.count) samples")
  for sample in lengths.indices {
    var end = size
    while end > 0, sequences[sample * size + end - 1] == padding { end -= 1 }
    lengths[sample] = S(max(1, (end + width - 1) / width))
  }
}

/// The mean of the first steps of each sequence, as many as its length says.
///
/// - Shapes: `sequences` [N, T, channels], `lengths` [N], each from 1 to T, `output` [N, channels].
@specialized(where S == Float)
@specialized(where S == Double)
public func meanOfSteps<S: Scalar>(
  _ sequences: BufferView<S>, lengths: BufferView<S>, channels: Int, into output: BufferView<S>
) {
  let size = lengths.isEmpty ? 0 : sequences.count / lengths.count
  precondition(
    sequences.count == lengths.count * size && output.count == lengths.count * channels,
    "\(sequences.count) elements of \(lengths.count) samples into \(output.count)")
  for sample in lengths.indices {
    let mean = output.view(sample * channels..<(sample + 1) * channels)
    mean.update(repeating: 0)
    for step in 0..<Int(lengths[sample]) {
      let start = sample * size + step * channels
      for c in 0..<channels { mean[c] += sequences[start + c] }
    }
    let factor = 1 / lengths[sample]
    for c in 0..<channels { mean[c] *= factor }
  }
}

/// The derivative: each of the first steps has its share of `outputGradient` [N, channels], the others have none.
@specialized(where S == Float)
@specialized(where S == Double)
public func meanOfStepsBackward<S: Scalar>(
  outputGradient: BufferView<S>, lengths: BufferView<S>, channels: Int, inputGradient: BufferView<S>
) {
  let size = lengths.isEmpty ? 0 : inputGradient.count / lengths.count
  precondition(
    inputGradient.count == lengths.count * size && outputGradient.count == lengths.count * channels,
    "\(outputGradient.count) gradients of \(lengths.count) samples over \(inputGradient.count)")
  inputGradient.update(repeating: 0)
  for sample in lengths.indices {
    let factor = 1 / lengths[sample]
    for step in 0..<Int(lengths[sample]) {
      let start = sample * size + step * channels
      for c in 0..<channels { inputGradient[start + c] = factor * outputGradient[sample * channels + c] }
    }
  }
}

@inline(__always)
private func tableRow<S: Scalar>(_ index: S, of table: BufferView<S>, width: Int) -> Int {
  let row = Int(index)
  precondition(
    S(row) == index && row >= 0 && (row + 1) * width <= table.count, "row \(index) of \(table.count / width)")
  return row
}
