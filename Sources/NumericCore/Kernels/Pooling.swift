// Pooling of channels-last images [N, H, W, C] into [N, H′, W′, C] under a `SlidingWindow`.

/// The greatest value under the window, padding left out, and where it was: the first of equals; NaN counts as
/// greatest.
///
/// - Parameter argmax: [N, H′, W′, C], overwritten with the number y · W + x of the input pixel, exact below 2²⁴.
@specialized(where S == Float)
@specialized(where S == Double)
public func maxPool<S: Scalar>(
  _ input: BufferView<S>, _ geometry: SlidingWindow, channels: Int, argmax: BufferView<S>, into output: BufferView<S>
) {
  precondition(
    input.count * geometry.output.product == output.count * geometry.input.product && argmax.count >= output.count,
    "\(input.count) elements pooled into \(output.count)")
  let (height, width) = (geometry.input.height, geometry.input.width)
  let sampleCount = geometry.input.product * channels
  guard sampleCount > 0, let source = input.baseAddress, var best = output.baseAddress, var winner = argmax.baseAddress
  else { return }
  for sample in 0..<input.count / sampleCount {
    let image = source + sample * sampleCount
    for y in 0..<geometry.output.height {
      for x in 0..<geometry.output.width {
        for c in 0..<channels {
          best[c] = -.infinity
          // Where everything is −∞, the first pixel of the window.
          winner[c] = -1
        }
        for ky in 0..<geometry.kernel.height {
          let row = geometry.source(y, ky)
          guard row >= 0 && row < height else { continue }
          for kx in 0..<geometry.kernel.width {
            let column = geometry.sourceColumn(x, kx)
            guard column >= 0 && column < width else { continue }
            let pixel = row * width + column
            let values = image + pixel * channels
            let number = S(pixel)
            for c in 0..<channels {
              let value = values[c]
              // A NaN is not less than or equal to anything, and nothing replaces a NaN once taken.
              let isGreater = !(value <= best[c]) && best[c] == best[c] || winner[c] < 0
              best[c] = isGreater ? value : best[c]
              winner[c] = isGreater ? number : winner[c]
            }
          }
        }
        best += channels
        winner += channels
      }
    }
  }
}

/// `inputGradient`: each output's gradient goes to the input that was the greatest.
@specialized(where S == Float)
@specialized(where S == Double)
public func maxPoolBackward<S: Scalar>(
  outputGradient: BufferView<S>, argmax: BufferView<S>, _ geometry: SlidingWindow, channels: Int,
  inputGradient: BufferView<S>
) {
  precondition(
    inputGradient.count * geometry.output.product == outputGradient.count * geometry.input.product
      && argmax.count >= outputGradient.count, "\(outputGradient.count) gradients spread over \(inputGradient.count)")
  let (height, width) = (geometry.input.height, geometry.input.width)
  let sampleCount = geometry.input.product * channels
  inputGradient.update(repeating: 0)
  guard sampleCount > 0, let target = inputGradient.baseAddress, var gradient = outputGradient.baseAddress,
    var winner = argmax.baseAddress
  else { return }
  for sample in 0..<inputGradient.count / sampleCount {
    let image = target + sample * sampleCount
    for y in 0..<geometry.output.height {
      for x in 0..<geometry.output.width {
        // Comparing at each pixel of the window vectorises; an indirect store to `winner` would not.
        for ky in 0..<geometry.kernel.height {
          let row = geometry.source(y, ky)
          guard row >= 0 && row < height else { continue }
          for kx in 0..<geometry.kernel.width {
            let column = geometry.sourceColumn(x, kx)
            guard column >= 0 && column < width else { continue }
            let pixel = row * width + column
            let values = image + pixel * channels
            let number = S(pixel)
            for c in 0..<channels { values[c] += winner[c] == number ? gradient[c] : 0 }
          }
        }
        gradient += channels
        winner += channels
      }
    }
  }
}

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
