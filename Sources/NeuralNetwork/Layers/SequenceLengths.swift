public import NumericCore

/// How many steps each sequence of a batch has: the place of its last step that is no padding, plus one, and at least one. What
/// recurrent and attention layers take as their second input.
///
/// - Shapes: `input` [T] numbers or [T, F] features; `output` a scalar from 1 to T.
/// - A step is padding where all its elements equal `padding`. Such steps in front of one that is none are ordinary steps.
/// - It has no gradient: where one is asked for, it is zero.
public struct SequenceLengths<S: Scalar>: Layer {
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

  public func backward(_ pass: LayerPass<S>) { pass.inputGradient()?.update(repeating: 0) }
}
