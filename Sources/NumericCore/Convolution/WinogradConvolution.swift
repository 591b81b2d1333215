/// A convolution with a kernel of 3×3 at stride 1, or the input gradient of one, by Winograd's F(2×2, 3×3): sixteen
/// products for four outputs in place of 36.
///
/// A tile of 2×2 outputs y is Aᵀ · [(G · w · Gᵀ) ⊙ (Bᵀ · x · B)] · A with the 4×4 inputs x under it. With channels, ⊙
/// is a product of matrices [tiles, C] · [C, O] at each of sixteen places. The weight gradient is the adjoint of that,
/// Gᵀ · [Σ (Bᵀ · x · B) ⊙ (A · dy · Aᵀ)] · G, with products [C, tiles] · [tiles, O].
///
/// A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, 2015. Sums are of differences of neighbouring
/// inputs: their error is about twice that of direct ones, and a number that is not finite spreads over its tile.
struct WinogradConvolution {
  typealias Vector = SIMD16<Float>

  static let places = 16
  /// With fewer tiles an image has mostly border, and the weights are changed for too few products.
  private static let leastTiles = 9

  let isTransposed: Bool
  /// Of what is read, and of what is written.
  let input: Extents, output: Extents
  let channels: Int, outputChannels: Int
  /// Of the border of zeros around what is read.
  let padding: Extents

  private init?(_ convolution: Convolution, isTransposed: Bool) {
    let window = convolution.geometry
    guard convolution.groups == 1, window.kernel == 3, window.stride == 1, window.dilation == 1,
      max(window.padding.height, window.padding.width) <= 2,
      convolution.inputChannels % Vector.channels == 0, convolution.outputChannels % Vector.channels == 0
    else { return nil }
    self.isTransposed = isTransposed
    if isTransposed {
      (input, output) = (window.output, window.input)
      (channels, outputChannels) = (convolution.outputChannels, convolution.inputChannels)
      padding = Extents(height: 2 - window.padding.height, width: 2 - window.padding.width)
    } else {
      (input, output) = (window.input, window.output)
      (channels, outputChannels) = (convolution.inputChannels, convolution.outputChannels)
      padding = window.padding
    }
    // That of both directions, so that they are computed alike.
    let least = min(Self.tiles(window.output).product, Self.tiles(window.input).product)
    guard least >= Self.leastTiles else { return nil }
  }

  /// Nil where another implementation is to be used.
  init?(_ convolution: Convolution) { self.init(convolution, isTransposed: false) }
  /// ∂loss/∂x from ∂loss/∂y; nil where another implementation is to be used.
  init?(inputGradientOf convolution: Convolution) { self.init(convolution, isTransposed: true) }

  // MARK: Sizes

  private static func tiles(_ output: Extents) -> Extents {
    Extents(height: (output.height + 1) / 2, width: (output.width + 1) / 2)
  }
  var inputCount: Int { input.product * channels }
  var outputCount: Int { output.product * outputChannels }
  private var weightCount: Int { Self.places * channels * outputChannels }
  /// Tiles that are computed together: full turns of the kernels, few enough for the nearer caches.
  private var blockTiles: Int { max(channels, outputChannels) <= 128 ? 24 : 12 }

  /// Zeros for the channels of a pixel, and for a kernel's sums to begin with.
  private var zeroCount: Int { max(channels, ChannelPair.channels) }

  var scratchCount: Int {
    weightCount + Self.places * blockTiles * (channels + outputChannels) + zeroCount
  }

  /// Parts of scratch.
  struct Parts {
    /// [places, groups, C, channels of a group]: the weights, or the sums of their gradient.
    let weights: UnsafeMutablePointer<Float>
    /// [places, tiles, C] and [places, tiles, O].
    let inputs: UnsafeMutablePointer<Float>, outputs: UnsafeMutablePointer<Float>
    let zeros: UnsafeMutablePointer<Float>

    init?(_ convolution: WinogradConvolution, _ scratch: BufferView<Float>) {
      guard let start = scratch.baseAddress else { return nil }
      let block = WinogradConvolution.places * convolution.blockTiles
      weights = start
      inputs = weights + convolution.weightCount
      outputs = inputs + block * convolution.channels
      zeros = outputs + block * convolution.outputChannels
      zeros.update(repeating: 0, count: convolution.zeroCount)
    }
  }

  // MARK: Output and input gradient

  /// output = initial + input ∗ weight, and the ReLU of it where `rectifies`.
  func apply(
    _ input: BufferView<Float>, weight: BufferView<Float>, initial: DirectConvolution.Initial, rectifies: Bool = false,
    into output: BufferView<Float>, scratch: BufferView<Float>
  ) {
    guard let parts = Parts(self, scratch), let images = input.baseAddress, let outputs = output.baseAddress,
      let weight = weight.baseAddress
    else { return }
    transformWeights(weight, into: parts.weights)
    forEachBlock(samples: input.count / inputCount) { tiles in
      transformInputs(images, tiles, parts)
      multiply(parts, tiles.count)
      switch initial {
      case .bias(let bias): transformOutputs(parts, tiles, bias: bias?.baseAddress, adds: false, rectifies, to: outputs)
      case .output: transformOutputs(parts, tiles, bias: nil, adds: true, rectifies, to: outputs)
      }
    }
  }

