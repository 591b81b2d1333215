public import NumericCore

/// eˣ divided by the sum of it over the last axis.
public struct Softmax: LayerDescription {
  public init() {}

  public static let name = "softmax"
  public static let summary = "eˣ divided by the sum of it over the last axis"

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(SoftmaxLayer(shape: model.shape), named: name)
  }
}

/// `outputⱼ = exp(inputⱼ) / Σ exp(inputₖ)` over the last axis, stable for inputs of any size.
///
/// For a classifier's outputs use `SoftmaxCrossEntropy` on logits instead: it has this function inside.
///
/// - Shapes: `input` and `output` [N, …, K].
public struct SoftmaxLayer<S: Scalar>: Layer {
  public let outputShape: Shape
  private let size: Int

  public init(shape: Shape) {
    precondition(shape.rank >= 1 && shape.elementCount > 0, "softmax of \(shape)")
    outputShape = shape
    size = shape[shape.rank - 1]
  }

  public var inputShapes: [Shape] { [outputShape] }

  public func forward(_ pass: LayerPass<S>) {
    copy(pass.input(), into: pass.output)
    softmaxRows(pass.output, classes: size)
  }

  public func backward(_ pass: LayerPass<S>) {
    guard let inputGradient = pass.inputGradient() else { return }
    softmaxRowsBackward(
      output: pass.output, outputGradient: pass.outputGradient, columns: size, inputGradient: inputGradient)
  }
}
