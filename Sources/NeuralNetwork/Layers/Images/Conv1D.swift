public import NumericCore
public import Settings

/// Convolution of sequences [T, in] to [T′, filters].
public struct Conv1D: LayerDescription {
  /// Features of a step of the output; it has to be given.
  public var filters: Int?
  public var kernel: Int
  public var stride: Int
  public var padding: Padding
  public var dilation: Int
  /// A divisor of the features of input and output.
  public var groups: Int
  public var bias: Bool
  /// Of the weight; nil for that of the run.
  public var initializer: InitializationScheme?

  public init(
    _ filters: Int?, kernel: Int = 3, stride: Int = 1, padding: Padding = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true, initializer: InitializationScheme? = nil
  ) {
    (self.filters, self.kernel, self.stride, self.padding) = (filters, kernel, stride, padding)
    (self.dilation, self.groups, self.bias, self.initializer) = (dilation, groups, bias, initializer)
  }
  public init() { self.init(nil) }

  public static let name = "conv1d"
  public static let summary = "convolution along sequences"
  public static let shorthand: String? = "filters"
  public static let settings: [Setting<Conv1D>] = [
    Setting("filters", \.filters, .atLeast(1), "features of a step of the output"),
    Setting("groups", \.groups, .atLeast(1), "of features that do not see each other"),
    Setting("bias", \.bias, "whether it adds one"),
    Setting("initializer", \.initializer, "of the weight; else that of the run"),
    Setting("kernel", \.kernel, .atLeast(1), "steps that an output sees"),
    Setting("stride", \.stride, .atLeast(1), "steps from place to place"),
    Setting("padding", \.padding, "zeros on either side"),
    Setting("dilation", \.dilation, .atLeast(1), "steps from element to element of the kernel"),
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .sequences }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard model.shape.rank == 2 else { throw model.mismatch("sequences (T × C)") }
    let filters = try model.checked(
      filters: filters, groups: groups, inputChannels: model.shape[1], kernel: Extents(height: 1, width: kernel))
    let padding = try padding.extents(
      kernel: Extents(height: 1, width: kernel), dilation: Extents(height: 1, width: dilation)
    ).width
    let reach = dilation * (kernel - 1)
    guard model.shape[0] + 2 * padding > reach else {
      throw model.mismatch("sequences of at least \(reach + 1 - 2 * padding) steps for this kernel")
    }
    model.apply(
      Conv1DLayer(
        inputShape: model.shape, filters: filters, kernel: kernel, stride: stride, padding: padding,
        dilation: dilation, groups: groups, hasBias: bias,
        initializer: (initializer ?? model.initializer).initializer),
      named: name)
  }
}

/// Convolution along a sequence: `Conv2D` of an image of height 1.
///
/// - Shapes: `input` [N, T, C], `output` [N, T′, filters], `weight` [filters, C / groups, kernel] and `bias` [filters],
///   which are those of PyTorch's `Conv1d`, whose activations are [N, C, T].
public struct Conv1DLayer<S: Scalar>: RectifyingLayer {
  let images: Conv2DLayer<S>

  /// - Parameters:
  ///   - inputShape: [T, C].
  ///   - filters: channels of the output.
  ///   - initializer: as in `Conv2D`.
  public init(
    inputShape: Shape, filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    hasBias: Bool = true,
    initializer: (_ fanIn: Int, _ fanOut: Int) -> Initializer = { fanIn, _ in .kaimingUniform(fanIn: fanIn) }
  ) {
    precondition(inputShape.rank == 2, "Conv1D takes sequences [T, C], not \(inputShape)")
    let window = SlidingWindow(
      input: Extents(height: 1, width: inputShape[0]), kernel: Extents(height: 1, width: kernel),
      stride: Extents(height: 1, width: stride), padding: Extents(height: 0, width: padding),
      dilation: Extents(height: 1, width: dilation))
    images = Conv2DLayer(
      inputShape: inputShape, outputShape: [window.output.width, filters],
      weightShape: [filters, inputShape[1] / groups, kernel],
      Convolution(window: window, inputChannels: inputShape[1], outputChannels: filters, groups: groups), hasBias,
      initializer)
  }

  public var inputShapes: [Shape] { images.inputShapes }
  public var outputShape: Shape { images.outputShape }
  public var parameters: [ParameterSpecification] { images.parameters }
  public func scratchCount(samples: Int) -> Int { images.scratchCount(samples: samples) }
  public var canAddInputGradient: Bool { images.canAddInputGradient }
  public func forward(_ pass: LayerPass<S>) { images.forward(pass) }
  public func backward(_ pass: LayerPass<S>) { images.backward(pass) }
}
