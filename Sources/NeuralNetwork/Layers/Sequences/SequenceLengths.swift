public import NumericCore
public import Settings

/// Steps at the end of a sequence whose features all equal `value` are padding: recurrent layers behind stop before
/// them, and attention does not see them, up to a convolution, a pooling or a reshape. The features pass through
/// unchanged.
public struct Mask: LayerDescription {
  public var value = 0.0

  public init() {}
  public init(_ value: Double) { self.value = value }

  public static let name = "mask"
  public static let summary = "ends a sequence where only steps of one value follow"
  public static let shorthand: String? = "value"
  public static let settings: [Setting<Mask>] = [
    Setting("value", \.value, "of all features of a step that is padding")
  ]
  public var inputLayout: InputLayout? { .sequences }
  public var masksFeatures: Bool { true }

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) throws(LayerError) {
    try model.requireSequences()
    model.lengths = model.builder.add(
      SequenceLengthsLayer(inputShape: model.shape, padding: S(value)), to: model.node, name: name)
  }
}

/// How many steps each sequence of a batch has: the place of its last step that is no padding, plus one, and at least
/// one. What recurrent and attention layers take as their second input.
///
/// - Shapes: `input` [T] numbers or [T, F] features; `output` a scalar from 1 to T.
/// - A step is padding where all its elements equal `padding`. Such steps in front of one that is none are ordinary
///   steps.
/// - It has no gradient: where one is asked for, it is zero.
public struct SequenceLengthsLayer<S: Scalar>: Layer {
  public let inputShape: Shape
  /// What the steps behind the end of a sequence are filled with.
  public let padding: S

  public init(inputShape: Shape, padding: S) {
    precondition((1...2).contains(inputShape.rank) && inputShape.elementCount > 0, "the lengths of \(inputShape)")
    self.inputShape = inputShape
    self.padding = padding
  }

  public var inputShapes: [Shape] { [inputShape] }
  public var outputShape: Shape { [] }

  public func forward(_ pass: LayerPass<S>) {
    sequenceLengths(
      of: pass.input(), width: inputShape.rank == 2 ? inputShape[1] : 1, padding: padding, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) { pass.inputGradient()?.zero() }
}
