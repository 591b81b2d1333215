/// Two-dimensional cross-correlation of channels-last images, and its two derivatives.
///
/// y[n, i, j, o] = Σ w[o, c, a, b] · x[n, i·s + a·d − p, j·s + b·d − p, c], with zeros outside of the image; in groups,
/// output channels of group g see the input channels of group g alone.
///
/// - Shapes: x [N, H, W, C], y [N, H′, W′, O], w [O, C / groups, kernel height, kernel width], all row-major; N from
///   the counts.
/// - There are three implementations: Winograd's (`Float`, one group, 3×3 at stride 1, channels in whole vectors), the
///   direct kernels (`Float`, one group, enough output channels) and, for everything else, `im2col` with a matrix
///   product per sample and group. The choice, and so the bits, depend on the shapes alone.
public struct Convolution: Sendable, Equatable {
  public let geometry: SlidingWindow
  public let inputChannels: Int
  public let outputChannels: Int
  public let groups: Int

  /// - Precondition: `groups` divides both numbers of channels.
  public init(window geometry: SlidingWindow, inputChannels: Int, outputChannels: Int, groups: Int = 1) {
    precondition(
      groups > 0 && inputChannels > 0 && outputChannels > 0 && inputChannels % groups == 0
        && outputChannels % groups == 0,
      "\(groups) groups of \(inputChannels) input and \(outputChannels) output channels")
    self.geometry = geometry
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
  }

  /// Elements of one sample of x.
  public var inputCount: Int { geometry.input.product * inputChannels }
  /// Elements of one sample of y.
  public var outputCount: Int { geometry.output.product * outputChannels }
  /// Elements of w.
  public var weightCount: Int { outputChannels * depth }
  /// [O, C / groups, kernel height, kernel width].
  public var weightShape: Shape {
    [outputChannels, inputChannels / groups, geometry.kernel.height, geometry.kernel.width]
  }

  /// The number of products in the sum for one output element.
  var depth: Int { geometry.kernel.product * (inputChannels / groups) }

  /// Elements of working memory that each of the three operations needs, whatever the number of samples.
  public var scratchCount: Int {
    let general = weightCount + geometry.output.product * depth + (narrowProduct?.scratchCount ?? 0)
    return [
      general, DirectConvolution(self)?.scratchCount, DirectConvolution(inputGradientOf: self)?.scratchCount,
      WinogradConvolution(self)?.scratchCount, WinogradConvolution(inputGradientOf: self)?.scratchCount,
    ].compactMap { $0 }.max() ?? 0
  }

