/// The greatest value under the window, padding left out, and where it was: the first of equals; NaN counts as
/// greatest. For images [N, H, W, C] into [N, H′, W′, C].
///
/// - Parameter winners: [N, H′, W′, C], overwritten with the number ky · kernel width + kx of the window's element.
@specialized(where S == Float)
@specialized(where S == Double)
public func maxPool<S: Scalar>(
  _ input: BufferView<S>, _ geometry: SlidingWindow, channels: Int, winners: BufferView<S>, into output: BufferView<S>
) {
  precondition(
    input.count * geometry.output.product == output.count * geometry.input.product && winners.count >= output.count,
    "\(input.count) elements pooled into \(output.count)")
  var pixel = 0
  geometry.forEachPlace(samples: input.count / (geometry.input.product * channels)) { first, rows, columns in
    let line = geometry.dilation.height * geometry.input.width * channels
    let step = geometry.dilation.width * channels
    let start = first * channels
    // A NaN is not less than or equal to anything, and nothing replaces a NaN once taken.
    var channel = 0
    while channel + 8 <= channels {
      let from = start + channel
      var best = input.vector(from + rows.lowerBound * line + columns.lowerBound * step)
      var winner = SIMD8<S>(repeating: S(rows.lowerBound * geometry.kernel.width + columns.lowerBound))
      for row in rows {
        for column in columns {
          S.take(
            input.vector(from + row * line + column * step), S(row * geometry.kernel.width + column), ifAbove: &best,
            &winner)
        }
      }
      output.setVector(pixel + channel, best)
      winners.setVector(pixel + channel, winner)
      channel += 8
    }
    while channel < channels {
      let from = start + channel
      var best = input[from + rows.lowerBound * line + columns.lowerBound * step]
      var winner = rows.lowerBound * geometry.kernel.width + columns.lowerBound
      for row in rows {
        for column in columns {
          let value = input[from + row * line + column * step]
          guard !(value <= best) && best == best else { continue }
          (best, winner) = (value, row * geometry.kernel.width + column)
        }
      }
      output[pixel + channel] = best
      winners[pixel + channel] = S(winner)
      channel += 1
    }
    pixel += channels
  }
}

/// `inputGradient`: each output's gradient goes to the input that was the greatest.
@specialized(where S == Float)
@specialized(where S == Double)
public func maxPoolBackward<S: Scalar>(
  outputGradient: BufferView<S>, winners: BufferView<S>, _ geometry: SlidingWindow, channels: Int,
  inputGradient: BufferView<S>
) {
  precondition(
    inputGradient.count * geometry.output.product == outputGradient.count * geometry.input.product
      && winners.count >= outputGradient.count, "\(outputGradient.count) gradients spread over \(inputGradient.count)")
  // Windows that cover each input once write it; others add.
  let adds = !geometry.tiles
  if adds { inputGradient.zero() }
  var pixel = 0
  geometry.forEachPlace(samples: inputGradient.count / (geometry.input.product * channels)) { first, rows, columns in
    let line = geometry.dilation.height * geometry.input.width * channels
    let step = geometry.dilation.width * channels
    let start = first * channels
    var channel = 0
    while channel + 8 <= channels {
      let (gradient, winner) = (outputGradient.vector(pixel + channel), winners.vector(pixel + channel))
      for row in rows {
        for column in columns {
          let place = start + channel + row * line + column * step
          let part = S.selected(gradient, where: winner, equals: S(row * geometry.kernel.width + column))
          inputGradient.setVector(place, adds ? inputGradient.vector(place) + part : part)
        }
      }
      channel += 8
    }
    while channel < channels {
      let (gradient, winner) = (outputGradient[pixel + channel], winners[pixel + channel])
      for row in rows {
        for column in columns {
          let place = start + channel + row * line + column * step
          let part = winner == S(row * geometry.kernel.width + column) ? gradient : 0
          inputGradient[place] = adds ? inputGradient[place] + part : part
        }
      }
      channel += 1
    }
    pixel += channels
  }
}

extension SlidingWindow {
  /// Whether each input is under exactly one place of the window.
  fileprivate var tiles: Bool {
    stride == kernel && padding == 0 && dilation == 1 && output.height * stride.height == input.height
      && output.width * stride.width == input.width
  }

  /// Visits the places of the window in each of `samples` images.
  ///
  /// - Parameter body: takes the number of the input pixel under the window's first element, possibly outside, and the
  ///   rows and columns of elements that are inside.
  @inline(__always)
  fileprivate func forEachPlace(samples: Int, _ body: (_ first: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void)
  {
    for sample in 0..<samples {
      for y in 0..<output.height {
        let top = source(y, 0)
        let rows = Self.inside(top, kernel.height, dilation.height, input.height)
        for x in 0..<output.width {
          let left = sourceColumn(x, 0)
          let columns = Self.inside(left, kernel.width, dilation.width, input.width)
          body((sample * input.height + top) * input.width + left, rows, columns)
        }
      }
    }
  }

  /// The elements of a kernel at `start` that are inside of `size` pixels.
  @inline(__always)
  private static func inside(_ start: Int, _ kernel: Int, _ dilation: Int, _ size: Int) -> Range<Int> {
    let lower = start >= 0 ? 0 : (dilation - 1 - start) / dilation
    let upper = start + (kernel - 1) * dilation < size ? kernel : (size - start + dilation - 1) / dilation
    return lower..<max(lower, upper)
  }
}
