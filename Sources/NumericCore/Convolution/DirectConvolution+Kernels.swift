/// Output channels that a kernel computes together.
private protocol LaneVector {
  static var count: Int { get }
  init()
  init(_ pointer: UnsafePointer<Float>)
  /// self + vector · scalar, rounded once.
  mutating func add(_ vector: Self, times scalar: Float)
  mutating func add(_ vector: Self)
  /// Stores the first `count` lanes.
  func store(to pointer: UnsafeMutablePointer<Float>, count: Int)
}

extension SIMD16<Float>: LaneVector {
  @inline(__always) fileprivate static var count: Int { 16 }

  @inline(__always)
  fileprivate init(_ pointer: UnsafePointer<Float>) {
    self = UnsafeRawPointer(pointer).loadUnaligned(as: Self.self)
  }

  @inline(__always)
  fileprivate mutating func add(_ vector: Self, times scalar: Float) {
    self = addingProduct(vector, Self(repeating: scalar))
  }

  @inline(__always)
  fileprivate mutating func add(_ vector: Self) { self += vector }

  @inline(__always)
  fileprivate func store(to pointer: UnsafeMutablePointer<Float>, count: Int) {
    if count >= Self.count {
      UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Self.self)
    } else {
      for lane in 0..<Swift.max(0, count) { pointer[lane] = self[lane] }
    }
  }
}

/// Two vectors, so that each loaded input is used twice.
private struct LanePair: LaneVector {
  var low = SIMD16<Float>(), high = SIMD16<Float>()

  @inline(__always) static var count: Int { 32 }
  @inline(__always) init() {}

  @inline(__always)
  init(_ pointer: UnsafePointer<Float>) {
    low = SIMD16(pointer)
    high = SIMD16(pointer + SIMD16<Float>.count)
  }

  @inline(__always)
  mutating func add(_ vector: Self, times scalar: Float) {
    low.add(vector.low, times: scalar)
    high.add(vector.high, times: scalar)
  }

  @inline(__always)
  mutating func add(_ vector: Self) {
    low += vector.low
    high += vector.high
  }

  @inline(__always)
  func store(to pointer: UnsafeMutablePointer<Float>, count: Int) {
    low.store(to: pointer, count: count)
    high.store(to: pointer + SIMD16<Float>.count, count: count - SIMD16<Float>.count)
  }
}

extension DirectConvolution {
  /// y = x ∗ packed weights + bias, sample by sample.
  func apply(
    _ input: BufferView<Float>, packedWeight: BufferView<Float>, bias: BufferView<Float>?,
    into output: BufferView<Float>,
    scratch: BufferView<Float>
  ) {
    let initial = self.bias(scratch)
    initial.update(repeating: 0)
    if let bias { copy(bias, into: initial.view(first: bias.count)) }
    let inputCount = geometry.input.product * channels
    let outputCount = geometry.output.product * outputChannels
    if isPadded { paddedImage(scratch).update(repeating: 0) }
    guard let weights = packedWeight.baseAddress, let initials = initial.baseAddress, let images = input.baseAddress,
      let outputs = output.baseAddress
    else { return }
    for sample in 0..<input.count / inputCount {
      let image = padded(images + sample * inputCount, scratch)
      for group in laneGroups {
        let (weights, initial) = (weights + group.lowerBound * depth, UnsafePointer(initials + group.lowerBound))
        let output = outputs + sample * outputCount + group.lowerBound
        let count = outputChannels - group.lowerBound
        if group.count == LanePair.count {
          convolve(image, weights: weights, initial: LanePair(initial), into: output, count: count)
        } else {
          convolve(image, weights: weights, initial: SIMD16(initial), into: output, count: count)
        }
      }
    }
  }

