/// A direct convolution: no columns are copied, and both inputs and weights stay in the first-level cache.
/// Sixteen or 32 output channels of eight output pixels are summed in vectors. Each step of the inner loop loads the
/// weights of one input and multiplies them by that input of each pixel. At least eight sums in flight keep both
/// multiply-add units busy; each pixel has its own pointer, so that rows of any width and stride fill all eight.
struct DirectConvolution {
  /// Output channels of a vector.
  static let lanes = 16
  /// With fewer, most lanes would be idle and the matrix product is faster.
  static let leastOutputChannels = 8

  let geometry: SlidingWindow
  let channels: Int
  let outputChannels: Int

  private init?(_ geometry: SlidingWindow, channels: Int, outputChannels: Int) {
    guard outputChannels >= Self.leastOutputChannels else { return nil }
    self.geometry = geometry
    self.channels = channels
    self.outputChannels = outputChannels
  }

  /// Nil where the general implementation is to be used.
  init?(_ convolution: Convolution) {
    guard convolution.groups == 1 else { return nil }
    self.init(
      convolution.geometry, channels: convolution.inputChannels, outputChannels: convolution.outputChannels)
  }

  /// The convolution with flipped weights that gives ∂loss/∂x where the stride is 1; nil elsewhere.
  init?(inputGradientOf convolution: Convolution) {
    let w = convolution.geometry
    let padding = Extents(
      height: w.dilation.height * (w.kernel.height - 1) - w.padding.height,
      width: w.dilation.width * (w.kernel.width - 1) - w.padding.width)
    guard convolution.groups == 1, w.stride == 1, padding.height >= 0, padding.width >= 0 else { return nil }
    self.init(
      SlidingWindow(input: w.output, kernel: w.kernel, padding: padding, dilation: w.dilation),
      channels: convolution.outputChannels, outputChannels: convolution.inputChannels)
  }

  /// The output channels, rounded up to whole vectors.
  var alignedChannels: Int { (outputChannels + Self.lanes - 1) / Self.lanes * Self.lanes }
  /// The aligned output channels in groups that a kernel computes together: two vectors each, while there are two.
  var laneGroups: some Sequence<Range<Int>> {
    let end = alignedChannels
    return stride(from: 0, to: end, by: 2 * Self.lanes).lazy.map { $0..<min($0 + 2 * Self.lanes, end) }
  }
  /// The number of products in the sum for one output element.
  var depth: Int { geometry.kernel.product * channels }
  var packedCount: Int { alignedChannels * depth }
  var paddedHeight: Int { geometry.input.height + 2 * geometry.padding.height }
  var paddedWidth: Int { geometry.input.width + 2 * geometry.padding.width }
  /// Elements of an image with its border of zeros.
  var paddedCount: Int { paddedHeight * paddedWidth * channels }
  /// Elements of an output gradient whose pixels are padded to whole vectors.
  private var alignedOutputCount: Int { geometry.output.product * alignedChannels }
  var isPadded: Bool { geometry.padding != 0 }
  var isAligned: Bool { outputChannels % Self.lanes == 0 }

  var scratchCount: Int {
    packedCount + alignedChannels + (isPadded ? paddedCount : 0) + (isAligned ? 0 : alignedOutputCount)
  }

  // MARK: Windows into scratch: packed weights, bias, padded image, aligned output gradient

  func packed(_ scratch: BufferView<Float>) -> BufferView<Float> { scratch.view(first: packedCount) }
  func bias(_ scratch: BufferView<Float>) -> BufferView<Float> {
    scratch.view(packedCount..<packedCount + alignedChannels)
  }
  func paddedImage(_ scratch: BufferView<Float>) -> BufferView<Float> {
    let start = packedCount + alignedChannels
    return scratch.view(start..<start + paddedCount)
  }
  func alignedOutput(_ scratch: BufferView<Float>) -> BufferView<Float> {
    let start = packedCount + alignedChannels + (isPadded ? paddedCount : 0)
    return scratch.view(start..<start + alignedOutputCount)
  }

  // MARK: Weights

  /// `packed`, for each group of lanes [kernel, channels, group], from `weight` [O, channels, kernel]; lanes beyond O
  /// are zero.
  func pack(_ weight: BufferView<Float>, into scratch: BufferView<Float>) -> BufferView<Float> {
    let taps = geometry.kernel.product
    return pack(into: scratch) { o, c, tap in weight[(o * channels + c) * taps + tap] }
  }

  /// The same from the weights [channels, O, kernel] of the convolution whose input gradient this is, kernel reversed.
  func packFlipped(_ weight: BufferView<Float>, into scratch: BufferView<Float>) -> BufferView<Float> {
    let taps = geometry.kernel.product
    return pack(into: scratch) { o, c, tap in weight[(c * outputChannels + o) * taps + taps - 1 - tap] }
  }

  @inline(__always)
  private func pack(
    into scratch: BufferView<Float>, _ weight: (_ o: Int, _ c: Int, _ tap: Int) -> Float
  ) -> BufferView<Float> {
    let packed = packed(scratch)
    var index = 0
    for group in laneGroups {
      for tap in 0..<geometry.kernel.product {
        for c in 0..<channels {
          for o in group {
            packed[index] = o < outputChannels ? weight(o, c, tap) : 0
            index += 1
          }
        }
      }
    }
    return packed
  }

  /// `weight` [O, channels, kernel] += `packed`.
  func addUnpacked(_ packed: BufferView<Float>, to weight: BufferView<Float>) {
    let taps = geometry.kernel.product
    var index = 0
    for group in laneGroups {
      for tap in 0..<taps {
        for c in 0..<channels {
          for o in group {
            if o < outputChannels { weight[(o * channels + c) * taps + tap] += packed[index] }
            index += 1
          }
        }
      }
    }
  }
}
