public import NumericCore

/// The order in which `Flatten` and `Reshape` number the elements of an array whose last axis is the channels.
public enum ElementOrder: String, Sendable, CaseIterable {
  /// Channel by channel, as PyTorch numbers [C, H, W]: the weights of a dense layer behind are PyTorch's.
  case channelsFirst = "channels_first"
  /// As in memory.
  case channelsLast = "channels_last"
}

/// The elements of a sample in one row. PyTorch's `Flatten`, whose order is channel by channel.
///
/// - Shapes: `input` [N, …, C], `output` [N, … · C].
public struct Flatten<S: Scalar>: Layer {
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
public struct Reshape<S: Scalar>: Layer {
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

private func toRow<S: Scalar>(_ values: Window<S>, _ shape: Shape, _ order: ElementOrder, into row: Window<S>) {
  guard order == .channelsFirst, shape.elementCount > 0, let channels = shape.extents.last else {
    return copy(values, into: row)
  }
  transposeEach(values, rows: shape.elementCount / channels, columns: channels, into: row)
}

private func fromRow<S: Scalar>(_ row: Window<S>, _ shape: Shape, _ order: ElementOrder, into values: Window<S>) {
  guard order == .channelsFirst, shape.elementCount > 0, let channels = shape.extents.last else {
    return copy(row, into: values)
  }
  transposeEach(row, rows: channels, columns: shape.elementCount / channels, into: values)
}