  /// weightGradient += Σ over samples and output pixels of outputGradient · the inputs under the kernel there.
  func addWeightGradient(
    input: BufferView<Float>, outputGradient: BufferView<Float>, to weightGradient: BufferView<Float>,
    scratch: BufferView<Float>
  ) {
    let packed = packed(scratch)
    packed.update(repeating: 0)
    let inputCount = geometry.input.product * channels
    let outputCount = geometry.output.product * outputChannels
    if isPadded { paddedImage(scratch).update(repeating: 0) }
    if !isAligned { alignedOutput(scratch).update(repeating: 0) }
    guard let sums = packed.baseAddress, let images = input.baseAddress, let gradients = outputGradient.baseAddress
    else { return }
    for sample in 0..<input.count / inputCount {
      let image = padded(images + sample * inputCount, scratch)
      let gradient = aligned(gradients + sample * outputCount, scratch)
      for group in laneGroups {
        let (gradient, sums) = (gradient + group.lowerBound, sums + group.lowerBound * depth)
        if group.count == LanePair.count {
          correlate(image, gradient: gradient, as: LanePair.self, into: sums)
        } else {
          correlate(image, gradient: gradient, as: SIMD16<Float>.self, into: sums)
        }
      }
    }
    addUnpacked(packed, to: weightGradient)
  }

  // MARK: Copies

  /// The image copied into the padded image in scratch, whose border is zero already.
  private func padded(_ image: UnsafeMutablePointer<Float>, _ scratch: BufferView<Float>) -> UnsafePointer<Float> {
    guard isPadded, let padded = paddedImage(scratch).baseAddress else { return UnsafePointer(image) }
    let row = geometry.input.width * channels
    var destination = padded + (geometry.padding.height * paddedWidth + geometry.padding.width) * channels
    for y in 0..<geometry.input.height {
      destination.update(from: image + y * row, count: row)
      destination += paddedWidth * channels
    }
    return UnsafePointer(padded)
  }

  /// The gradient with whole vectors of channels at every pixel.
  private func aligned(_ gradient: UnsafeMutablePointer<Float>, _ scratch: BufferView<Float>) -> UnsafePointer<Float> {
    guard !isAligned, let aligned = alignedOutput(scratch).baseAddress else { return UnsafePointer(gradient) }
    for pixel in 0..<geometry.output.product {
      (aligned + pixel * alignedChannels).update(from: gradient + pixel * outputChannels, count: outputChannels)
    }
    return UnsafePointer(aligned)
  }

  // MARK: Inner loops

  /// A group of output channels at every pixel of one image.
  ///
  /// Without dilation, the inputs under a row of the kernel are contiguous: kernel width · channels of them.
  /// - Parameter count: the channels of the group that exist.
  @inline(__always)
  private func convolve<Vector: LaneVector>(
    _ image: UnsafePointer<Float>, weights: UnsafePointer<Float>, initial: Vector,
    into output: UnsafeMutablePointer<Float>, count: Int
  ) {
    let isDense = geometry.dilation.width == 1
    let runs = isDense ? 1 : geometry.kernel.width
    let length = isDense ? geometry.kernel.width * channels : channels
    let runStep = geometry.dilation.width * channels
    let rowStep = geometry.dilation.height * paddedWidth * channels
    let pixels = geometry.output.product
    let pixelStep = geometry.stride.width * channels
    // From one past the last pixel of a row to the first of the next.
    let lineStep = (geometry.stride.height * paddedWidth - geometry.output.width * geometry.stride.width) * channels
    var column = 0
    var offset = 0
    var pixel = 0
    while pixel < pixels {
      // Eight pixels at a time: in the last group, the image's last pixel stands in for those beyond it, computed and
      // stored again.
      @inline(__always) func next() -> UnsafePointer<Float> {
        let pointer = image + offset
        if pixel < pixels - 1 {
          offset += pixelStep
          column += 1
          if column == geometry.output.width {
            offset += lineStep
            column = 0
          }
        }
        pixel += 1
        return pointer
      }
      let first = pixel
      var (p0, p1, p2, p3) = (next(), next(), next(), next())
      var (p4, p5, p6, p7) = (next(), next(), next(), next())
      var (s0, s1, s2, s3) = (initial, initial, initial, initial)
      var (s4, s5, s6, s7) = (initial, initial, initial, initial)
      var w = weights
      for _ in 0..<geometry.kernel.height {
        var start = 0
        for _ in 0..<runs {
          for i in start..<start + length {
            let weight = Vector(w)
            s0.add(weight, times: p0[i])
            s1.add(weight, times: p1[i])
            s2.add(weight, times: p2[i])
            s3.add(weight, times: p3[i])
            s4.add(weight, times: p4[i])
            s5.add(weight, times: p5[i])
            s6.add(weight, times: p6[i])
            s7.add(weight, times: p7[i])
            w += Vector.count
          }
          start += runStep
        }
        (p0, p1, p2, p3) = (p0 + rowStep, p1 + rowStep, p2 + rowStep, p3 + rowStep)
        (p4, p5, p6, p7) = (p4 + rowStep, p5 + rowStep, p6 + rowStep, p7 + rowStep)
      }
      @inline(__always) func store(_ sum: Vector, _ index: Int) {
        sum.store(to: output + min(first + index, pixels - 1) * outputChannels, count: count)
      }
      store(s0, 0)
      store(s1, 1)
      store(s2, 2)
      store(s3, 3)
      store(s4, 4)
      store(s5, 5)
      store(s6, 6)
      store(s7, 7)
    }
  }

