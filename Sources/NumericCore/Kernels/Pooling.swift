// Pooling of channels-last images [N, H, W, C] into [N, H′, W′, C] under a `SlidingWindow`.

/// The mean under the window: the sum of the values inside of the image, divided by the window's size if
/// `countsPadding`, otherwise by the number of values.
@specialized(where S == Float)
@specialized(where S == Double)
public func averagePool<S: Scalar>(
  _ input: BufferView<S>, _ geometry: SlidingWindow, channels: Int, countsPadding: Bool, into output: BufferView<S>
) {
  precondition(
    input.count * geometry.output.product == output.count * geometry.input.product,
    "\(input.count) elements pooled into \(output.count)")
  let sampleCount = geometry.input.product * channels
  guard sampleCount > 0, let source = input.baseAddress, var sum = output.baseAddress else { return }
  for sample in 0..<input.count / sampleCount {
    let image = source + sample * sampleCount
    for y in 0..<geometry.output.height {
      for x in 0..<geometry.output.width {
        for c in 0..<channels { sum[c] = 0 }
        let (rows, columns) = geometry.inside(y, x)
        for row in rows {
          for column in columns {
            let values = image + (row * geometry.input.width + column) * channels
            for c in 0..<channels { sum[c] += values[c] }
          }
        }
        let factor = 1 / S(countsPadding ? geometry.kernel.product : rows.count * columns.count)
        for c in 0..<channels { sum[c] *= factor }
        sum += channels
      }
    }
  }
}

@specialized(where S == Float)
@specialized(where S == Double)
public func averagePoolBackward<S: Scalar>(
  outputGradient: BufferView<S>, _ geometry: SlidingWindow, channels: Int, countsPadding: Bool,
  inputGradient: BufferView<S>
) {
  precondition(
    inputGradient.count * geometry.output.product == outputGradient.count * geometry.input.product,
    "\(outputGradient.count) gradients spread over \(inputGradient.count)")
  let sampleCount = geometry.input.product * channels
  inputGradient.update(repeating: 0)
  guard sampleCount > 0, let target = inputGradient.baseAddress, var gradient = outputGradient.baseAddress else {
    return
  }
  for sample in 0..<inputGradient.count / sampleCount {
    let image = target + sample * sampleCount
    for y in 0..<geometry.output.height {
      for x in 0..<geometry.output.width {
        let (rows, columns) = geometry.inside(y, x)
        let factor = 1 / S(countsPadding ? geometry.kernel.product : rows.count * columns.count)
        for row in rows {
          for column in columns {
            let values = image + (row * geometry.input.width + column) * channels
            for c in 0..<channels { values[c] += factor * gradient[c] }
          }
        }
        gradient += channels
      }
    }
  }
}

extension SlidingWindow {
  /// The input rows and columns under the window at output pixel (y, x), without dilation.
  fileprivate func inside(_ y: Int, _ x: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (top, left) = (source(y, 0), sourceColumn(x, 0))
    return (
      max(0, top)..<min(input.height, top + kernel.height), max(0, left)..<min(input.width, left + kernel.width)
    )
  }
}

/// Repeats each pixel `scale` times along either axis: nearest-neighbour upsampling of `input` [N, H, W, C].
@specialized(where S == Float)
@specialized(where S == Double)
public func upsample<S: Scalar>(
  _ input: BufferView<S>, width: Int, channels: Int, scale: Extents, into output: BufferView<S>
) {
  precondition(input.count * scale.product == output.count, "\(input.count) elements upsampled to \(output.count)")
  let row = width * channels
  guard row > 0, var source = input.baseAddress, var destination = output.baseAddress else { return }
  for _ in 0..<input.count / row {
    for _ in 0..<scale.height {
      for x in 0..<width {
        for _ in 0..<scale.width {
          for c in 0..<channels { destination[c] = source[x * channels + c] }
          destination += channels
        }
      }
    }
    source += row
  }
}

/// `inputGradient`: the sum over the copies of each pixel.
@specialized(where S == Float)
@specialized(where S == Double)
public func upsampleBackward<S: Scalar>(
  outputGradient: BufferView<S>, width: Int, channels: Int, scale: Extents, inputGradient: BufferView<S>
) {
  precondition(
    inputGradient.count * scale.product == outputGradient.count,
    "\(outputGradient.count) gradients of \(inputGradient.count) upsampled elements")
  let row = width * channels
  inputGradient.update(repeating: 0)
  guard row > 0, var target = inputGradient.baseAddress, var source = outputGradient.baseAddress else { return }
  for _ in 0..<inputGradient.count / row {
    for _ in 0..<scale.height {
      for x in 0..<width {
        for _ in 0..<scale.width {
          for c in 0..<channels { target[x * channels + c] += source[c] }
          source += channels
        }
      }
    }
    target += row
  }
}
