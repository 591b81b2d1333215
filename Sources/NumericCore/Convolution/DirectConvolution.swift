/// A direct convolution, or the input gradient of one: no columns are copied, and both inputs and weights stay in the
/// first caches. Sixteen or 32 output channels of six output pixels are summed in twelve registers. Each step of the
/// inner loop loads the weights of one input and multiplies them by that input of each pixel: twelve sums in flight
/// keep both multiply-add units busy, and leave three of sixteen registers for what is loaded. Each pixel has its own
/// pointer, so that rows of any width and stride fill all six.
///
/// The input gradient of a convolution with stride s falls into s² phases, output pixels (u, v) with equal remainders
/// of u and v by s: the pixels of a phase see the same elements of the kernel, and are a convolution of stride 1.
struct DirectConvolution {
  /// Output channels of a vector.
  static let lanes = 16
  /// With fewer, most lanes would be idle and the matrix product is faster.
  static let leastOutputChannels = 8

  /// Of the convolution, also where this is its input gradient.
  let window: SlidingWindow
  let isTransposed: Bool
  /// Of what is read, and of what is written.
  let channels: Int, outputChannels: Int
  /// Of the border of zeros around what is read.
  let padding: Extents

  private init?(_ convolution: Convolution, isTransposed: Bool) {
    window = convolution.geometry
    self.isTransposed = isTransposed
    channels = isTransposed ? convolution.outputChannels : convolution.inputChannels
    outputChannels = isTransposed ? convolution.inputChannels : convolution.outputChannels
    guard convolution.groups == 1, outputChannels >= Self.leastOutputChannels else { return nil }
    padding = isTransposed ? window.transposedBorder : window.padding
  }

  /// Nil where the general implementation is to be used.
  init?(_ convolution: Convolution) { self.init(convolution, isTransposed: false) }
  /// ∂loss/∂x from ∂loss/∂y; nil where the general implementation is to be used.
  init?(inputGradientOf convolution: Convolution) { self.init(convolution, isTransposed: true) }

  // MARK: Sizes

  var input: Extents { isTransposed ? window.output : window.input }
  var output: Extents { isTransposed ? window.input : window.output }
  var inputCount: Int { input.product * channels }
  var outputCount: Int { output.product * outputChannels }
  /// The output channels, rounded up to whole vectors.
  var alignedChannels: Int { (outputChannels + Self.lanes - 1) / Self.lanes * Self.lanes }
  /// The number of products in the sum for one output element, or, in the phases together, for one of each.
  var depth: Int { window.kernel.product * channels }
  var packedCount: Int { alignedChannels * depth }
  var paddedWidth: Int { input.width + 2 * padding.width }
  /// Elements of an image with its border of zeros.
  private var paddedCount: Int { (input.height + 2 * padding.height) * paddedWidth * channels }
  /// Elements of an output gradient with whole vectors of channels.
  private var alignedCount: Int { output.product * alignedChannels }
  var isPadded: Bool { padding != 0 }
  /// Whether the weight gradient copies the output gradient into groups: where channels lack, or where many sums read
  /// it whose pixels would share few places of the cache.
  var groupsGradient: Bool {
    outputChannels % Self.lanes != 0 || outputChannels > groupSize(0) && depth >= Self.leastGroupedDepth
  }
  private static let leastGroupedDepth = 64

  var scratchCount: Int {
    packedCount + alignedChannels + (isPadded ? paddedCount : 0) + (isTransposed || !groupsGradient ? 0 : alignedCount)
  }

  /// The channels of the group that begins with `channel`, which a kernel computes together.
  func groupSize(_ channel: Int) -> Int { Self.groupSize(left: alignedChannels - channel) }

  /// The channels of a group where so many are left, whole vectors.
  static func groupSize(left: Int) -> Int {
    VectorWidth.isWide && left >= ChannelPair.channels ? ChannelPair.channels : lanes
  }

  // MARK: Windows into scratch: packed weights, bias, padded image, output gradient in groups

  func packed(_ scratch: BufferView<Float>) -> BufferView<Float> { scratch.view(first: packedCount) }
  func bias(_ scratch: BufferView<Float>) -> BufferView<Float> {
    scratch.view(packedCount..<packedCount + alignedChannels)
  }
  func paddedImage(_ scratch: BufferView<Float>) -> BufferView<Float> {
    let start = packedCount + alignedChannels
    return scratch.view(start..<start + paddedCount)
  }
  func groupedOutput(_ scratch: BufferView<Float>) -> BufferView<Float> {
    let start = packedCount + alignedChannels + (isPadded ? paddedCount : 0)
    return scratch.view(start..<start + alignedCount)
  }

  // MARK: Weights

  /// The packed weights, for each phase and each group of channels [kernel, channels, group], from `weight` as the
  /// convolution has it; lanes beyond the output channels are zero.
  func pack(_ weight: BufferView<Float>, into scratch: BufferView<Float>) -> BufferView<Float> {
    let packed = packed(scratch)
    forEachPacked { index, weightIndex in packed[index] = weightIndex.map { weight[$0] } ?? 0 }
    return packed
  }

  /// `weight` += `packed`.
  func addUnpacked(_ packed: BufferView<Float>, to weight: BufferView<Float>) {
    forEachPacked { index, weightIndex in
      if let weightIndex { weight[weightIndex] += packed[index] }
    }
  }

  /// Visits the packed weights in order; `weightIndex` is nil in lanes beyond the output channels.
  @inline(__always)
  private func forEachPacked(_ body: (_ index: Int, _ weightIndex: Int?) -> Void) {
    let taps = window.kernel.product
    // From channel to channel of what is written, and of what is read.
    let (outputStep, step) = isTransposed ? (taps, outputChannels * taps) : (channels * taps, taps)
    var index = 0
    forEachPhase { rows, columns in
      var group = 0
      while group < alignedChannels {
        let size = groupSize(group)
        for row in 0..<rows.taps {
          for column in 0..<columns.taps {
            let tap = rows.kernelIndex(row) * window.kernel.width + columns.kernelIndex(column)
            for c in 0..<channels {
              for o in group..<group + size {
                body(index, o < outputChannels ? o * outputStep + c * step + tap : nil)
                index += 1
              }
            }
          }
        }
        group += size
      }
    }
  }
}
