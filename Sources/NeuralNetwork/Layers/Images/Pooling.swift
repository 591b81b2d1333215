public import NumericCore
public import Settings

/// The greatest value of each window in each channel.
public struct MaxPool2D: LayerDescription {
  public var size: Extents
  /// nil for `size`: windows that touch.
  public var stride: Extents?
  /// At most half of `size`.
  public var padding: Extents

  public init(_ size: Extents = 2, stride: Extents? = nil, padding: Extents = 0) {
    (self.size, self.stride, self.padding) = (size, stride, padding)
  }
  public init() { self.init(stride: nil) }

  public static let name = "max_pool2d"
  public static let summary = "greatest value of each window of an image"
  public static let shorthand: String? = "size"
  public static let settings: [Setting<MaxPool2D>] = [
    Setting("size", \.size, .atLeast(1), "of the window"),
    Setting("stride", \.stride, .atLeast(1), "pixels from window to window; else the size"),
    Setting("padding", \.padding, .atLeast(0), "border on either side, at most half of the size"),
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .images }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requirePooling(size, padding: padding)
    model.apply(
      MaxPool2DLayer(inputShape: model.shape, size: size, stride: stride, padding: padding), named: name)
  }
}

/// The mean of each window in each channel.
public struct AveragePool2D: LayerDescription {
  public var size: Extents
  /// nil for `size`: windows that touch.
  public var stride: Extents?
  /// At most half of `size`.
  public var padding: Extents
  /// Whether the zeros of the padding count.
  public var countPadding: Bool

  public init(_ size: Extents = 2, stride: Extents? = nil, padding: Extents = 0, countPadding: Bool = true) {
    (self.size, self.stride, self.padding, self.countPadding) = (size, stride, padding, countPadding)
  }
  public init() { self.init(stride: nil) }

  public static let name = "average_pool2d"
  public static let summary = "mean of each window of an image"
  public static let shorthand: String? = "size"
  public static let settings: [Setting<AveragePool2D>] = [
    Setting("size", \.size, .atLeast(1), "of the window"),
    Setting("stride", \.stride, .atLeast(1), "pixels from window to window; else the size"),
    Setting("padding", \.padding, .atLeast(0), "border on either side, at most half of the size"),
    Setting("count_padding", \.countPadding, "whether zeros of the border count"),
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .images }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requirePooling(size, padding: padding)
    model.apply(
      AveragePool2DLayer(
        inputShape: model.shape, size: size, stride: stride, padding: padding, countsPadding: countPadding),
      named: name)
  }
}

extension ModelAssembly {
  /// Images that the windows of a pooling fit into.
  fileprivate func requirePooling(_ size: Extents, padding: Extents) throws(LayerError) {
    try requireImages()
    guard 2 * padding.height <= size.height, 2 * padding.width <= size.width else {
      throw .setting("padding", "expected at most half of the size \(size), found \(padding)")
    }
    try requireFit(size, padding: padding)
  }
}

/// The mean of each channel: [H, W, C] or [T, C] to [C].
public struct GlobalAveragePool: LayerDescription {
  public init() {}

  public static let name = "global_average_pool"
  public static let summary = "mean of each channel over the whole image or sequence"
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .images }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard model.shape.rank >= 2 else { throw model.mismatch("images (H × W × C) or sequences (T × C)") }
    model.applyWithLengths(
      GlobalAveragePoolLayer(inputShape: model.shape, hasLengths: model.lengths != nil), named: name)
  }
}

/// Repeats each pixel `scale` times along both axes.
public struct Upsample: LayerDescription {
  public var scale: Extents = 2

  public init() {}
  public init(_ scale: Extents) { self.scale = scale }

  public static let name = "upsample"
  public static let summary = "repeats each pixel along both axes"
  public static let shorthand: String? = "scale"
  public static let settings: [Setting<Upsample>] = [
    Setting("scale", \.scale, .atLeast(1), "how often")
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .images }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requireImages()
    model.apply(UpsampleLayer(inputShape: model.shape, scale: scale), named: name)
  }
}

/// The greatest value of each channel under a sliding window; padding never wins. PyTorch's `MaxPool2d`.
///
/// - Shapes: `input` [N, H, W, C], `output` [N, H′, W′, C] with H′ and W′ as `SlidingWindow` says.
public struct MaxPool2DLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  public let outputShape: Shape
  let window: SlidingWindow

  /// - Parameters:
  ///   - inputShape: [H, W, C].
  ///   - stride: nil for `size`, windows that touch.
  /// - Precondition: the window fits, and `padding` is at most half of it, so that every window sees a pixel.
  public init(inputShape: Shape, size: Extents, stride: Extents? = nil, padding: Extents = 0) {
    window = SlidingWindow(pooling: inputShape, size: size, stride: stride, padding: padding)
    self.inputShape = inputShape
    outputShape = [window.output.height, window.output.width, inputShape[2]]
  }

  public var inputShapes: [Shape] { [inputShape] }
  public func savedCount(samples: Int) -> Int { outputShape.elementCount * samples }

  public func forward(_ pass: LayerPass<S>) {
    maxPool(pass.input(), window, channels: inputShape[2], winners: pass.saved, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    maxPoolBackward(
      outputGradient: pass.outputGradient, winners: pass.saved, window, channels: inputShape[2],
      inputGradient: inputGradient)
  }
}

