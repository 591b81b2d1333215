extension DirectConvolution {
  /// One axis of a phase: output pixels i = 0 ..< count stand at start + i · step, and tap m of the kernel lies, for
  /// pixel i, at source + i · sourceStep + m · tapStep of the input, possibly outside.
  struct Axis {
    var start = 0, step = 1, count: Int
    var source: Int, sourceStep = 1
    /// The elements of the kernel that the phase sees.
    var taps: Int, tapStep: Int
    /// The kernel's element that tap 0 is, and from tap to tap.
    var firstElement = 0, elementStep = 1

    func kernelIndex(_ tap: Int) -> Int { firstElement + tap * elementStep }
  }

  /// Visits the phases: a single one, unless this is an input gradient with a stride.
  @inline(__always)
  func forEachPhase(_ body: (_ rows: Axis, _ columns: Axis) -> Void) {
    let (rows, columns) = (window.rows, window.columns)
    guard isTransposed else { return body(rows.forward, columns.forward) }
    for row in 0..<min(rows.stride, rows.input) {
      for column in 0..<min(columns.stride, columns.input) {
        body(rows.transposed(phase: row), columns.transposed(phase: column))
      }
    }
  }
}

/// A sliding window along one axis.
struct WindowAxis {
  let input: Int, output: Int, kernel: Int, stride: Int, padding: Int, dilation: Int

  var forward: DirectConvolution.Axis {
    DirectConvolution.Axis(count: output, source: -padding, sourceStep: stride, taps: kernel, tapStep: dilation)
  }

  /// Input pixel u was element k of output pixel i where i · stride + k · dilation − padding = u. Those k that leave no
  /// remainder are a period apart, and the last of them is the first tap: taps ascend in the output.
  func transposed(phase: Int) -> DirectConvolution.Axis {
    var first = 0
    while first < kernel && (phase + padding - first * dilation) % stride != 0 { first += 1 }
    var period = 1
    while period * dilation % stride != 0 { period += 1 }
    let taps = first < kernel ? (kernel - 1 - first) / period + 1 : 0
    let last = first + max(0, taps - 1) * period
    return DirectConvolution.Axis(
      start: phase, step: stride, count: (input - phase + stride - 1) / stride,
      source: taps > 0 ? (phase + padding - last * dilation) / stride : 0, taps: taps,
      tapStep: period * dilation / stride, firstElement: last, elementStep: -period)
  }

  /// The zeros on either side of the output that the phases read.
  var border: Int {
    var border = 0
    for phase in 0..<min(stride, input) {
      let own = transposed(phase: phase)
      guard own.taps > 0 else { continue }
      let end = own.source + (own.count - 1) * own.sourceStep + (own.taps - 1) * own.tapStep + 1
      border = max(border, -own.source, end - output)
    }
    return border
  }
}

extension SlidingWindow {
  fileprivate var rows: WindowAxis {
    WindowAxis(
      input: input.height, output: output.height, kernel: kernel.height, stride: stride.height,
      padding: padding.height, dilation: dilation.height)
  }
  fileprivate var columns: WindowAxis {
    WindowAxis(
      input: input.width, output: output.width, kernel: kernel.width, stride: stride.width, padding: padding.width,
      dilation: dilation.width)
  }
  /// The zeros around the output that the input gradient reads.
  var transposedBorder: Extents { Extents(height: rows.border, width: columns.border) }
}
