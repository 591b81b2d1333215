public import NumericCore

/// Its inputs side by side along the last axis: where parallel branches join (Szegedy et al. 2015).
///
/// - Shapes: inputs [N, …, Cᵢ], which differ in the last axis alone; `output` [N, …, ΣCᵢ].
public struct ConcatLayer<S: Scalar>: Layer {
  public let inputShapes: [Shape]
  public let outputShape: Shape

  /// - Precondition: the shapes have equal leading axes, none of them empty.
  public init(inputShapes: [Shape]) {
    let leading = inputShapes.first?.extents.dropLast()
    precondition(
      inputShapes.allSatisfy { $0.rank >= 1 && $0.elementCount > 0 && $0.extents.dropLast() == leading },
      "\(inputShapes) side by side")
    self.inputShapes = inputShapes
    outputShape = Shape(Array(leading ?? []) + [inputShapes.reduce(0) { $0 + $1[$1.rank - 1] }])
  }

  public func forward(_ pass: LayerPass<S>) {
    var start = 0
    for index in inputShapes.indices {
      let columns = columns(inputShapes[index])
      copyColumns(
        columns, of: pass.input(index), columns: columns, from: 0, into: pass.output,
        columns: self.columns(outputShape),
        at: start)
      start += columns
    }
  }

  public func backward(_ pass: LayerPass<S>) {
    var start = 0
    for index in inputShapes.indices {
      let columns = columns(inputShapes[index])
      if let inputGradient = pass.inputGradient(index) {
        copyColumns(
          columns, of: pass.outputGradient, columns: self.columns(outputShape), from: start, into: inputGradient,
          columns: columns, at: 0)
      }
      start += columns
    }
  }

  private func columns(_ shape: Shape) -> Int { shape[shape.rank - 1] }
}
