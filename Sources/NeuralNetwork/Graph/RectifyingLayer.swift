public import NumericCore

/// A layer that can compute the ReLU behind it, so that its output goes through memory once.
///
/// Where `LayerPass.rectifies`, forward overwrites `pass.output` with the ReLU of what it computes, and backward takes
/// the output gradient for that of the ReLU, as `rectifyOutputGradient` does. The ReLU stays a node of the model with a
/// name of its own; its output is that of this layer.
public protocol RectifyingLayer<S>: Layer {}

/// A layer that can also compute the sum of its output and another node's that comes behind it, as where a residual
/// block ends.
///
/// Where `LayerPass.addend` is not nil, forward adds it in front of the ReLU, and backward overwrites `addendGradient`.
protocol SummingLayer<S>: RectifyingLayer {
  /// Whether it does; settings decide.
  var takesAddend: Bool { get }
}

extension LayerPass {
  /// Whether the layer computes the ReLU behind it as well.
  public var rectifies: Bool { workspace.model.fusions[node].rectifies }

  /// Turns the gradient of the ReLU, where there is one, into that of what it is computed from.
  public func rectifyOutputGradient() {
    guard rectifies else { return }
    rectifyBackward(output: output, outputGradient: outputGradient, inputGradient: outputGradient)
  }

  /// What a summing layer adds to its output [N, …]; nil where it has no sum to compute.
  var addend: BufferView<S>? { workspace.model.fusions[node].addend.map { workspace.activation(of: $0) } }
  /// Where ∂loss/∂addend goes [N, …]; nil where it is not needed.
  var addendGradient: BufferView<S>? {
    addend == nil ? nil : workspace.inputGradient(node: node, input: workspace.model.nodes[node].inputs.count)
  }
}
