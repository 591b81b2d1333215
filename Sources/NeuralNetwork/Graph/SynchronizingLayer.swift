import Basics
public import NumericCore

/// A layer that, in training, computes over the micro-batches of all shards together: in the middle of forward and of
/// backward it needs sums over all of them.
///
/// `Workspace.forward(_:samples:mode:values:sum:)` runs the shards in lockstep and calls, in place of `forward`,
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

extension Workspace {
  /// Sums one vector a workspace of the group, and those of all other groups, in an order that does not depend on how
  /// the shards are dealt to groups.
  public typealias SharedSum<Failure: Error> = (_ local: [[Double]]) throws(Failure) -> [Double]

  /// Runs every layer on the micro-batches of a group of shards, one workspace each, in lockstep.
  ///
  /// A synchronizing layer costs one small collective in each pass, and a few allocations for its sums.
  ///
  /// - Parameters:
  ///   - group: workspaces of one model, their inputs filled.
  ///   - samples: of each workspace; 0 takes part as well.
  ///   - values: of each workspace.
  ///   - sum: called once for each synchronizing layer, by every group alike.
  public static func forward<Failure: Error>(
    _ group: [Workspace<S>], samples: [Int], mode: PassMode, values: [ModelValues<S>], sum: SharedSum<Failure>
  ) throws(Failure) {
    precondition(
      !group.isEmpty && samples.count == group.count && values.count == group.count,
      "\(samples.count) sample counts and \(values.count) sets of values for \(group.count) workspaces")
    // By index: an enumerated sequence of a generic type allocates.
    for index in group.indices { group[index].begin(samples: samples[index], mode: mode, values: values[index]) }
    let model = group[0].model
    var start = 0
    for node in model.synchronizingNodes {
      for workspace in group { workspace.forward(throughNodes: start..<node) }
      if let layer = model.nodes[node].layer as? any SynchronizingLayer<S> {
        try synchronize(
          layer, group, at: node, add: { $0.addForwardSums($1, to: $2) }, finish: { $0.finishForward($1, sums: $2) },
          sum: sum)
      }
      start = node + 1
    }
    for workspace in group { workspace.forward(throughNodes: start..<model.nodes.count) }
  }

  /// Propagates `outputGradient` of each workspace back through the layers of the group's last `forward`, in lockstep.
  ///
  /// - Parameter progress: called when all workspaces are behind a layer.
  public static func backward<Failure: Error>(
    _ group: [Workspace<S>], gradients rule: GradientRule = .add, sum: SharedSum<Failure>,
    progress: BackwardProgress = { _ in }
  ) throws(Failure) {
    func backward(throughNodes range: Range<Int>) {
      for workspace in group.dropLast() { workspace.backward(throughNodes: range, progress: { _ in }) }
      group[group.count - 1].backward(throughNodes: range, progress: progress)
    }
    let model = group[0].model
    for workspace in group { workspace.beginBackward(rule) }
    var end = model.nodes.count
    for node in model.synchronizingNodes.reversed() {
      backward(throughNodes: node + 1..<end)
      var takesPart = false
      for workspace in group { takesPart = workspace.beginBackward(throughNode: node) }
      if takesPart, let layer = model.nodes[node].layer as? any SynchronizingLayer<S> {
        try synchronize(
          layer, group, at: node, add: { $0.addBackwardSums($1, to: $2) }, finish: { $0.finishBackward($1, sums: $2) },
          sum: sum)
        for workspace in group { workspace.addContributions(ofNode: node) }
      }
      for workspace in group.dropLast() { workspace.finishBackward(throughNode: node, progress: { _ in }) }
      group[group.count - 1].finishBackward(throughNode: node, progress: progress)
      end = node
    }
    backward(throughNodes: 0..<end)
  }

  private typealias Half = (any SynchronizingLayer<S>, LayerPass<S>, BufferView<Double>) -> Void

  private static func synchronize<Failure: Error>(
    _ layer: any SynchronizingLayer<S>, _ group: [Workspace<S>], at node: Int, add: Half, finish: Half,
    sum: SharedSum<Failure>
  ) throws(Failure) {
    let local = group.map { workspace in
      var sums = [Double](repeating: 0, count: layer.sharedSumCount)
      sums.withUnsafeMutableBufferPointer { add(layer, LayerPass(workspace: workspace, node: node), $0) }
      return sums
    }
    var sums = try sum(local)
    precondition(sums.count == layer.sharedSumCount, "\(sums.count) sums for \(layer.sharedSumCount)")
    sums.withUnsafeMutableBufferPointer { sums in
      for workspace in group { finish(layer, LayerPass(workspace: workspace, node: node), sums) }
    }
  }
}