/// The mean of each channel under a sliding window. PyTorch's `AvgPool2d`.
///
/// - Shapes: `input` [N, H, W, C], `output` [N, H′, W′, C] with H′ and W′ as `SlidingWindow` says.
public struct AveragePool2DLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  public let outputShape: Shape
  /// Whether the zeros of the padding count as values; PyTorch's `count_include_pad`.
  public let countsPadding: Bool
  let window: SlidingWindow

  /// - Parameters: as for `MaxPool2D`.
  public init(
    inputShape: Shape, size: Extents, stride: Extents? = nil, padding: Extents = 0, countsPadding: Bool = true
  ) {
    window = SlidingWindow(pooling: inputShape, size: size, stride: stride, padding: padding)
    self.inputShape = inputShape
    self.countsPadding = countsPadding
    outputShape = [window.output.height, window.output.width, inputShape[2]]
  }

  public var inputShapes: [Shape] { [inputShape] }

  public func forward(_ pass: LayerPass<S>) {
    averagePool(pass.input(), window, channels: inputShape[2], countsPadding: countsPadding, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    averagePoolBackward(
      outputGradient: pass.outputGradient, window, channels: inputShape[2], countsPadding: countsPadding,
      inputGradient: inputGradient)
  }
}

extension SlidingWindow {
  fileprivate init(pooling shape: Shape, size: Extents, stride: Extents?, padding: Extents) {
    precondition(shape.rank == 3, "pooling takes images [H, W, C], not \(shape)")
    precondition(
      2 * padding.height <= size.height && 2 * padding.width <= size.width,
      "a padding of \(padding) is more than half of the window \(size)")
    self.init(
      input: Extents(height: shape[0], width: shape[1]), kernel: size, stride: stride ?? size, padding: padding)
  }
}

/// The mean of each channel over the whole image (Lin et al. 2014), or of each feature over the steps of a sequence
/// that are no padding.
///
/// - Shapes: `input` [N, H, W, C] or [N, T, C], and the lengths of sequences [N] where they have any; `output` [N, C].
public struct GlobalAveragePoolLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  /// Whether a second input says how many steps of each sequence are no padding, as `SequenceLengthsLayer` gives it.
  public let hasLengths: Bool
  private let window: SlidingWindow

  public init(inputShape: Shape, hasLengths: Bool = false) {
    precondition(
      inputShape.rank >= 2, "GlobalAveragePool takes images [H, W, C] or sequences [T, C], not \(inputShape)")
    precondition(!hasLengths || inputShape.rank == 2, "the lengths of \(inputShape)")
    self.inputShape = inputShape
    self.hasLengths = hasLengths
    let pixels = Extents(height: 1, width: inputShape.extents.dropLast().reduce(1, *))
    window = SlidingWindow(input: pixels, kernel: pixels)
  }

  public var inputShapes: [Shape] { [inputShape] + (hasLengths ? [[]] : []) }
  public var outputShape: Shape { [channels] }
  private var channels: Int { inputShape[inputShape.rank - 1] }

  public func forward(_ pass: LayerPass<S>) {
    guard hasLengths else {
      return averagePool(pass.input(), window, channels: channels, countsPadding: true, into: pass.output)
    }
    meanOfSteps(pass.input(), lengths: pass.input(1), channels: channels, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    if hasLengths { pass.inputGradient(1)?.zero() }
    guard let inputGradient = pass.inputGradient() else { return }
    guard hasLengths else {
      return averagePoolBackward(
        outputGradient: pass.outputGradient, window, channels: channels, countsPadding: true,
        inputGradient: inputGradient)
    }
    meanOfStepsBackward(
      outputGradient: pass.outputGradient, lengths: pass.input(1), channels: channels, inputGradient: inputGradient)
  }
}

/// Repeats each pixel `scale` times along either axis. PyTorch's `Upsample` with `mode="nearest"`.
///
/// - Shapes: `input` [N, H, W, C], `output` [N, H · scale, W · scale, C].
public struct UpsampleLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  public let scale: Extents

  public init(inputShape: Shape, scale: Extents) {
    precondition(inputShape.rank == 3, "Upsample takes images [H, W, C], not \(inputShape)")
    precondition(scale.height > 0 && scale.width > 0, "a scale of \(scale)")
    self.inputShape = inputShape
    self.scale = scale
  }

  public var inputShapes: [Shape] { [inputShape] }
  public var outputShape: Shape { [inputShape[0] * scale.height, inputShape[1] * scale.width, inputShape[2]] }

  public func forward(_ pass: LayerPass<S>) {
    upsample(pass.input(), width: inputShape[1], channels: inputShape[2], scale: scale, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    upsampleBackward(
      outputGradient: pass.outputGradient, width: inputShape[1], channels: inputShape[2], scale: scale,
      inputGradient: inputGradient)
  }
}
