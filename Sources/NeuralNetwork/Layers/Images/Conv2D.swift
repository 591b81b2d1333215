public import NumericCore
public import Settings

/// Convolution of images [H, W, in] to [H′, W′, filters] (cross-correlation, as in PyTorch).
public struct Conv2D: LayerDescription {
  /// Channels of the output; it has to be given.
  public var filters: Int?
  public var kernel: Extents
  public var stride: Extents
  public var padding: Padding
  public var dilation: Extents
  /// A divisor of the channels of input and output.
  public var groups: Int
  public var bias: Bool
  /// Of the weight; nil for that of the run.
  public var initializer: InitializationScheme?

  public init(
    _ filters: Int?, kernel: Extents = 3, stride: Extents = 1, padding: Padding = 0, dilation: Extents = 1,
    groups: Int = 1, bias: Bool = true, initializer: InitializationScheme? = nil
  ) {
    (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
    (self.dilation, self.groups, self.bias, self.initializer) = (dilation, groups, bias, initializer)
  }
  public init() { self.init(nil) }

  public static let name = "conv2d"
  public static let summary = "convolution of images"
  public static let shorthand: String? = "filters"
  public static let settings: [Setting<Conv2D>] = [
    Setting("filters", \.filters, .atLeast(1), "channels of the output"),
    Setting("groups", \.groups, .atLeast(1), "of channels that do not see each other"),
    Setting("bias", \.bias, "whether it adds one"),
    Setting("initializer", \.initializer, "of the weight; else that of the run"),
    Setting("kernel", \.kernel, .atLeast(1), "size"),
    Setting("stride", \.stride, .atLeast(1), "pixels from place to place"),
    Setting("padding", \.padding, "zeros on either side"),
    Setting("dilation", \.dilation, .atLeast(1), "pixels from element to element of the kernel"),
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .images }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requireImages()
    let filters = try model.checked(filters: filters, groups: groups, inputChannels: model.shape[2], kernel: kernel)
    let padding = try padding.extents(kernel: kernel, dilation: dilation)
    try model.requireFit(kernel, padding: padding, dilation: dilation)
    model.apply(
      Conv2DLayer(
        inputShape: model.shape, filters: filters, kernel: kernel, stride: stride, padding: padding,
        dilation: dilation, groups: groups, hasBias: bias,
        initializer: (initializer ?? model.initializer).initializer),
      named: name)
  }
}

extension ModelAssembly {
  /// The number of filters of any convolution, which has to be given, and which `groups` has to divide.
  func checked(filters: Int?, groups: Int, inputChannels: Int, kernel: Extents) throws(LayerError) -> Int {
    guard let filters else {
      throw .setting("filters", "expected the number of filters, the channels of the output")
    }
    guard inputChannels % groups == 0, filters % groups == 0 else {
      throw .setting(
        "groups",
        "expected a divisor of the \(inputChannels) input channels and the \(filters) filters, found \(groups)")
    }
    try requireSize("weights", of: [filters, inputChannels, kernel.height, kernel.width])
    return filters
  }
}

/// Two-dimensional convolution (cross-correlation) of an image with learned filters; LeCun et al. 1989.
///
/// y[i, j, o] = bias[o] + Σ weight[o, c, a, b] · x[i·s + a·d − p, j·s + b·d − p, c], zero outside of the image. In
/// groups, the filters of a group see that group's channels alone; as many groups as channels is the depthwise
/// convolution.
///
/// - Shapes: `input` [N, H, W, C], `output` [N, H′, W′, filters], `weight` [filters, C / groups, kernel height, kernel
///   width] and `bias` [filters], which are those of PyTorch's `Conv2d`. H′ and W′ as `SlidingWindow` says.
public struct Conv2DLayer<S: Scalar>: RectifyingLayer {
  public let inputShape: Shape
  public let outputShape: Shape
  public let parameters: [ParameterSpecification]
  let convolution: Convolution
  private let hasBias: Bool

  /// - Parameters:
  ///   - inputShape: [H, W, C].
  ///   - filters: channels of the output.
  ///   - initializer: of the weight, from its fan-in C / groups · kernel and fan-out filters · kernel; the bias starts
  ///     at zero.
  /// - Precondition: the kernel fits into the padded image, and `groups` divides C and `filters`.
  public init(
    inputShape: Shape, filters: Int, kernel: Extents, stride: Extents = 1, padding: Extents = 0, dilation: Extents = 1,
    groups: Int = 1, hasBias: Bool = true,
    initializer: (_ fanIn: Int, _ fanOut: Int) -> Initializer = { fanIn, _ in .kaimingUniform(fanIn: fanIn) }
  ) {
    precondition(inputShape.rank == 3, "Conv2D takes images [H, W, C], not \(inputShape)")
    let window = SlidingWindow(
      input: Extents(height: inputShape[0], width: inputShape[1]), kernel: kernel, stride: stride, padding: padding,
      dilation: dilation)
    self.init(
      inputShape: inputShape, outputShape: [window.output.height, window.output.width, filters],
      weightShape: [filters, inputShape[2] / groups, kernel.height, kernel.width],
      Convolution(window: window, inputChannels: inputShape[2], outputChannels: filters, groups: groups), hasBias,
      initializer)
  }

  /// For `Conv1D`, whose shapes lack the axis of height 1.
  init(
    inputShape: Shape, outputShape: Shape, weightShape: Shape, _ convolution: Convolution, _ hasBias: Bool,
    _ initializer: (_ fanIn: Int, _ fanOut: Int) -> Initializer
  ) {
    self.inputShape = inputShape
    self.outputShape = outputShape
    self.convolution = convolution
    self.hasBias = hasBias
    let kernel = convolution.geometry.kernel.product
    let filters = convolution.outputChannels
    let weight = ParameterSpecification(
      "weight", shape: weightShape,
      initializer: initializer(convolution.inputChannels / convolution.groups * kernel, filters * kernel))
    let bias = ParameterSpecification("bias", shape: [filters], initializer: .zeros)
    parameters = hasBias ? [weight, bias] : [weight]
  }

  public var inputShapes: [Shape] { [inputShape] }
  public func scratchCount(samples: Int) -> Int { convolution.scratchCount }
  public var canAddInputGradient: Bool { true }

  public func forward(_ pass: LayerPass<S>) {
    convolution.apply(
      pass.input(), weight: pass.parameter(0), bias: hasBias ? pass.parameter(1) : nil, rectifies: pass.rectifies,
      into: pass.output, scratch: pass.scratch)
  }

  public func backward(_ pass: LayerPass<S>) {
    pass.rectifyOutputGradient()
    if let weightGradient = pass.parameterGradient(0) {
      convolution.addWeightGradient(
        input: pass.input(), outputGradient: pass.outputGradient, to: weightGradient, scratch: pass.scratch)
    }
    if hasBias, let biasGradient = pass.parameterGradient(1) {
      addColumnSums(of: pass.outputGradient, to: biasGradient)
    }
    pass.gradientsAreFinal()
    if let inputGradient = pass.inputGradient() {
      convolution.applyTransposed(
        pass.outputGradient, weight: pass.parameter(0), adding: pass.addsInputGradient, into: inputGradient,
        scratch: pass.scratch)
    }
  }
}
