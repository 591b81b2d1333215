public import NumericCore
public import Settings

/// Transposed convolution of images [H, W, in] to larger ones [H′, W′, filters].
public struct ConvTranspose2D: LayerDescription {
  /// Channels of the output; it has to be given.
  public var filters: Int?
  public var kernel: Extents
  public var stride: Extents
  public var padding: Extents
  /// Rows and columns added at the end of the output, fewer than the stride.
  public var outputPadding: Extents
  public var dilation: Extents
  /// A divisor of the channels of input and output.
  public var groups: Int
  public var bias: Bool
  /// Of the weight; nil for that of the run.
  public var initializer: InitializationScheme?

  public init(
    _ filters: Int?, kernel: Extents = 3, stride: Extents = 1, padding: Extents = 0, outputPadding: Extents = 0,
    dilation: Extents = 1, groups: Int = 1, bias: Bool = true, initializer: InitializationScheme? = nil
  ) {
    (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
    (self.outputPadding, self.dilation, self.groups) = (outputPadding, dilation, groups)
    (self.bias, self.initializer) = (bias, initializer)
  }
  public init() { self.init(nil) }

  public static let name = "conv_transpose2d"
  public static let summary = "transposed convolution, to larger images"
  public static let shorthand: String? = "filters"
  public static let settings: [Setting<ConvTranspose2D>] = [
    Setting("filters", \.filters, .atLeast(1), "channels of the output"),
    Setting("groups", \.groups, .atLeast(1), "of channels that do not see each other"),
    Setting("bias", \.bias, "whether it adds one"),
    Setting("initializer", \.initializer, "of the weight; else that of the run"),
    Setting("kernel", \.kernel, .atLeast(1), "size"),
    Setting("stride", \.stride, .atLeast(1), "pixels of the output from place to place"),
    Setting("padding", \.padding, .atLeast(0), "pixels cut off on either side of the output"),
    Setting("output_padding", \.outputPadding, .atLeast(0), "pixels added at its end"),
    Setting("dilation", \.dilation, .atLeast(1), "pixels from element to element of the kernel"),
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .images }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requireImages()
    let filters = try model.checked(filters: filters, groups: groups, inputChannels: model.shape[2], kernel: kernel)
    guard outputPadding.height < stride.height, outputPadding.width < stride.width else {
      throw .setting("output_padding", "expected less than the stride, \(stride)")
    }
    let output = ConvTranspose2DLayer<S>.outputExtents(
      Extents(height: model.shape[0], width: model.shape[1]), kernel: kernel, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation)
    guard output.height > 0, output.width > 0 else {
      throw .setting("padding", "leaves nothing of the output; expected less than \(padding)")
    }
    model.apply(
      ConvTranspose2DLayer(
        inputShape: model.shape, filters: filters, kernel: kernel, stride: stride, padding: padding,
        outputPadding: outputPadding, dilation: dilation, groups: groups, hasBias: bias,
        initializer: (initializer ?? model.initializer).initializer),
      named: name)
  }
}

/// Transposed convolution, the map whose matrix is the transpose of a convolution's; it enlarges images (Zeiler et al.
/// 2010).
///
/// y[u, v, o] = bias[o] + Σ weight[c, o, a, b] · x[i, j, c] over all i, j, a, b with i·s + a·d − p = u and j·s + b·d −
/// p = v.
///
/// - Shapes: `input` [N, H, W, C], `output` [N, H′, W′, filters] with H′ = (H − 1)·s − 2p + d·(kernel − 1) + extra + 1,
///   `weight` [C, filters / groups, kernel height, kernel width] and `bias` [filters], which are those of PyTorch's
///   `ConvTranspose2d`.
public struct ConvTranspose2DLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  /// The convolution that leads from the output back to the input.
  let convolution: Convolution
  private let hasBias: Bool

  /// - Parameters:
  ///   - inputShape: [H, W, C].
  ///   - outputPadding: rows and columns to add at the end of the output, less than the stride or the dilation: several
  ///     sizes of output lead back to one size of input. PyTorch's `output_padding`.
  ///   - initializer: of the weight, from PyTorch's fan-in filters / groups · kernel and fan-out C · kernel.
  /// - Precondition: the output has at least one pixel, and `groups` divides C and `filters`.
  public init(
    inputShape: Shape, filters: Int, kernel: Extents, stride: Extents = 1, padding: Extents = 0,
    outputPadding: Extents = 0, dilation: Extents = 1, groups: Int = 1, hasBias: Bool = true,
    initializer: (_ fanIn: Int, _ fanOut: Int) -> Initializer = { fanIn, _ in .kaimingUniform(fanIn: fanIn) }
  ) {
    precondition(inputShape.rank == 3, "ConvTranspose2D takes images [H, W, C], not \(inputShape)")
    let output = Self.outputExtents(
      Extents(height: inputShape[0], width: inputShape[1]), kernel: kernel, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation)
    let window = SlidingWindow(input: output, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    precondition(
      window.output == Extents(height: inputShape[0], width: inputShape[1]),
      "an output padding of \(outputPadding) is not below the stride \(stride)")
    self.inputShape = inputShape
    self.hasBias = hasBias
    outputShape = [output.height, output.width, filters]
    convolution = Convolution(window: window, inputChannels: filters, outputChannels: inputShape[2], groups: groups)
    let weight = ParameterSpecification(
      "weight", shape: convolution.weightShape,
      initializer: initializer(filters / groups * kernel.product, inputShape[2] * kernel.product))
    let bias = ParameterSpecification("bias", shape: [filters], initializer: .zeros)
    parameters = hasBias ? [weight, bias] : [weight]
  }

  /// (input − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1; not positive where the padding eats
  /// all.
  public static func outputExtents(
    _ input: Extents, kernel: Extents, stride: Extents, padding: Extents, outputPadding: Extents = 0,
    dilation: Extents = 1
  ) -> Extents {
    func size(_ axis: KeyPath<Extents, Int>) -> Int {
      (input[keyPath: axis] - 1) * stride[keyPath: axis] - 2 * padding[keyPath: axis]
        + dilation[keyPath: axis] * (kernel[keyPath: axis] - 1) + outputPadding[keyPath: axis] + 1
    }
    return Extents(height: size(\.height), width: size(\.width))
  }

  public var inputShapes: [Shape] { [inputShape] }
  public func scratchCount(samples: Int) -> Int { convolution.scratchCount }

  public func forward(_ pass: LayerPass<S>) {
    convolution.applyTransposed(pass.input(), weight: pass.parameter(0), into: pass.output, scratch: pass.scratch)
    if hasBias { addRow(pass.parameter(1), toRowsOf: pass.output) }
  }

  public func backward(_ pass: LayerPass<S>) {
    if let weightGradient = pass.parameterGradient(0) {
      convolution.addWeightGradient(
        input: pass.outputGradient, outputGradient: pass.input(), to: weightGradient, scratch: pass.scratch)
    }
    if hasBias, let biasGradient = pass.parameterGradient(1) {
      addColumnSums(of: pass.outputGradient, to: biasGradient)
    }
    if let inputGradient = pass.inputGradient() {
      convolution.apply(
        pass.outputGradient, weight: pass.parameter(0), bias: nil, into: inputGradient, scratch: pass.scratch)
    }
  }
}
