// Floating-point operations of the products of one forward pass of a sample: 2 for each multiplication and addition.
// What is not listed here has none to speak of beside them.

extension DenseLayer {
  public var operations: Int { 2 * outputShape.elementCount * parameters[0].shape[1] }
}

extension Conv2DLayer {
  public var operations: Int { 2 * outputShape.elementCount * parameters[0].shape.elementCount / outputShape[2] }
}

extension Conv1DLayer {
  public var operations: Int { 2 * outputShape.elementCount * parameters[0].shape.elementCount / outputShape[1] }
}

extension ConvTranspose2DLayer {
  public var operations: Int { 2 * inputShape.elementCount * parameters[0].shape.elementCount / inputShape[2] }
}

extension Recurrent {
  /// The first step has no state before it to multiply.
  public var operations: Int {
    parameters.filter { $0.shape.rank == 2 }.reduce(0) { sum, weight in
      sum + 2 * weight.shape.elementCount * (weight.name.hasPrefix("weight_hh") ? steps - 1 : steps)
    }
  }
}

extension MultiHeadAttentionLayer {
  /// Four projections of each position, its scores against all positions, and their mean.
  public var operations: Int {
    let positions = outputShape[0], width = outputShape[1]
    return 2 * positions * width * (4 * width + 2 * positions)
  }
}

extension Model {
  /// Floating-point operations of the products of a training step, for each sample: those of forward, as many again for
  /// the gradients of the weights, and as many again for those of the inputs where something below learns.
  public var trainingOperations: Int {
    nodes.reduce(0) { sum, node in
      let goesOn = node.inputs.contains { nodes[$0].needsGradient }
      let passes = 1 + (node.isFrozen ? 0 : 1) + (goesOn ? 1 : 0)
      return sum + (node.layer?.operations ?? 0) * passes
    }
  }
}
