import Basics
public import NumericCore

/// The micro-batches of several shards, one workspace each, taken through a model in lockstep.
///
/// Layers run on one micro-batch after the other, but for two kinds: a synchronizing layer needs sums over all shards
/// of all groups; a joint layer computes all micro-batches of the group at once.
public final class WorkspaceGroup<S: Scalar> {
  public let workspaces: [Workspace<S>]
  private let model: Model<S>
  /// How joint layers add up gradients; nil where every layer computes each micro-batch by itself.
  private let order: ShardOrder?
  /// N of each workspace.
  private let samples: FlatBuffer<Int>
  /// Where the micro-batches meet, ascending.
  private let meetings: [Meeting]

  private struct Meeting {
    let node: Int
    let kind: Kind

    enum Kind {
      case joint(any JointLayer<S>, ShardOrder)
      case synchronizing(any SynchronizingLayer<S>)
    }
  }

  /// Sums one vector a workspace of the group, and those of all other groups, in an order that does not depend on how
  /// the shards are dealt to groups.
  public typealias SharedSum<Failure: Error> = (_ local: [[Double]]) throws(Failure) -> [Double]

  /// Workspaces of one model.
  public convenience init(_ workspaces: [Workspace<S>]) { self.init(workspaces, order: nil) }

  /// Workspaces whose values stand side by side, for layers that compute all of them at once.
  ///
  /// - Parameters:
  ///   - capacity: samples of the largest micro-batch.
  ///   - order: of the shards, one for each workspace.
  public convenience init(model: Model<S>, capacity: Int, values: ModelValues<S>, order: ShardOrder) {
    func workspace(_ memory: Workspace<S>.Memory) -> Workspace<S> {
      Workspace(
        model: model, capacity: capacity, values: values, learns: true, differentiatesInputs: false, memory: memory)
    }
    let first = workspace(.own(workspaces: order.merges.count))
    self.init([first] + order.merges.dropFirst().map { _ in workspace(.shared(first)) }, order: order)
  }

  private init(_ workspaces: [Workspace<S>], order: ShardOrder?) {
    precondition(!workspaces.isEmpty, "a group has workspaces")
    self.workspaces = workspaces
    self.order = order
    let model = workspaces[0].model
    self.model = model
    samples = FlatBuffer(count: workspaces.count)
    let joint = order == nil ? [] : model.jointNodes
    meetings = model.nodes.indices.compactMap { node in
      let layer = model.nodes[node].layer
      if let order, joint.contains(node), let layer = layer as? any JointLayer<S> {
        return Meeting(node: node, kind: .joint(layer, order))
      }
      guard model.synchronizingNodes.contains(node), let layer = layer as? any SynchronizingLayer<S> else { return nil }
      return Meeting(node: node, kind: .synchronizing(layer))
    }
  }

  /// Says how many samples a workspace is to have in the next pass, before they are filled in: in order, since those of
  /// a group that shares memory stand one behind the other.
  public func setSamples(_ count: Int, ofWorkspace index: Int) {
    samples.view[index] = count
    guard order != nil, index > 0 else { return }
    workspaces[index].firstSample = workspaces[index - 1].firstSample + samples.view[index - 1]
  }

  // MARK: The two passes

  /// Runs every layer on the micro-batches, each of as many samples as it was set to; 0 takes part as well.
  ///
  /// A synchronizing layer costs one small collective in each pass, and a few allocations for its sums.
  ///
  /// - Parameters:
  ///   - values: of each workspace.
  ///   - sum: called once for each synchronizing layer, by every group alike.
  public func forward<Failure: Error>(
    mode: PassMode, values: [ModelValues<S>], sum: SharedSum<Failure>
  ) throws(Failure) {
    precondition(values.count == workspaces.count, "\(values.count) sets of values for \(workspaces.count) workspaces")
    // By index: an enumerated sequence of a generic type allocates.
    for index in workspaces.indices {
      workspaces[index].begin(samples: samples.view[index], mode: mode, values: values[index])
    }
    var start = 0
    for meeting in meetings {
      let node = meeting.node
      for workspace in workspaces { workspace.forward(throughNodes: start..<node) }
      switch meeting.kind {
      case .joint(let layer, let order):
        Timeline.span(.layer, model.spanNames[node]) { layer.forward(pass(node, order)) }
      case .synchronizing(let layer):
        try synchronize(
          layer, at: node, add: { $0.addForwardSums($1, to: $2) }, finish: { $0.finishForward($1, sums: $2) }, sum: sum)
      }
      start = node + 1
    }
    for workspace in workspaces { workspace.forward(throughNodes: start..<model.nodes.count) }
  }

  /// Propagates `outputGradient` of each workspace back through the layers of the last `forward`, in lockstep.
  ///
  /// - Parameters:
  ///   - rule: joint layers overwrite.
  ///   - progress: called when all workspaces are behind a layer.
  public func backward<Failure: Error>(
    gradients rule: Workspace<S>.GradientRule = .add, sum: SharedSum<Failure>,
    progress: BackwardProgress? = nil
  ) throws(Failure) {
    precondition(rule == .overwrite || order == nil, "gradients of joint layers are not added to")
    for index in workspaces.indices {
      workspaces[index].beginBackward(rule, index == workspaces.count - 1 ? progress : nil)
    }
    var end = model.nodes.count
    for meeting in meetings.reversed() {
      let node = meeting.node
      for workspace in workspaces { workspace.backward(throughNodes: node + 1..<end) }
      var takesPart = false
      for workspace in workspaces { takesPart = workspace.beginBackward(throughNode: node) }
      switch meeting.kind {
      case _ where !takesPart: break
      case .joint(let layer, let order):
        for workspace in workspaces { workspace.noteGradients(ofJoint: layer, at: node) }
        Timeline.span(.layer, model.spanNames[node]) { layer.backward(pass(node, order)) }
      case .synchronizing(let layer):
        try synchronize(
          layer, at: node, add: { $0.addBackwardSums($1, to: $2) }, finish: { $0.finishBackward($1, sums: $2) },
          sum: sum)
        for workspace in workspaces { workspace.addContributions(ofNode: node) }
      }
      for workspace in workspaces { workspace.finishBackward(throughNode: node) }
      end = node
    }
    for workspace in workspaces { workspace.backward(throughNodes: 0..<end) }
  }

  private func pass(_ node: Int, _ order: ShardOrder) -> JointPass<S> {
    JointPass(workspaces: workspaces, node: node, samples: samples.view, order: order)
  }

  private typealias Half = (any SynchronizingLayer<S>, LayerPass<S>, BufferView<Double>) -> Void

  private func synchronize<Failure: Error>(
    _ layer: any SynchronizingLayer<S>, at node: Int, add: Half, finish: Half, sum: SharedSum<Failure>
  ) throws(Failure) {
    let local = workspaces.map { workspace in
      var sums = [Double](repeating: 0, count: layer.sharedSumCount)
      sums.withUnsafeMutableBufferPointer { add(layer, LayerPass(workspace: workspace, node: node), $0) }
      return sums
    }
    var sums = try sum(local)
    precondition(sums.count == layer.sharedSumCount, "\(sums.count) sums for \(layer.sharedSumCount)")
    sums.withUnsafeMutableBufferPointer { sums in
      for workspace in workspaces { finish(layer, LayerPass(workspace: workspace, node: node), sums) }
    }
  }
}
