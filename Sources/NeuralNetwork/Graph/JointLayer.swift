public import NumericCore

/// A layer that can compute the micro-batches of several shards at once, which is faster than one after the other and
/// has the same bits: a row of what it computes depends on one row of what it reads, and what it sums over samples it
/// sums shard by shard, in the tree's order.
///
/// In a `WorkspaceGroup` with an order of sums these two passes take the place of `forward` and `backward`, also where
/// the group has a single micro-batch.
protocol JointLayer<S>: Layer {
  /// Whether it does so with its sizes.
  var isJoint: Bool { get }
  /// The parameters whose gradients `backward` adds up over the shards, as indices of `parameters`.
  var jointParameters: [Int] { get }

  /// Overwrites `pass.output`.
  func forward(_ pass: JointPass<S>)
  /// Overwrites `pass.inputGradient` where it is not nil, the gradients of joint parameters at each root, and those of
  /// other parameters in each part.
  func backward(_ pass: JointPass<S>)
}

/// All that one layer may read and write in one call on the micro-batches of several shards, the parts.
struct JointPass<S: Scalar> {
  let workspaces: [Workspace<S>]
  let node: Int
  /// N of each part.
  let samples: BufferView<Int>
  /// How gradients are added up over the parts.
  let order: ShardOrder

  /// The pass of a part alone.
  func part(_ index: Int) -> LayerPass<S> { LayerPass(workspace: workspaces[index], node: node) }

  /// The input of all parts [Σ N, …].
  var input: BufferView<S> { first.activation(of: first.model.nodes[node].inputs[0], ofGroup: sampleCount) }
  /// The output of all parts [Σ N, …].
  var output: BufferView<S> { first.activation(of: node, ofGroup: sampleCount) }
  /// ∂loss/∂output of all parts [Σ N, …].
  var outputGradient: BufferView<S> { first.gradient(of: node, ofGroup: sampleCount) }
  /// Where ∂loss/∂input of all parts goes [Σ N, …]; nil where it is not needed.
  var inputGradient: BufferView<S>? {
    guard first.inputGradient(node: node, input: 0) != nil else { return nil }
    return first.gradient(of: first.model.nodes[node].inputs[0], ofGroup: sampleCount)
  }

  var precision: ProductPrecision { first.model.precision }

  func parameter(_ index: Int) -> BufferView<S> { part(0).parameter(index) }

  /// Where the sum of a joint parameter's gradients goes for the subtree that begins with a part.
  func jointGradient(_ index: Int, root: Int) -> BufferView<S> { part(root).jointGradient(index) }

  /// As `LayerPass.gradientsAreFinal`, for all parts.
  func gradientsAreFinal() { for workspace in workspaces { workspace.completeGradients(ofNode: node) } }

  private var first: Workspace<S> { workspaces[0] }
  private var sampleCount: Int { samples.reduce(0, +) }
}
