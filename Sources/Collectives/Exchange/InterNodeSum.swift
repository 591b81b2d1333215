import NumericCore

/// Completes node sums into the sum over all nodes, in the order of the tree. A node's shards form a few whole
/// subtrees, whose roots hold their sums. Each local rank that every node has is a rail: it exchanges its share of the
/// buckets with its like on the other nodes. Of a bucket node j receives part j from every root, finishes the tree
/// there, and sends the result back to all nodes.
///
/// Several buckets are under way at once, so that one is gathered while the next is dealt out and both directions of
/// the network stay busy. `advance` never waits: any thread calls it, one at a time, until `isDone`.
final class InterNodeSum {
  /// The ranks of one rail, one from each node; nil for a rank without a rail, on a node with more ranks than another
  /// node.
  private let rail: MPICommunicator?
  /// The rail, or the unused group of the ranks without one.
  private let group: MPICommunicator
  private let node: Int
  private let buckets: [Bucket]
  /// Of each bucket, what deals its parts out, and what gathers their sums.
  private let deals: [TransferSet], gathers: [TransferSet]
  private let scalarTransfers: TransferSet
  private let crossAdditions: [(target: Int, source: Int)]
  private let additions: [(target: Int, source: Int)]

  private let buffers: [BufferView<Float>]
  private let scalars: BufferView<StepScalars>
  private let nodeShards: Range<Int>
  /// What other nodes' roots have of this node's parts: a slot for each bucket under way, in it a place for each root.
  private let received: FlatBuffer<Float>
  private let slotCount: Int
  private let foreignRoots: [Int]
  /// nil where all numbers go as they are.
  private let shorts: ShortMessages?
  /// This rank's copy of the scalars of all shards, summed in place.
  private let allScalars: FlatBuffer<StepScalars>

  private enum Stage { case waiting, dealing, gathering, summed }
  private var stages: [Stage]
  private var scalarStage = Stage.summed
  /// Buckets go through the pipeline in their order: the first that is not finished, the first whose sum has not come,
  /// and the first that waits for the ranks of this node. Those whose sums are there may have to wait long for the
  /// passes that still read their parameters, and hold up no others meanwhile.
  private var unfinished = 0, unsummed = 0, next = 0

  /// Buckets on the network at once, which bounds the memory for what is received.
  private static let depth = 8

  /// - Parameters:
  ///   - buffers: the exchange buffers of this node's shards, or one for the sums where it has none.
  ///   - scalars: of this node's shards.
  ///   - precision: of the gradients on their way; running statistics are not rounded.
  init(
    plan: BlockPlan, parameterCount: Int, tree: ShardTree, assignment: ShardAssignment, topology: Topology,
    buffers: [BufferView<Float>], scalars: BufferView<StepScalars>, precision: ExchangePrecision
  ) throws(CollectiveError) {
    let rails = topology.nodeSizes.min() ?? 1, nodes = topology.nodeCount, rank = topology.localRank
    // A rank without a rail still takes part in the collective split, in a group that is never used.
    let group = try topology.world.split(color: min(rank, rails), key: topology.nodeIndex)
    self.group = group
    rail = rank < rails ? group : nil
    node = topology.nodeIndex
    (self.buffers, self.scalars) = (buffers, scalars)
    additions = tree.additions

    let shardsOfNodes = (0..<nodes).map { topology.shards(ofNode: $0, assignment) }
    let roots = shardsOfNodes.map { tree.roots(within: $0) }
    nodeShards = shardsOfNodes[node]
    let foreignRoots = (0..<nodes).filter { $0 != topology.nodeIndex }.flatMap { roots[$0] }
    self.foreignRoots = foreignRoots
    let local = Set(shardsOfNodes.flatMap { tree.additions(within: $0).map(\.source) })
    crossAdditions = tree.additions.filter { !local.contains($0.source) }
    allScalars = FlatBuffer(count: assignment.shardCount)

    let buckets =
      rank < rails ? plan.buckets(ofRail: rank, of: rails, nodes: nodes, parameterCount: parameterCount) : []
    self.buckets = buckets
    let firstShard = shardsOfNodes[topology.nodeIndex].lowerBound
    shorts =
      precision == .float32
      ? nil
      : ShortMessages(
        buckets: buckets, node: topology.nodeIndex, roots: roots[topology.nodeIndex].map { buffers[$0 - firstShard] },
        foreignRootCount: foreignRoots.count, depth: Self.depth)
    stages = [Stage](repeating: .summed, count: buckets.count)
    slotCount = (buckets.map { $0.parts[topology.nodeIndex].count }.max() ?? 0) * foreignRoots.count
    received = FlatBuffer(count: slotCount * min(Self.depth, buckets.count))
    deals = buckets.map { _ in TransferSet(group) }
    gathers = buckets.map { _ in TransferSet(group) }
    scalarTransfers = TransferSet(group)
    guard rail != nil else { return }
    for other in 0..<nodes where other != node {
      try scalarTransfers.send(scalars, to: other, tag: 0)
      try scalarTransfers.receive(allScalars.view.view(shardsOfNodes[other]), from: other, tag: 0)
    }
    for (index, bucket) in buckets.enumerated() { try prepare(index, bucket, roots) }
  }

