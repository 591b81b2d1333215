extension DirectConvolution {
  /// weightGradient += Σ over samples and output pixels of outputGradient · the inputs under the kernel there.
  ///
  /// An image is taken in blocks of rows, of which the inputs and sixteen channels of the gradients fit into the first
  /// cache.
  func addWeightGradient(
    input: BufferView<Float>, outputGradient: BufferView<Float>, to weightGradient: BufferView<Float>,
    scratch: BufferView<Float>
  ) {
    let packed = packed(scratch)
    packed.zero()
    if isPadded { paddedImage(scratch).zero() }
    if groupsGradient { groupedOutput(scratch).zero() }
    guard let sums = packed.baseAddress, let images = input.baseAddress, let gradients = outputGradient.baseAddress
    else { return }
    forEachPhase { rows, columns in
      let plan = Plan(self, rows, columns)
      let blocks = (plan.height * (plan.lineStep + plan.width * Self.lanes) + Self.blockCount - 1) / Self.blockCount
      let blockRows = (plan.height + blocks - 1) / blocks
      for sample in 0..<input.count / inputCount {
        let image = padded(images + sample * inputCount, scratch) + plan.inputStart
        let gradient = grouped(gradients + sample * outputCount, scratch)
        var row = 0
        while row < plan.height {
          let rows = min(blockRows, plan.height - row)
          addBlock(plan, image + row * plan.lineStep, gradient: gradient, row: row, rows: rows, to: sums)
          row += rows
        }
      }
    }
    addUnpacked(packed, to: weightGradient)
  }

  /// Elements of a block.
  private static let blockCount = 6144

  /// The gradient [group, H′, W′, channels of a group], or as it is where it need not be copied.
  private func grouped(_ gradient: UnsafeMutablePointer<Float>, _ scratch: BufferView<Float>) -> UnsafePointer<Float> {
    guard groupsGradient, var destination = groupedOutput(scratch).baseAddress else { return UnsafePointer(gradient) }
    let first = destination
    var group = 0
    while group < alignedChannels {
      let size = groupSize(group)
      let count = min(size, outputChannels - group)
      var source = gradient + group
      for _ in 0..<output.product {
        destination.update(from: source, count: count)
        destination += size
        source += outputChannels
      }
      group += size
    }
    return UnsafePointer(first)
  }

  private func addBlock(
    _ plan: Plan, _ image: UnsafePointer<Float>, gradient: UnsafePointer<Float>, row: Int, rows: Int,
    to sums: UnsafeMutablePointer<Float>
  ) {
    var group = 0
    while group < alignedChannels {
      let size = groupSize(group)
      let step = groupsGradient ? size : outputChannels
      let line = plan.width * step
      let start = groupsGradient ? group * output.product : group
      let (gradient, sums) = (gradient + start + row * line, sums + group * depth)
      if size == ChannelPair.channels {
        Self.correlate(
          plan, image, gradient, step, rows: rows, apart: 0, depth: depth, as: ChannelPair.self, to: sums)
      } else if VectorWidth.isWide {
        // The upper and the lower half of the block, then the row that is left.
        let half = rows / 2
        if half > 0 {
          Self.correlate(
            plan, image, gradient, step, rows: half, apart: half, depth: depth, as: PlacePair.self, to: sums)
        }
        if rows % 2 == 1 {
          Self.correlate(
            plan, image + (rows - 1) * plan.lineStep, gradient + (rows - 1) * line, step, rows: 1, apart: 0,
            depth: depth, as: SIMD16<Float>.self, to: sums)
        }
      } else {
        Self.correlate(
          plan, image, gradient, step, rows: rows, apart: 0, depth: depth, as: SIMD16<Float>.self, to: sums)
      }
      group += size
    }
  }

  /// sums [depth, group] += Σ over pixels of input · gradient, six inputs of a pixel at a time.
  ///
  /// - Parameters:
  ///   - step: from pixel to pixel of the gradient.
  ///   - rowsApart: from the rows that hold the first of a vector's places to those that hold the second.
  ///   - depth: the inputs of a pixel.
  @inline(__always)
  static func correlate<Vector: LaneVector>(
    _ plan: Plan, _ image: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, _ step: Int, rows: Int,
    apart rowsApart: Int, depth: Int, as vector: Vector.Type, to sums: UnsafeMutablePointer<Float>
  ) {
    let (apart, gradientApart) = (rowsApart * plan.lineStep, rowsApart * plan.width * step)
    let lineStep = plan.lineStep - plan.width * plan.pixelStep
    var (input, k, inRun, run) = (image, 0, 0, 0)
    // In the last tile, the last input stands in for those beyond it, whose sums are dropped.
    @inline(__always) func next() -> UnsafePointer<Float> {
      let pointer = input
      k += 1
      guard k < depth else { return pointer }
      input += 1
      inRun += 1
      if inRun == plan.length {
        inRun = 0
        input += plan.runStep - plan.length
        run += 1
        if run == plan.runs {
          run = 0
          input += plan.rowStep - plan.runs * plan.runStep
        }
      }
      return pointer
    }
    var place = sums
    while k < depth {
      let count = depth - k
      let (p0, p1, p2, p3, p4, p5) = (next(), next(), next(), next(), next(), next())
      var (s0, s1, s2, s3, s4, s5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
      var g = gradient
      var i = 0
      for _ in 0..<rows {
        for _ in 0..<plan.width {
          let vector = Vector(g, apart: gradientApart)
          s0.add(vector, times: p0 + i, apart: apart)
          s1.add(vector, times: p1 + i, apart: apart)
          s2.add(vector, times: p2 + i, apart: apart)
          s3.add(vector, times: p3 + i, apart: apart)
          s4.add(vector, times: p4 + i, apart: apart)
          s5.add(vector, times: p5 + i, apart: apart)
          g += step
          i += plan.pixelStep
        }
        i += lineStep
      }
      s0.add(to: place)
      if count > 1 { s1.add(to: place + Vector.channels) }
      if count > 2 { s2.add(to: place + 2 * Vector.channels) }
      if count > 3 { s3.add(to: place + 3 * Vector.channels) }
      if count > 4 { s4.add(to: place + 4 * Vector.channels) }
      if count > 5 { s5.add(to: place + 5 * Vector.channels) }
      place += 6 * Vector.channels
    }
  }
}
