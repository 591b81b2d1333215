public import NumericCore
public import Settings

/// The order in which elements of an array whose last axis is the channels are numbered.
public enum ElementOrder: String, SettingChoice {
  /// Channel by channel, as PyTorch numbers [C, H, W]: the weights of a dense layer behind are PyTorch's.
  case channelsFirst = "channels_first"
  /// As in memory.
  case channelsLast = "channels_last"

  /// PyTorch's: behind recurrent layers its sequences are [N, T, F] too, so only images change their order.
  static func usual(for shape: Shape) -> ElementOrder { shape.rank == 3 ? .channelsFirst : .channelsLast }
}

/// All elements of a sample in one row.
public struct Flatten: LayerDescription {
  /// nil for channel by channel of an image, and as in memory of a sequence.
  public var order: ElementOrder?

  public init(_ order: ElementOrder?) { self.order = order }
  public init() { self.init(nil) }

  public static let name = "flatten"
  public static let summary = "all elements in one row"
  public static let shorthand: String? = "order"
  public static let settings: [Setting<Flatten>] = [
    Setting("order", \.order, "of the elements; else channels_first for images")
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .rows }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(FlattenLayer(inputShape: model.shape, order: order ?? .usual(for: model.shape)), named: name)
  }
}

/// The same elements as images [height, width, channels] or sequences [length, channels].
public struct Reshape: LayerDescription {
  public var height: Int?
  public var width: Int?
  public var length: Int?
  public var channels: Int
  /// As of `Flatten`.
  public var order: ElementOrder?

  private init(height: Int?, width: Int?, length: Int?, channels: Int = 1, order: ElementOrder?) {
    (self.height, self.width, self.length) = (height, width, length)
    (self.channels, self.order) = (channels, order)
  }
  public init(height: Int, width: Int, channels: Int = 1, order: ElementOrder? = nil) {
    self.init(height: height, width: width, length: nil, channels: channels, order: order)
  }
  public init(length: Int, channels: Int = 1, order: ElementOrder? = nil) {
    self.init(height: nil, width: nil, length: length, channels: channels, order: order)
  }
  public init() { self.init(height: nil, width: nil, length: nil, order: nil) }

  public static let name = "reshape"
  public static let summary = "the same elements as an image or a sequence"
  public static let settings: [Setting<Reshape>] = [
    Setting("height", \.height, .atLeast(1), "of an image"),
    Setting("width", \.width, .atLeast(1), "of an image"),
    Setting("length", \.length, .atLeast(1), "of a sequence"),
    Setting("channels", \.channels, .atLeast(1), "of an image, or features of a step"),
    Setting("order", \.order, "of the elements; else channels_first for images"),
  ]
  public static var keepsLengths: Bool { false }
  public var inputLayout: InputLayout? { .rows }
  public var detail: String? { outputShape?.description }

  /// nil where the settings fix none.
  private var outputShape: Shape? {
    switch (height, width, length) {
    case (let height?, let width?, nil): [height, width, channels]
    case (nil, nil, let length?): [length, channels]
    default: nil
    }
  }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    guard let shape = outputShape else {
      throw .layer("expected height and width for images, or length for sequences")
    }
    guard shape.elementCount == model.shape.elementCount else {
      throw model.mismatch("\(shape.elementCount) elements for \(shape)")
    }
    // As `flatten` numbers them.
    if model.shape.rank > 1 {
      let order = order ?? .usual(for: model.shape)
      model.apply(FlattenLayer(inputShape: model.shape, order: order), named: "\(name).flatten")
    }
    model.apply(ReshapeLayer(outputShape: shape, order: order ?? .usual(for: shape)), named: name)
  }
}

/// The elements of a sample in one row. PyTorch's `Flatten`, whose order is channel by channel.
///
/// - Shapes: `input` [N, …, C], `output` [N, … · C].
public struct FlattenLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  public let order: ElementOrder

  public init(inputShape: Shape, order: ElementOrder = .channelsFirst) {
    self.inputShape = inputShape
    self.order = order
  }

  public var inputShapes: [Shape] { [inputShape] }
  public var outputShape: Shape { [inputShape.elementCount] }

  public func forward(_ pass: LayerPass<S>) { toRow(pass.input(), inputShape, order, into: pass.output) }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    fromRow(pass.outputGradient, inputShape, order, into: inputGradient)
  }
}

/// A row of features as an image or a sequence: the inverse of `Flatten`. PyTorch's `Unflatten` of [C, H, W].
///
/// - Shapes: `input` [N, … · C], `output` [N, …, C].
public struct ReshapeLayer<S: Scalar>: Layer {
  public let outputShape: Shape
  public let order: ElementOrder

  /// - Parameter outputShape: channels last, such as [H, W, C].
  public init(outputShape: Shape, order: ElementOrder = .channelsFirst) {
    self.outputShape = outputShape
    self.order = order
  }

  public var inputShapes: [Shape] { [[outputShape.elementCount]] }

  public func forward(_ pass: LayerPass<S>) { fromRow(pass.input(), outputShape, order, into: pass.output) }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    toRow(pass.outputGradient, outputShape, order, into: inputGradient)
  }
}

private func toRow<S: Scalar>(_ values: BufferView<S>, _ shape: Shape, _ order: ElementOrder, into row: BufferView<S>) {
  guard order == .channelsFirst, shape.elementCount > 0, let channels = shape.extents.last else {
    return copy(values, into: row)
  }
  transposeEach(values, rows: shape.elementCount / channels, columns: channels, into: row)
}

private func fromRow<S: Scalar>(_ row: BufferView<S>, _ shape: Shape, _ order: ElementOrder, into values: BufferView<S>)
{
  guard order == .channelsFirst, shape.elementCount > 0, let channels = shape.extents.last else {
    return copy(row, into: values)
  }
  transposeEach(row, rows: channels, columns: shape.elementCount / channels, into: values)
}
