// The copies around a convolution's matrix products. A column of the matrix is (ky, kx, c) with c fastest, so that a pixel's
// channels, contiguous in a channels-last image, are copied as one.

/// Writes what each output pixel sees: `columns` [H′·W′, kernel·|range|] from `image` [H, W, channels].
///
/// - Parameter range: the input channels to take.
@specialized(where S == Float)
@specialized(where S == Double)
public func im2col<S: Scalar>(
  _ image: Window<S>, _ window: SlidingWindow, channels: Int, range: Range<Int>, into columns: Window<S>
) {
  precondition(
    image.count == window.input.product * channels
      && columns.count == window.output.product * window.kernel.product * range.count,
    "\(columns.count) columns of an image of \(image.count)")
  guard let source = image.baseAddress, let destination = columns.baseAddress else { return }
  let count = range.count
  let pixelStep = window.kernel.product * count
  for y in 0..<window.output.height {
    for ky in 0..<window.kernel.height {
      let row = window.source(y, ky)
      let isInside = row >= 0 && row < window.input.height
      for kx in 0..<window.kernel.width {
        let inside = isInside ? window.insideColumns(kx) : 0..<0
        var to = destination + y * window.output.width * pixelStep + (ky * window.kernel.width + kx) * count
        for _ in 0..<inside.lowerBound {
          for c in 0..<count { to[c] = 0 }
          to += pixelStep
        }
        var from = source + range.lowerBound
        if !inside.isEmpty {
          from += (row * window.input.width + window.sourceColumn(inside.lowerBound, kx)) * channels
        }
        for _ in inside {
          for c in 0..<count { to[c] = from[c] }
          to += pixelStep
          from += window.stride.width * channels
        }
        for _ in inside.upperBound..<window.output.width {
          for c in 0..<count { to[c] = 0 }
          to += pixelStep
        }
      }
    }
  }
}

/// The transpose of `im2col`: adds each column to the pixel it was copied from.
@specialized(where S == Float)
@specialized(where S == Double)
public func addCol2im<S: Scalar>(
  _ columns: Window<S>, _ window: SlidingWindow, channels: Int, range: Range<Int>, to image: Window<S>
) {
  precondition(
    image.count == window.input.product * channels
      && columns.count == window.output.product * window.kernel.product * range.count,
    "\(columns.count) columns of an image of \(image.count)")
  guard let destination = image.baseAddress, let source = columns.baseAddress else { return }
  let count = range.count
  let pixelStep = window.kernel.product * count
  for y in 0..<window.output.height {
    for ky in 0..<window.kernel.height {
      let row = window.source(y, ky)
      guard row >= 0 && row < window.input.height else { continue }
      for kx in 0..<window.kernel.width {
        let inside = window.insideColumns(kx)
        guard !inside.isEmpty else { continue }
        let first = y * window.output.width + inside.lowerBound
        var from = source + first * pixelStep + (ky * window.kernel.width + kx) * count
        var to =
          destination + (row * window.input.width + window.sourceColumn(inside.lowerBound, kx)) * channels
          + range.lowerBound
        let toStep = window.stride.width * channels
        for _ in inside {
          for c in 0..<count { to[c] += from[c] }
          from += pixelStep
          to += toStep
        }
      }
    }
  }
}

/// to += from: rows of images are short, and eight elements at a time leave little over.
@inline(__always)
private func addRun<S: Scalar>(_ from: UnsafePointer<S>, to: UnsafeMutablePointer<S>, _ count: Int) {
  var x = 0
  while x + 8 <= count {
    let (source, sum) = (UnsafeRawPointer(from + x), UnsafeMutableRawPointer(to + x))
    sum.storeBytes(
      of: sum.loadUnaligned(as: SIMD8<S>.self) + source.loadUnaligned(as: SIMD8<S>.self), as: SIMD8<S>.self)
    x += 8
  }
  while x < count {
    to[x] += from[x]
    x += 1
  }
}

/// The same from rows instead of columns, (c, ky, kx) by pixel: with few channels, neighbouring pixels are what is added at once.
///
/// - Shapes: `rows` [|range|·kernel, H′·W′].
@specialized(where S == Float)
@specialized(where S == Double)
public func addRow2im<S: Scalar>(
  _ rows: Window<S>, _ window: SlidingWindow, channels: Int, range: Range<Int>, to image: Window<S>
) {
  precondition(
    image.count == window.input.product * channels
      && rows.count == window.output.product * window.kernel.product * range.count,
    "\(rows.count) elements of rows of an image of \(image.count)")
  guard let destination = image.baseAddress, var source = rows.baseAddress else { return }
  let toStep = window.stride.width * channels
  for c in range {
    for ky in 0..<window.kernel.height {
      for kx in 0..<window.kernel.width {
        let inside = window.insideColumns(kx)
        let first = destination + window.sourceColumn(inside.lowerBound, kx) * channels + c
        for y in 0..<window.output.height {
          let row = window.source(y, ky)
          guard row >= 0 && row < window.input.height else { continue }
          let from = source + y * window.output.width + inside.lowerBound
          let to = first + row * window.input.width * channels
          if toStep == 1 {
            addRun(from, to: to, inside.count)
          } else {
            for x in 0..<inside.count { to[x * toStep] += from[x] }
          }
        }
        source += window.output.product
      }
    }
  }
}

/// `packed` [O, taps, channels] from PyTorch's `weight` [O, channels, taps].
@specialized(where S == Float)
@specialized(where S == Double)
public func packTaps<S: Scalar>(_ weight: Window<S>, channels: Int, taps: Int, into packed: Window<S>) {
  precondition(weight.count == packed.count, "\(weight.count) weights into \(packed.count)")
  transposeEach(weight, rows: channels, columns: taps, into: packed)
}

/// `weight` [O, channels, taps] += `packed` [O, taps, channels].
@specialized(where S == Float)
@specialized(where S == Double)
public func addUnpackedTaps<S: Scalar>(_ packed: Window<S>, channels: Int, taps: Int, to weight: Window<S>) {
  precondition(weight.count == packed.count, "\(packed.count) weights into \(weight.count)")
  let size = channels * taps
  var start = 0
  while start < weight.count {
    for c in 0..<channels {
      for tap in 0..<taps { weight[start + c * taps + tap] += packed[start + tap * channels + c] }
    }
    start += size
  }
}

/// Transposes each matrix of a row of them: `output` [N, columns, rows] from `input` [N, rows, columns].
@specialized(where S == Float)
@specialized(where S == Double)
public func transposeEach<S: Scalar>(_ input: Window<S>, rows: Int, columns: Int, into output: Window<S>) {
  let size = rows * columns
  precondition(
    size > 0 && input.count == output.count && input.count % size == 0,
    "\(input.count) elements as matrices of \(rows)×\(columns) into \(output.count)")
  if rows == 1 || columns == 1 { return copy(input, into: output) }
  var start = 0
  while start < input.count {
    for row in 0..<rows {
      let from = start + row * columns
      for column in 0..<columns { output[start + column * rows + row] = input[from + column] }
    }
    start += size
  }
}