  private func prepare(_ index: Int, _ bucket: Bucket, _ roots: [[Int]]) throws(CollectiveError) {
    let (deal, gather) = (1 + 2 * index, 2 + 2 * index)
    if let shorts = shorts(of: index) {
      for other in roots.indices where other != node {
        for number in roots[node].indices {
          try deals[index].send(shorts.dealt(index, root: number, to: other), to: other, tag: deal)
        }
        for root in roots[other] {
          try deals[index].receive(shorts.received(index, place: place(ofRoot: root)), from: other, tag: deal)
        }
        try gathers[index].send(shorts.gathered(index, of: node), to: other, tag: gather)
        try gathers[index].receive(shorts.gathered(index, of: other), from: other, tag: gather)
      }
      return
    }
    for other in roots.indices where other != node {
      for root in roots[node] {
        try deals[index].send(buffers[root - nodeShards.lowerBound].view(bucket.parts[other]), to: other, tag: deal)
      }
      for root in roots[other] { try deals[index].receive(sum(ofRoot: root, of: index), from: other, tag: deal) }
      try gathers[index].send(buffers[0].view(bucket.parts[node]), to: other, tag: gather)
      try gathers[index].receive(buffers[0].view(bucket.parts[other]), from: other, tag: gather)
    }
  }

  /// Where the sum of a root stands for this node's part of a bucket.
  private func sum(ofRoot root: Int, of index: Int) -> BufferView<Float> {
    let part = buckets[index].parts[node]
    if nodeShards.contains(root) { return buffers[root - nodeShards.lowerBound].view(part) }
    let start = index % Self.depth * slotCount + place(ofRoot: root) * part.count
    return received.view.view(start..<start + part.count)
  }

  private func place(ofRoot root: Int) -> Int {
    guard let place = foreignRoots.firstIndex(of: root) else {
      preconditionFailure("shard \(root) is not the root of a node's subtree")
    }
    return place
  }

  /// Of buckets whose numbers are rounded.
  private func shorts(of index: Int) -> ShortMessages? { buckets[index].isOfGradients ? shorts : nil }

  // MARK: A step

  /// Begins a step; none is under way.
  func begin() {
    (unfinished, unsummed, next) = (0, 0, 0)
    for index in stages.indices { stages[index] = .waiting }
    scalarStage = rail == nil ? .summed : .waiting
  }

  /// Whether all buckets of this rank are finished.
  var isDone: Bool { unfinished == buckets.count && scalarStage == .summed }

  /// The sums of the scalars over all shards, once they have come.
  private(set) var totals = StepScalars()