  /// The product at each place.
  private func multiply(_ parts: Parts, _ count: Int) {
    for place in 0..<Self.places {
      let inputs = parts.inputs + place * count * channels, outputs = parts.outputs + place * count * outputChannels
      forEachGroup { group, size in
        func tiles(_ first: Int, _ count: Int) -> DirectConvolution.Tiles {
          DirectConvolution.Tiles(
            plan: DirectConvolution.Plan(pixels: count, channels, outputChannels), image: inputs + first * channels,
            weights: parts.weights + (place * outputChannels + group) * channels, initial: parts.zeros,
            output: outputs + first * outputChannels + group, count: size, adds: false, rectifies: false)
        }
        if size == ChannelPair.channels {
          tiles(0, count).convolve(0..<1, apart: 0, as: ChannelPair.self)
        } else if VectorWidth.isWide {
          // One half of the tiles and the other, then the one that is left.
          tiles(0, count / 2).convolve(0..<1, apart: 1, as: PlacePair.self)
          if count % 2 == 1 { tiles(count - 1, 1).convolve(0..<1, apart: 0, as: Vector.self) }
        } else {
          tiles(0, count).convolve(0..<1, apart: 0, as: Vector.self)
        }
      }
    }
  }

  // MARK: Weight gradient

  /// weightGradient += Σ over samples and output pixels of outputGradient · the inputs under the kernel there.
  func addWeightGradient(
    input: BufferView<Float>, outputGradient: BufferView<Float>, to weightGradient: BufferView<Float>,
    scratch: BufferView<Float>
  ) {
    guard let parts = Parts(self, scratch), let images = input.baseAddress,
      let gradients = outputGradient.baseAddress, let weightGradient = weightGradient.baseAddress
    else { return }
    parts.weights.update(repeating: 0, count: weightCount)
    forEachBlock(samples: input.count / inputCount) { tiles in
      transformInputs(images, tiles, parts)
      transformGradients(gradients, tiles, parts)
      correlate(parts, tiles.count)
    }
    addTransformedSums(parts.weights, to: weightGradient)
  }

  /// The product at each place, added to the sums.
  private func correlate(_ parts: Parts, _ count: Int) {
    for place in 0..<Self.places {
      let inputs = parts.inputs + place * count * channels, gradients = parts.outputs + place * count * outputChannels
      forEachGroup { group, size in
        func add<V: LaneVector>(_ first: Int, _ count: Int, apart: Int, _ vector: V.Type) {
          DirectConvolution.correlate(
            DirectConvolution.Plan(pixels: count, channels, outputChannels), inputs + first * channels,
            gradients + first * outputChannels + group, outputChannels, rows: 1, apart: apart, depth: channels,
            as: vector, to: parts.weights + (place * outputChannels + group) * channels)
        }
        if size == ChannelPair.channels {
          add(0, count, apart: 0, ChannelPair.self)
        } else if VectorWidth.isWide {
          add(0, count / 2, apart: 1, PlacePair.self)
          if count % 2 == 1 { add(count - 1, 1, apart: 0, Vector.self) }
        } else {
          add(0, count, apart: 0, Vector.self)
        }
      }
    }
  }

  // MARK: Order

  /// Visits the tiles of all samples in blocks, which may begin in one sample and end in the next.
  @inline(__always)
  private func forEachBlock(samples: Int, _ body: (_ tiles: Range<Int>) -> Void) {
    let count = samples * Self.tiles(output).product
    var first = 0
    while first < count {
      let end = min(first + blockTiles, count)
      body(first..<end)
      first = end
    }
  }

  /// Visits tiles with the sample and the uppermost and leftmost output of each.
  @inline(__always)
  func forEach(_ tiles: Range<Int>, _ body: (_ tile: Int, _ sample: Int, _ top: Int, _ left: Int) -> Void) {
    let all = Self.tiles(output)
    let (firstSample, place) = tiles.lowerBound.quotientAndRemainder(dividingBy: all.product)
    var sample = firstSample
    var (row, column) = place.quotientAndRemainder(dividingBy: all.width)
    for tile in 0..<tiles.count {
      body(tile, sample, 2 * row, 2 * column)
      column += 1
      if column == all.width { (row, column) = (row + 1, 0) }
      if row == all.height { (sample, row) = (sample + 1, 0) }
    }
  }

  /// Visits the groups of output channels that a kernel computes together.
  @inline(__always)
  func forEachGroup(_ body: (_ first: Int, _ size: Int) -> Void) {
    var first = 0
    while first < outputChannels {
      let size = DirectConvolution.groupSize(left: outputChannels - first)
      body(first, size)
      first += size
    }
  }
}