  /// sums [depth, group] += Σ over pixels of input · gradient, nine inputs of a pixel at a time: those of a 3×3 kernel.
  @inline(__always)
  private func correlate<Vector: LaneVector>(
    _ image: UnsafePointer<Float>, gradient: UnsafePointer<Float>, as vector: Vector.Type,
    into sums: UnsafeMutablePointer<Float>
  ) {
    let pixelStep = geometry.stride.width * channels
    let lineStep = (geometry.stride.height * paddedWidth - geometry.output.width * geometry.stride.width) * channels
    let (width, height) = (geometry.output.width, geometry.output.height)
    var k = 0
    while k < depth {
      // Nine inputs at a time: in the last group, the last input stands in for those beyond it, whose sums are dropped.
      let (p0, p1, p2) = (image + tapOffset(k), image + tapOffset(k + 1), image + tapOffset(k + 2))
      let (p3, p4, p5) = (image + tapOffset(k + 3), image + tapOffset(k + 4), image + tapOffset(k + 5))
      let (p6, p7, p8) = (image + tapOffset(k + 6), image + tapOffset(k + 7), image + tapOffset(k + 8))
      var (s0, s1, s2) = (Vector(), Vector(), Vector())
      var (s3, s4, s5) = (Vector(), Vector(), Vector())
      var (s6, s7, s8) = (Vector(), Vector(), Vector())
      var g = gradient
      var i = 0
      for _ in 0..<height {
        for _ in 0..<width {
          let vector = Vector(g)
          s0.add(vector, times: p0[i])
          s1.add(vector, times: p1[i])
          s2.add(vector, times: p2[i])
          s3.add(vector, times: p3[i])
          s4.add(vector, times: p4[i])
          s5.add(vector, times: p5[i])
          s6.add(vector, times: p6[i])
          s7.add(vector, times: p7[i])
          s8.add(vector, times: p8[i])
          g += alignedChannels
          i += pixelStep
        }
        i += lineStep
      }
      let count = min(9, depth - k)
      @inline(__always) func store(_ sum: Vector, _ index: Int) {
        guard index < count else { return }
        let place = sums + (k + index) * Vector.count
        var total = Vector(place)
        total.add(sum)
        total.store(to: place, count: Vector.count)
      }
      store(s0, 0)
      store(s1, 1)
      store(s2, 2)
      store(s3, 3)
      store(s4, 4)
      store(s5, 5)
      store(s6, 6)
      store(s7, 7)
      store(s8, 8)
      k += 9
    }
  }

  /// The offset of input k = (ky, kx, c) of the first output pixel in the padded image; beyond the last input, that of
  /// the last.
  private func tapOffset(_ k: Int) -> Int {
    let k = min(k, depth - 1)
    let (tap, c) = k.quotientAndRemainder(dividingBy: channels)
    let (ky, kx) = tap.quotientAndRemainder(dividingBy: geometry.kernel.width)
    return (ky * geometry.dilation.height * paddedWidth + kx * geometry.dilation.width) * channels + c
  }
}