  /// `output = input ∗ weight + bias`, and the ReLU of it where `rectifies`.
  ///
  /// - Parameters:
  ///   - bias: [O], or nil for none.
  ///   - scratch: at least `scratchCount` elements; overwritten.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func apply<S: Scalar>(
    _ input: BufferView<S>, weight: BufferView<S>, bias: BufferView<S>?, rectifies: Bool = false,
    into output: BufferView<S>, scratch: BufferView<S>
  ) {
    check(input, weight, output)
    if let input = input as? BufferView<Float>, let weight = weight as? BufferView<Float>,
      let output = output as? BufferView<Float>, let scratch = scratch as? BufferView<Float>
    {
      let initial = DirectConvolution.Initial.bias(bias as? BufferView<Float>)
      if let winograd = WinogradConvolution(self) {
        winograd.apply(input, weight: weight, initial: initial, rectifies: rectifies, into: output, scratch: scratch)
        return
      }
      if let direct = DirectConvolution(self) {
        let packed = direct.pack(weight, into: scratch)
        direct.apply(
          input, packedWeight: packed, initial: initial, rectifies: rectifies, into: output, scratch: scratch)
        return
      }
    }
    let (packed, columns) = generalScratch(scratch)
    packTaps(weight, channels: inputChannels / groups, taps: geometry.kernel.product, into: packed)
    for sample in 0..<input.count / inputCount {
      for group in 0..<groups {
        im2col(
          sampleOf(input, sample, inputCount), geometry, channels: inputChannels, range: channels(ofGroup: group),
          into: columns)
        multiply(
          Matrix(columns, rows: geometry.output.product, columns: depth), weightRows(packed, group).transposed,
          into: outputMatrix(output, sample, group))
      }
    }
    if let bias { addRow(bias, toRowsOf: output) }
    if rectifies { rectify(output, into: output) }
  }

  /// `inputGradient = ∂loss/∂x` from `outputGradient = ∂loss/∂y`; also the forward pass of a transposed convolution.
  ///
  /// - Parameter adds: whether to add it to what stands there.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func applyTransposed<S: Scalar>(
    _ outputGradient: BufferView<S>, weight: BufferView<S>, adding adds: Bool = false,
    into inputGradient: BufferView<S>, scratch: BufferView<S>
  ) {
    check(inputGradient, weight, outputGradient)
    if let outputGradient = outputGradient as? BufferView<Float>, let weight = weight as? BufferView<Float>,
      let inputGradient = inputGradient as? BufferView<Float>, let scratch = scratch as? BufferView<Float>
    {
      let initial = adds ? DirectConvolution.Initial.output : .bias(nil)
      if let winograd = WinogradConvolution(inputGradientOf: self) {
        winograd.apply(outputGradient, weight: weight, initial: initial, into: inputGradient, scratch: scratch)
        return
      }
      if let direct = DirectConvolution(inputGradientOf: self) {
        let packed = direct.pack(weight, into: scratch)
        direct.apply(outputGradient, packedWeight: packed, initial: initial, into: inputGradient, scratch: scratch)
        return
      }
    }
    let (packed, columns) = generalScratch(scratch)
    let isNarrow = inputChannels / groups < DirectConvolution.leastOutputChannels
    if !isNarrow { packTaps(weight, channels: inputChannels / groups, taps: geometry.kernel.product, into: packed) }
    if !adds { inputGradient.zero() }
    for sample in 0..<inputGradient.count / inputCount {
      let image = sampleOf(inputGradient, sample, inputCount)
      for group in 0..<groups {
        if isNarrow {
          multiplyNarrow(weight, outputGradient, sample: sample, group: group, into: columns, scratch: scratch)
          addRow2im(columns, geometry, channels: inputChannels, range: channels(ofGroup: group), to: image)
        } else {
          multiply(
            outputMatrix(outputGradient, sample, group), weightRows(packed, group),
            into: Matrix(columns, rows: geometry.output.product, columns: depth))
          addCol2im(columns, geometry, channels: inputChannels, range: channels(ofGroup: group), to: image)
        }
      }
    }
  }

  /// `weightGradient += ∂loss/∂w`, summed over the samples.
  @specialized(where S == Float)
  @specialized(where S == Double)
  public func addWeightGradient<S: Scalar>(
    input: BufferView<S>, outputGradient: BufferView<S>, to weightGradient: BufferView<S>, scratch: BufferView<S>
  ) {
    check(input, weightGradient, outputGradient)
    if let input = input as? BufferView<Float>, let outputGradient = outputGradient as? BufferView<Float>,
      let weightGradient = weightGradient as? BufferView<Float>, let scratch = scratch as? BufferView<Float>
    {
      if let winograd = WinogradConvolution(self) {
        winograd.addWeightGradient(
          input: input, outputGradient: outputGradient, to: weightGradient, scratch: scratch)
        return
      }
      if let direct = DirectConvolution(self) {
        direct.addWeightGradient(input: input, outputGradient: outputGradient, to: weightGradient, scratch: scratch)
        return
      }
    }
    let (packed, columns) = generalScratch(scratch)
    packed.update(repeating: 0)
    for sample in 0..<input.count / inputCount {
      for group in 0..<groups {
        im2col(
          sampleOf(input, sample, inputCount), geometry, channels: inputChannels, range: channels(ofGroup: group),
          into: columns)
        multiply(
          outputMatrix(outputGradient, sample, group).transposed,
          Matrix(columns, rows: geometry.output.product, columns: depth), into: weightRows(packed, group), adding: true)
      }
    }
    addUnpackedTaps(packed, channels: inputChannels / groups, taps: geometry.kernel.product, to: weightGradient)
  }

  // MARK: Parts

  /// The kernel for the rows [depth, H′·W′] of a sample's input gradient; nil where the sizes do not suit it.
  private var narrowProduct: NarrowProduct? {
    guard groups == 1, inputChannels < DirectConvolution.leastOutputChannels else { return nil }
    return NarrowProduct(depth: depth, channels: outputChannels, pixels: geometry.output.product)
  }

  @specialized(where S == Float)
  @specialized(where S == Double)
  private func multiplyNarrow<S: Scalar>(
    _ weight: BufferView<S>, _ outputGradient: BufferView<S>, sample: Int, group: Int, into rows: BufferView<S>,
    scratch: BufferView<S>
  ) {
    if let narrowProduct, let weight = weight as? BufferView<Float>,
      let gradient = sampleOf(outputGradient, sample, outputCount) as? BufferView<Float>,
      let rows = rows as? BufferView<Float>, let scratch = scratch as? BufferView<Float>
    {
      let own = scratch.view(weightCount + rows.count..<scratch.count)
      return narrowProduct.multiply(weight: weight, gradient: gradient, into: rows, scratch: own)
    }
    multiply(
      weightRows(weight, group).transposed, outputMatrix(outputGradient, sample, group).transposed,
      into: Matrix(rows, rows: depth, columns: geometry.output.product))
  }

  private func check<S: Scalar>(_ input: BufferView<S>, _ weight: BufferView<S>, _ output: BufferView<S>) {
    precondition(
      input.count % inputCount == 0 && output.count == input.count / inputCount * outputCount
        && weight.count == weightCount,
      "\(input.count) inputs, \(weight.count) weights and \(output.count) outputs of samples with \(inputCount), "
        + "\(weightCount) and \(outputCount)")
  }

  private func generalScratch<S: Scalar>(_ scratch: BufferView<S>) -> (packed: BufferView<S>, columns: BufferView<S>) {
    let end = weightCount + geometry.output.product * depth
    return (scratch.view(first: weightCount), scratch.view(weightCount..<end))
  }

  private func sampleOf<S: Scalar>(_ images: BufferView<S>, _ sample: Int, _ count: Int) -> BufferView<S> {
    images.view(sample * count..<(sample + 1) * count)
  }

  private func channels(ofGroup group: Int) -> Range<Int> {
    let size = inputChannels / groups
    return group * size..<(group + 1) * size
  }

  /// The weights [O / groups, depth] of a group, packed or not.
  private func weightRows<S: Scalar>(_ weights: BufferView<S>, _ group: Int) -> Matrix<S> {
    let rows = outputChannels / groups
    return Matrix(weights.view(group * rows * depth..<(group + 1) * rows * depth), rows: rows, columns: depth)
  }

  /// The channels [H′·W′, O / groups] of a group in a sample of y.
  private func outputMatrix<S: Scalar>(_ output: BufferView<S>, _ sample: Int, _ group: Int) -> Matrix<S> {
    let size = outputChannels / groups
    let start = sample * outputCount + group * size
    return Matrix(
      output.view(start..<(sample + 1) * outputCount), rows: geometry.output.product, columns: size,
      stride: outputChannels)
  }
}
