extension DirectConvolution {
  /// What the sums start with.
  enum Initial {
    /// [O], or zeros.
    case bias(BufferView<Float>?)
    /// What the output holds, which is added to.
    case output
  }

  /// output = initial + input ∗ packed weights, sample by sample, and the ReLU of it where `rectifies`.
  func apply(
    _ input: BufferView<Float>, packedWeight: BufferView<Float>, initial: Initial, rectifies: Bool = false,
    into output: BufferView<Float>, scratch: BufferView<Float>
  ) {
    let initials = bias(scratch)
    initials.zero()
    var adds = false
    switch initial {
    case .bias(let bias): if let bias { copy(bias, into: initials.view(first: bias.count)) }
    case .output: adds = true
    }
    if isPadded { paddedImage(scratch).zero() }
    guard let weights = packedWeight.baseAddress, let initials = initials.baseAddress, let images = input.baseAddress,
      let outputs = output.baseAddress
    else { return }
    for sample in 0..<input.count / inputCount {
      let image = padded(images + sample * inputCount, scratch)
      var start = 0
      forEachPhase { rows, columns in
        let plan = Plan(self, rows, columns)
        var group = 0
        while group < alignedChannels {
          let size = groupSize(group)
          let tiles = Tiles(
            plan: plan, image: image + plan.inputStart, weights: weights + start, initial: initials + group,
            output: outputs + sample * outputCount + plan.outputStart + group, count: outputChannels - group,
            adds: adds, rectifies: rectifies)
          if size == ChannelPair.channels {
            tiles.convolve(0..<plan.height, apart: 0, as: ChannelPair.self)
          } else if VectorWidth.isWide {
            // The upper and the lower half of the image, then the row that is left.
            let half = plan.height / 2
            tiles.convolve(0..<half, apart: half, as: PlacePair.self)
            tiles.convolve(2 * half..<plan.height, apart: 0, as: SIMD16<Float>.self)
          } else {
            tiles.convolve(0..<plan.height, apart: 0, as: SIMD16<Float>.self)
          }
          start += rows.taps * columns.taps * channels * size
          group += size
        }
      }
    }
  }

  /// The image copied into the padded image in scratch, whose border is zero already.
  func padded(_ image: UnsafeMutablePointer<Float>, _ scratch: BufferView<Float>) -> UnsafePointer<Float> {
    guard isPadded, let padded = paddedImage(scratch).baseAddress else { return UnsafePointer(image) }
    let row = input.width * channels
    var destination = padded + (padding.height * paddedWidth + padding.width) * channels
    for y in 0..<input.height {
      destination.update(from: image + y * row, count: row)
      destination += paddedWidth * channels
    }
    return UnsafePointer(padded)
  }

  /// A phase in elements of the padded input and of the output.
  struct Plan {
    let height: Int, width: Int
    /// Of the first pixel.
    let inputStart: Int, outputStart: Int
    /// From pixel to pixel in a row, and from row to row.
    let pixelStep: Int, lineStep: Int
    let outputPixelStep: Int, outputLineStep: Int
    /// From row to row of the kernel. A row is `runs` runs of `length` inputs, one run where its elements are
    /// neighbours.
    let kernelRows: Int, rowStep: Int
    let runs: Int, runStep: Int, length: Int

    /// A product of matrices: a row of pixels under a kernel of one element.
    init(pixels: Int, _ channels: Int, _ outputChannels: Int) {
      (height, width) = (1, pixels)
      (inputStart, outputStart) = (0, 0)
      (pixelStep, lineStep) = (channels, pixels * channels)
      (outputPixelStep, outputLineStep) = (outputChannels, pixels * outputChannels)
      (kernelRows, rowStep, runs, runStep, length) = (1, 0, 1, 0, channels)
    }

    init(_ convolution: DirectConvolution, _ rows: Axis, _ columns: Axis) {
      let (channels, outputChannels) = (convolution.channels, convolution.outputChannels)
      let line = convolution.paddedWidth * channels
      let outputLine = convolution.output.width * outputChannels
      (height, width) = (rows.count, columns.count)
      inputStart =
        (rows.source + convolution.padding.height) * line
        + (columns.source + convolution.padding.width) * channels
      outputStart = rows.start * outputLine + columns.start * outputChannels
      (pixelStep, lineStep) = (columns.sourceStep * channels, rows.sourceStep * line)
      (outputPixelStep, outputLineStep) = (columns.step * outputChannels, rows.step * outputLine)
      (kernelRows, rowStep) = (rows.taps, rows.tapStep * line)
      let isDense = columns.tapStep == 1
      (runs, runStep) = (isDense ? 1 : columns.taps, columns.tapStep * channels)
      length = isDense ? columns.taps * channels : channels
    }
  }

