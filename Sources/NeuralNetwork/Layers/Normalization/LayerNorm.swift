public import NumericCore
public import Settings

/// Normalization of the last axis of each row by itself.
public struct LayerNorm: LayerDescription {
  /// What the variance is raised by, more than 0.
  public var epsilon = 1e-5

  public init() {}
  public init(epsilon: Double) { self.epsilon = epsilon }

  public static let name = "layer_norm"
  public static let summary = "normalization of the features of each sample or step by itself"
  public static let settings: [Setting<LayerNorm>] = [
    Setting("epsilon", \.epsilon, .above(0), "what the variance is raised by")
  ]

  public func add<S: Scalar>(to model: inout ModelAssembly<S>, named name: String) {
    model.apply(LayerNormLayer(shape: model.shape, epsilon: epsilon), named: name)
  }
}

/// Layer normalization (Ba, Kiros and Hinton 2016) of the last axis:
/// `output = (input − μ) / √(σ² + ε) · weight + bias`, with mean and biased variance of each row of features by itself,
/// so that nothing depends on the batch.
///
/// - Shapes: `input` and `output` [N, …, F]; `weight` [F], starting at one, and `bias` [F], starting at zero.
public struct LayerNormLayer<S: Scalar>: Layer {
  public let outputShape: Shape
  /// ε.
  public let epsilon: Double
  private let size: Int

  public init(shape: Shape, epsilon: Double = 1e-5) {
    precondition(
      shape.rank >= 1 && shape.elementCount > 0 && epsilon > 0,
      "layer normalization of \(shape) with epsilon \(epsilon)")
    outputShape = shape
    self.epsilon = epsilon
    size = shape[shape.rank - 1]
  }

  public var inputShapes: [Shape] { [outputShape] }
  public var parameters: [ParameterSpecification] {
    [
      ParameterSpecification("weight", shape: [size], initializer: .ones),
      ParameterSpecification("bias", shape: [size], initializer: .zeros),
    ]
  }
  /// μ and 1 / √(σ² + ε) of each row.
  public func savedCount(samples: Int) -> Int { 2 * samples * (outputShape.elementCount / size) }
  /// Sums of the parameters' gradients in double.
  public func scratchCount(samples: Int) -> Int { BufferView<S>.elementCount(ofDoubles: 2 * size) }

  public func forward(_ pass: LayerPass<S>) {
    let (means, inverseDeviations) = rowConstants(pass)
    normalizeRows(
      pass.input(), weight: pass.parameter(0), bias: pass.parameter(1), epsilon: epsilon, means: means,
      inverseDeviations: inverseDeviations, into: pass.output)
  }

  public func backward(_ pass: LayerPass<S>) {
    let (means, inverseDeviations) = rowConstants(pass)
    let sums = pass.scratch.doubles(2 * size)
    sums.zero()
    let (weightSums, biasSums) = (sums.view(first: size), sums.view(size..<2 * size))
    normalizeRowsBackward(
      outputGradient: pass.outputGradient, input: pass.input(), weight: pass.parameter(0), means: means,
      inverseDeviations: inverseDeviations, inputGradient: pass.inputGradient(), weightSums: weightSums,
      biasSums: biasSums)
    if let weightGradient = pass.parameterGradient(0) { add(sums: weightSums, into: weightGradient) }
    if let biasGradient = pass.parameterGradient(1) { add(sums: biasSums, into: biasGradient) }
  }

  private func rowConstants(_ pass: LayerPass<S>) -> (means: BufferView<S>, inverseDeviations: BufferView<S>) {
    let rows = pass.output.count / size
    return (pass.saved.view(first: rows), pass.saved.view(rows..<2 * rows))
  }
}
