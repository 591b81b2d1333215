/// Two numbers, one for the height and one for the width of an image.
public struct Extents: Sendable, Equatable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public let height: Int, width: Int

  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
  /// The same number for both.
  public init(_ both: Int) { self.init(height: both, width: both) }
  public init(integerLiteral both: Int) { self.init(both) }

  public var product: Int { height * width }
  public var description: String { "\(height)×\(width)" }
}

/// How a window slides over an image: the sizes of a convolution or a pooling.
///
/// output = ⌊(input + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 along either axis, as in PyTorch.
public struct SlidingWindow: Sendable, Equatable {
  public let input: Extents
  public let kernel: Extents
  public let stride: Extents
  /// Zeros, or nothing for a maximum, on either side.
  public let padding: Extents
  public let dilation: Extents
  public let output: Extents

  /// - Precondition: extents, kernel, stride and dilation are positive, padding is not negative, and the window fits.
  public init(input: Extents, kernel: Extents, stride: Extents = 1, padding: Extents = 0, dilation: Extents = 1) {
    func outputSize(_ axis: KeyPath<Extents, Int>) -> Int {
      let (size, kernel, stride) = (input[keyPath: axis], kernel[keyPath: axis], stride[keyPath: axis])
      let (padding, dilation) = (padding[keyPath: axis], dilation[keyPath: axis])
      precondition(
        size > 0 && kernel > 0 && stride > 0 && padding >= 0 && dilation > 0,
        "a window of \(kernel), stride \(stride), padding \(padding), dilation \(dilation) over \(size)")
      let room = size + 2 * padding - dilation * (kernel - 1) - 1
      precondition(room >= 0, "a window of \(kernel), dilation \(dilation), is wider than \(size) + 2 · \(padding)")
      return room / stride + 1
    }
    (self.input, self.kernel, self.stride) = (input, kernel, stride)
    (self.padding, self.dilation) = (padding, dilation)
    output = Extents(height: outputSize(\.height), width: outputSize(\.width))
  }

  /// Whether a window of these sizes fits at least once, which `init` requires.
  public static func fits(input: Extents, kernel: Extents, padding: Extents, dilation: Extents = 1) -> Bool {
    input.height + 2 * padding.height > dilation.height * (kernel.height - 1)
      && input.width + 2 * padding.width > dilation.width * (kernel.width - 1)
  }

  /// Where kernel element (ky, kx) of output pixel (y, x) lies in the input; possibly outside.
  func source(_ y: Int, _ ky: Int) -> Int { y * stride.height + ky * dilation.height - padding.height }
  func sourceColumn(_ x: Int, _ kx: Int) -> Int { x * stride.width + kx * dilation.width - padding.width }

  /// The output columns x whose kernel element kx lies inside of the input.
  func insideColumns(_ kx: Int) -> Range<Int> {
    let shift = kx * dilation.width - padding.width
    func least(_ column: Int) -> Int {
      // The least x with x · stride + shift ≥ column.
      min(output.width, max(0, (column - shift + stride.width - 1) / stride.width))
    }
    return least(0)..<least(input.width)
  }
}