  /// Does what can be done without waiting.
  ///
  /// - Parameters:
  ///   - progress: of the ranks of this node.
  ///   - add: leaves the sums over the node's shards at the roots, for a range of elements.
  ///   - finish: is given the blocks of a bucket whose sums over all nodes stand in the first buffer, once `totals` are
  ///     there.
  ///   - tell: is given the totals when they have come.
  /// - Returns: whether anything was done.
  func advance(
    _ progress: NodeProgress, add: (Range<Int>) -> Void, finish: (_ blocks: Range<Int>) -> Void,
    totals tell: (StepScalars) -> Void
  ) throws(CollectiveError) -> Bool {
    var hasMoved = try advanceScalars(progress, tell)
    while next < buckets.count, next < unsummed + Self.depth, progress.hasGradients(from: buckets[next].releasedFrom) {
      add(buckets[next].elements)
      shorts(of: next)?.roundDeal(next)
      try deals[next].start()
      stages[next] = .dealing
      next += 1
      hasMoved = true
    }
    for index in unsummed..<next {
      if stages[index] == .dealing, try deals[index].isDone() {
        addAcrossNodes(index)
        shorts(of: index)?.roundGather(index, buffers[0].view(buckets[index].parts[node]))
        try gathers[index].start()
        (stages[index], hasMoved) = (.gathering, true)
      }
      if stages[index] == .gathering, try gathers[index].isDone() {
        if let shorts = shorts(of: index) {
          for (other, part) in buckets[index].parts.enumerated() where other != node {
            widenBFloat16(shorts.gathered(index, of: other), into: buffers[0].view(part))
          }
        }
        (stages[index], hasMoved) = (.summed, true)
      }
    }
    while unsummed < next, stages[unsummed] == .summed { unsummed += 1 }
    // One at a time: what is on the network is looked after in between.
    if unfinished < unsummed, scalarStage == .summed, progress.hasParameters(from: buckets[unfinished].releasedFrom) {
      finish(buckets[unfinished].blocks)
      (unfinished, hasMoved) = (unfinished + 1, true)
    }
    return hasMoved
  }

  private func advanceScalars(_ progress: NodeProgress, _ tell: (StepScalars) -> Void) throws(CollectiveError) -> Bool {
    if scalarStage == .waiting, progress.isBegun {
      _ = allScalars.view.view(nodeShards).update(fromContentsOf: scalars)
      try scalarTransfers.start()
      scalarStage = .gathering
      return true
    }
    guard scalarStage == .gathering, try scalarTransfers.isDone() else { return false }
    let partial = allScalars.view
    for (target, source) in additions { partial[target] += partial[source] }
    totals = partial[0]
    tell(totals)
    scalarStage = .summed
    return true
  }

  /// Finishes the tree for this node's part of a bucket.
  private func addAcrossNodes(_ index: Int) {
    if let shorts = shorts(of: index) {
      for (place, root) in foreignRoots.enumerated() {
        widenBFloat16(shorts.received(index, place: place), into: sum(ofRoot: root, of: index))
      }
    }
    for (target, source) in crossAdditions { add(sum(ofRoot: source, of: index), into: sum(ofRoot: target, of: index)) }
    // Shard 0 is the root of the whole tree.
    if !nodeShards.contains(0) { copy(sum(ofRoot: 0, of: index), into: buffers[0].view(buckets[index].parts[node])) }
  }

  // MARK: Outside of steps

  /// Copies the windows of the node that rank 0 is on to all other nodes. For the first rank of each node.
  func broadcast(_ windows: [BufferView<Float>], from node: Int) throws(CollectiveError) {
    guard let rail else { return }
    for window in windows { try rail.broadcast(UnsafeMutableRawBufferPointer(window), from: node) }
  }

  /// Frees the rail. Collective.
  func close() throws(CollectiveError) {
    for transfers in deals + gathers + [scalarTransfers] { try transfers.close() }
    try group.close()
  }
}