  /// A group of output channels at every pixel of a phase of one image.
  struct Tiles {
    let plan: Plan
    let image: UnsafePointer<Float>, weights: UnsafePointer<Float>, initial: UnsafePointer<Float>
    let output: UnsafeMutablePointer<Float>
    /// The channels of the group that exist.
    let count: Int
    let adds: Bool, rectifies: Bool

    /// - Parameter rowsApart: from the rows that hold the first of a vector's places to those that hold the second.
    @inline(__always)
    func convolve<Vector: LaneVector>(_ rows: Range<Int>, apart rowsApart: Int, as vector: Vector.Type) {
      let pixels = rows.count * plan.width
      let (apart, outputApart) = (rowsApart * plan.lineStep, rowsApart * plan.outputLineStep)
      // From one past the last pixel of a row to the first of the next.
      let lineStep = plan.lineStep - plan.width * plan.pixelStep
      let outputLineStep = plan.outputLineStep - plan.width * plan.outputPixelStep
      let first = Vector(initial, apart: 0)
      var (column, pixel) = (0, 0)
      var input = image + rows.lowerBound * plan.lineStep
      var output = output + rows.lowerBound * plan.outputLineStep
      // Six pixels at a time: in the last tile, the last pixel stands in for those beyond it, computed and stored
      // again.
      @inline(__always) func next() -> (UnsafePointer<Float>, UnsafeMutablePointer<Float>) {
        let place = (input, output)
        pixel += 1
        if pixel < pixels {
          input += plan.pixelStep
          output += plan.outputPixelStep
          column += 1
          if column == plan.width {
            input += lineStep
            output += outputLineStep
            column = 0
          }
        }
        return place
      }
      while pixel < pixels {
        var (p0, o0) = next(), (p1, o1) = next(), (p2, o2) = next()
        var (p3, o3) = next(), (p4, o4) = next(), (p5, o5) = next()
        var (s0, s1, s2, s3, s4, s5) = (first, first, first, first, first, first)
        if adds {
          s0.load(o0, apart: outputApart, count: count)
          s1.load(o1, apart: outputApart, count: count)
          s2.load(o2, apart: outputApart, count: count)
          s3.load(o3, apart: outputApart, count: count)
          s4.load(o4, apart: outputApart, count: count)
          s5.load(o5, apart: outputApart, count: count)
        }
        var w = weights
        for _ in 0..<plan.kernelRows {
          var start = 0
          for _ in 0..<plan.runs {
            for i in start..<start + plan.length {
              let weight = Vector(w, apart: 0)
              s0.add(weight, times: p0 + i, apart: apart)
              s1.add(weight, times: p1 + i, apart: apart)
              s2.add(weight, times: p2 + i, apart: apart)
              s3.add(weight, times: p3 + i, apart: apart)
              s4.add(weight, times: p4 + i, apart: apart)
              s5.add(weight, times: p5 + i, apart: apart)
              w += Vector.channels
            }
            start += plan.runStep
          }
          (p0, p1, p2) = (p0 + plan.rowStep, p1 + plan.rowStep, p2 + plan.rowStep)
          (p3, p4, p5) = (p3 + plan.rowStep, p4 + plan.rowStep, p5 + plan.rowStep)
        }
        s0.store(to: o0, apart: outputApart, count: count, rectifies: rectifies)
        s1.store(to: o1, apart: outputApart, count: count, rectifies: rectifies)
        s2.store(to: o2, apart: outputApart, count: count, rectifies: rectifies)
        s3.store(to: o3, apart: outputApart, count: count, rectifies: rectifies)
        s4.store(to: o4, apart: outputApart, count: count, rectifies: rectifies)
        s5.store(to: o5, apart: outputApart, count: count, rectifies: rectifies)
      }
    }
  }
}
