// The copies around a convolution's matrix products. A column of the matrix is (ky, kx, c) with c fastest, so that a
// pixel's channels, contiguous in a channels-last image, are copied as one.

/// Writes the inputs under the kernel at each output pixel: `columns` [H′·W′, kernel·|range|] from `image` [H, W,
/// channels].
///
/// - Parameter range: the input channels to take.
@specialized(where S == Float)
@specialized(where S == Double)
public func im2col<S: Scalar>(
  _ image: BufferView<S>, _ geometry: SlidingWindow, channels: Int, range: Range<Int>, into columns: BufferView<S>
) {
  precondition(
    image.count == geometry.input.product * channels
      && columns.count == geometry.output.product * geometry.kernel.product * range.count,
    "\(columns.count) columns of an image of \(image.count)")
  guard let source = image.baseAddress, let destination = columns.baseAddress else { return }
  let count = range.count
  let pixelStep = geometry.kernel.product * count
  for y in 0..<geometry.output.height {
    for ky in 0..<geometry.kernel.height {
      let row = geometry.source(y, ky)
      let isInside = row >= 0 && row < geometry.input.height
      for kx in 0..<geometry.kernel.width {
        let inside = isInside ? geometry.insideColumns(kx) : 0..<0
        var to = destination + y * geometry.output.width * pixelStep + (ky * geometry.kernel.width + kx) * count
        for _ in 0..<inside.lowerBound {
          for c in 0..<count { to[c] = 0 }
          to += pixelStep
        }
        var from = source + range.lowerBound
        if !inside.isEmpty {
          from += (row * geometry.input.width + geometry.sourceColumn(inside.lowerBound, kx)) * channels
        }
        for _ in inside {
          for c in 0..<count { to[c] = from[c] }
          to += pixelStep
          from += geometry.stride.width * channels
        }
        for _ in inside.upperBound..<geometry.output.width {
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
  _ columns: BufferView<S>, _ geometry: SlidingWindow, channels: Int, range: Range<Int>, to image: BufferView<S>
) {
  precondition(
    image.count == geometry.input.product * channels
      && columns.count == geometry.output.product * geometry.kernel.product * range.count,
    "\(columns.count) columns of an image of \(image.count)")
  guard let destination = image.baseAddress, let source = columns.baseAddress else { return }
  let count = range.count
  let pixelStep = geometry.kernel.product * count
  for y in 0..<geometry.output.height {
    for ky in 0..<geometry.kernel.height {
      let row = geometry.source(y, ky)
      guard row >= 0 && row < geometry.input.height else { continue }
      for kx in 0..<geometry.kernel.width {
        let inside = geometry.insideColumns(kx)
        guard !inside.isEmpty else { continue }
        let first = y * geometry.output.width + inside.lowerBound
        var from = source + first * pixelStep + (ky * geometry.kernel.width + kx) * count
        var to =
          destination + (row * geometry.input.width + geometry.sourceColumn(inside.lowerBound, kx)) * channels
          + range.lowerBound
        let toStep = geometry.stride.width * channels
        for _ in inside {
          for c in 0..<count { to[c] += from[c] }
          from += pixelStep
          to += toStep
        }
      }
    }
  }
}

/// The same from rows instead of columns, (c, ky, kx) by pixel: with few channels, neighbouring pixels are what is
/// added at once.
///
/// - Shapes: `rows` [|range|·kernel, H′·W′]; what falls outside of the image may be overwritten.
@specialized(where S == Float)
@specialized(where S == Double)
public func addRow2im<S: Scalar>(
  _ rows: BufferView<S>, _ geometry: SlidingWindow, channels: Int, range: Range<Int>, to image: BufferView<S>
) {
  precondition(
    image.count == geometry.input.product * channels
      && rows.count == geometry.output.product * geometry.kernel.product * range.count,
    "\(rows.count) elements of rows of an image of \(image.count)")
  guard let destination = image.baseAddress, var source = rows.baseAddress else { return }
  let toStep = geometry.stride.width * channels
  // Input and output pixels are equally far apart, so that a whole image is one run.
  let isRun = channels == 1 && geometry.stride == 1 && geometry.output.width == geometry.input.width
  for c in range {
    for ky in 0..<geometry.kernel.height {
      for kx in 0..<geometry.kernel.width {
        if isRun {
          addRun(source, geometry, ky, kx, to: destination)
          source += geometry.output.product
          continue
        }
        let inside = geometry.insideColumns(kx)
        let first = destination + geometry.sourceColumn(inside.lowerBound, kx) * channels + c
        for y in 0..<geometry.output.height {
          let row = geometry.source(y, ky)
          guard row >= 0 && row < geometry.input.height else { continue }
          let from = source + y * geometry.output.width + inside.lowerBound
          let to = first + row * geometry.input.width * channels
          for x in 0..<inside.count { to[x * toStep] += from[x] }
        }
        source += geometry.output.product
      }
    }
  }
}

/// One kernel element's row of an image whose pixels lie as far apart in the row: beside the image there are zeros to
/// add.
@inline(__always)
private func addRun<S: Scalar>(
  _ row: UnsafeMutablePointer<S>, _ geometry: SlidingWindow, _ ky: Int, _ kx: Int, to image: UnsafeMutablePointer<S>
) {
  let (width, inside) = (geometry.output.width, geometry.insideColumns(kx))
  let top = max(0, -geometry.source(0, ky))
  let bottom = min(geometry.output.height, geometry.input.height - geometry.source(0, ky))
  guard top < bottom && !inside.isEmpty else { return }
  for y in top..<bottom {
    for x in 0..<inside.lowerBound { row[y * width + x] = 0 }
    for x in inside.upperBound..<width { row[y * width + x] = 0 }
  }
  let start = top * width + inside.lowerBound
  let count = (bottom - 1) * width + inside.upperBound - start
  let (from, to) = (row + start, image + start + geometry.source(0, ky) * width + geometry.sourceColumn(0, kx))
  for i in 0..<count { to[i] += from[i] }
}

/// `packed` [O, taps, channels] from PyTorch's `weight` [O, channels, taps].
@specialized(where S == Float)
@specialized(where S == Double)
public func packTaps<S: Scalar>(_ weight: BufferView<S>, channels: Int, taps: Int, into packed: BufferView<S>) {
  precondition(weight.count == packed.count, "\(weight.count) weights into \(packed.count)")
  transposeEach(weight, rows: channels, columns: taps, into: packed)
}

/// `weight` [O, channels, taps] += `packed` [O, taps, channels].
@specialized(where S == Float)
@specialized(where S == Double)
public func addUnpackedTaps<S: Scalar>(_ packed: BufferView<S>, channels: Int, taps: Int, to weight: BufferView<S>) {
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
public func transposeEach<S: Scalar>(_ input: BufferView<S>, rows: Int, columns: Int, into output: BufferView<S>) {
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
