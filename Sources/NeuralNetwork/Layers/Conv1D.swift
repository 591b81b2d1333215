public import NumericCore

/// Convolution along a sequence: `Conv2D` of an image of height 1.
///
/// - Shapes: `input` [N, T, C], `output` [N, T′, filters], `weight` [filters, C / groups, kernel] and `bias` [filters], which are
///   those of PyTorch's `Conv1d`, whose activations are [N, C, T].
public struct Conv1D<S: Scalar>: Layer {
  private let images: Conv2D<S>

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
    images = Conv2D(
      inputShape: inputShape, outputShape: [window.output.width, filters],
      weightShape: [filters, inputShape[1] / groups, kernel],
      Convolution(window: window, inputChannels: inputShape[1], outputChannels: filters, groups: groups), hasBias,
      initializer)
  }

  public var inputShapes: [Shape] { images.inputShapes }
  public var outputShape: Shape { images.outputShape }
  public var parameters: [ParameterSpecification] { images.parameters }
  public func scratchCount(samples: Int) -> Int { images.scratchCount(samples: samples) }
  public func forward(_ pass: LayerPass<S>) { images.forward(pass) }
  public func backward(_ pass: LayerPass<S>) { images.backward(pass) }
}
