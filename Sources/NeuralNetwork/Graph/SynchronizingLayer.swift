import Basics
public import NumericCore

/// A layer that, in training, computes over the micro-batches of all shards together: in the middle of forward and of
/// backward it needs sums over all of them.
///
/// `WorkspaceGroup` runs the shards in lockstep and calls, in place of `forward`,
/// `addForwardSums`, then, with the sums over all shards, `finishForward`; so too in backward. A pass on one workspace
/// alone calls `forward` and `backward`, which take that micro-batch for the whole.
public protocol SynchronizingLayer<S>: Layer {
  /// Whether this layer does so; settings decide.
  var synchronizes: Bool { get }
  /// How many sums either pass needs.
  var sharedSumCount: Int { get }

  /// Adds this micro-batch's part to `sums`, which start out as zeros.
  func addForwardSums(_ pass: LayerPass<S>, to sums: BufferView<Double>)
  /// Overwrites `pass.output` and adds to the batch statistics, given the sums over all shards.
  func finishForward(_ pass: LayerPass<S>, sums: BufferView<Double>)
  /// Adds this micro-batch's part to `sums`, which start out as zeros, and to the gradients of the parameters.
  func addBackwardSums(_ pass: LayerPass<S>, to sums: BufferView<Double>)
  /// Overwrites the gradients of the inputs, given the sums over all shards.
  func finishBackward(_ pass: LayerPass<S>, sums: BufferView<Double>)
}
