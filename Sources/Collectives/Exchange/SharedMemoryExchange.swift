import Glibc
public import NumericCore

/// Sums gradients through shared memory inside a node and through MPI between nodes, in the fixed tree, and updates the
/// one copy of parameters and optimizer state that a node holds.
///
/// A step is a sequence of phases. Inside a phase a rank writes only memory that no other rank reads or writes; a
/// barrier of the node (═) ends the phase wherever the next one reads what others wrote. Lines marked + are for several
/// nodes only. The last columns show which phases and barriers an update takes part in: a plain one; a clipped one,
/// which needs the norm of the whole gradient first; and a layer-wise one, which needs sums over whole parameters
/// first.
///
///       phase      a rank writes                                           plain     clipped   layer-wise
///
///       fill       the buffers and scalars of its own shards                 •          •          •
///       ═          the node's shards are complete                            ═          ═          ═
///     + add        its own blocks' sums over the node's shards               •          •          •
///     + ═          the node's sums are complete                              ═          ═          ═
///     + exchange   its own rail's sums over all nodes                        •          •          •
///       scalars    its private sum of the scalars of all shards              •          •          •
///     + ═          the sum over all nodes is complete                        ═          ═          ═
///       reduce     its own blocks' sums (on one node), and their Σ g²         •─┐        •          •
///       ═          the gradient's norm is known                                │        ═          ═
///       prepare    the squares and state of the pieces in its own blocks       │                   •
///       ═          the sums over whole parameters are known                    │                   ═
///       update     its own blocks of parameters, state and statistics        •─┘        •          •
///       ═          the new parameters are complete                           ═          ═          ═
///
/// A plain update reduces and updates block by block, while the block is in the cache. A step without samples skips
/// from the scalars to the last barrier, which keeps a fast rank from filling the next step's while others read
/// these. "Own blocks" divide the buffer among the ranks of the node, "own rail" among the ranks that every node has
/// (`InterNodeSum`). The two differ where nodes are of unequal size, hence the barrier between exchange and reduce.
public final class SharedMemoryExchange: Exchange {
  public let layout: ExchangeLayout
  public let assignment: ShardAssignment
  public let shards: Range<Int>
  public let parameters: BufferView<Float>
  public let optimizerState: [BufferView<Float>]
  public let statistics: BufferView<Float>

  private let topology: Topology
  private let memory: SharedMemory
  private let barrier: NodeBarrier
  /// The shards of this node; their buffers and scalars follow. A node without shards has one buffer, for the sums.
  private let nodeShards: Range<Int>
  private let buffers: [BufferView<Float>]
  private let scalars: BufferView<StepScalars>
  /// Σ g² of each block, written by the rank that reduced it and read by all.
  private let blockNorms: BufferView<Double>
  /// nil for an update that treats each element by itself.
  private let layerSums: LayerSums?
  /// This rank's copy of the scalars of all shards, summed in place.
  private let partialScalars: FlatBuffer<StepScalars>

  private let plan: BlockPlan
  /// The additions of the tree that this node can do alone, as indices of `buffers`.
  private let nodeAdditions: [(target: Int, source: Int)]
  private let treeAdditions: [(target: Int, source: Int)]
  /// nil on a single node.
  private let interNode: InterNodeSum?

  /// Collective over all ranks of the job.
  public init(_ layout: ExchangeLayout, assignment: ShardAssignment, topology: Topology) throws(CollectiveError) {
    self.layout = layout
    self.assignment = assignment
    self.topology = topology
    shards = assignment.shards(ofRank: topology.world.rank)
    let nodeShards = topology.shards(ofNode: topology.nodeIndex, assignment)
    self.nodeShards = nodeShards
    plan = BlockPlan(elementCount: layout.exchangedCount, frozen: layout.frozenRanges)

    let blockCount = plan.blockCount
    let bufferCount = max(1, nodeShards.count)
    let states = 1 + layout.stateCount
    let bytes =
      SharedMemory.byteCount(UInt32.self, count: NodeBarrier.wordCount)
      + bufferCount * SharedMemory.byteCount(Float.self, count: layout.exchangedCount)
      + SharedMemory.byteCount(StepScalars.self, count: nodeShards.count)
      + SharedMemory.byteCount(Double.self, count: blockCount)
      + SharedMemory.byteCount(Double.self, count: LayerSums.memoryCount(layout, plan: plan))
      + states * SharedMemory.byteCount(Float.self, count: layout.parameterCount)
      + SharedMemory.byteCount(Float.self, count: layout.statisticCount)
    let memory = try SharedMemory(byteCount: bytes, node: topology.node)
    self.memory = memory
    barrier = NodeBarrier(
      memory: memory.take(UInt32.self, count: NodeBarrier.wordCount),
      peers: try topology.node.allGather([getpid()]).map { $0[0] })
    buffers = (0..<bufferCount).map { _ in memory.take(Float.self, count: layout.exchangedCount) }
    scalars = memory.take(StepScalars.self, count: nodeShards.count)
    blockNorms = memory.take(Double.self, count: blockCount)
    layerSums =
      layout.layerRanges.isEmpty
      ? nil : LayerSums(layout, plan: plan) { memory.take(Double.self, count: $0) }
    parameters = memory.take(Float.self, count: layout.parameterCount)
    optimizerState = (0..<layout.stateCount).map { _ in memory.take(Float.self, count: layout.parameterCount) }
    statistics = memory.take(Float.self, count: layout.statisticCount)

    let tree = ShardTree(leafCount: assignment.shardCount)
    nodeAdditions = tree.additions(within: nodeShards).map {
      ($0.target - nodeShards.lowerBound, $0.source - nodeShards.lowerBound)
    }
    treeAdditions = tree.additions
    partialScalars = FlatBuffer(count: assignment.shardCount)
    interNode =
      topology.nodeCount == 1
      ? nil : try InterNodeSum(plan: plan, tree: tree, assignment: assignment, topology: topology)
  }

  public func gradients(ofShard shard: Int) -> BufferView<Float> {
    buffers[shard - nodeShards.lowerBound].view(first: layout.parameterCount)
  }
  public func batchStatistics(ofShard shard: Int) -> BufferView<Float> {
    buffers[shard - nodeShards.lowerBound].view(layout.parameterCount..<layout.exchangedCount)
  }
  public func scalars(ofShard shard: Int) -> UnsafeMutablePointer<StepScalars> {
    scalars.pointer(to: shard - nodeShards.lowerBound)
  }

  public func broadcastState() throws(CollectiveError) {
    try barrier.wait()
    if let interNode { try interNode.broadcast([parameters, statistics] + optimizerState, from: 0) }
    try barrier.wait()
  }

  public func step(_ update: some StepUpdate, clipNorm: Double?) throws(CollectiveError) -> StepTotals {
    try barrier.wait()
    if let interNode {
      for block in ownBlocks { addShards(of: plan.block(block)) }
      try barrier.wait()
      try interNode.sum(buffers: buffers, firstShard: nodeShards.lowerBound)
    }
    let sums = try sumScalars()
    if interNode != nil { try barrier.wait() }

    guard sums.samples > 0 else {
      try barrier.wait()
      return StepTotals(sums, gradientNorm: 0)
    }
    let (mean, statisticScale) = (reciprocal(sums.weight), Float(1 / sums.samples))
    let isPlain = clipNorm == nil && layerSums == nil
    let norm =
      isPlain
      ? try reduceAndUpdate(update, mean: mean, statisticScale: statisticScale)
      : try reduceThenUpdate(update, mean: mean, clipNorm: clipNorm, statisticScale: statisticScale)
    return StepTotals(sums, gradientNorm: norm)
  }

  public func replicasAgree() throws(CollectiveError) -> Bool {
    Set(try topology.world.allGather([stateDigest]).map { $0[0] }).count == 1
  }

  public func close() throws(CollectiveError) {
    try interNode?.close()
    try memory.close()
  }

  // MARK: Phases of a step

  /// One pass: each block is updated as soon as it is summed.
  /// - Returns: the norm of the mean gradient, as does `reduceThenUpdate`.
  private func reduceAndUpdate(
    _ update: some StepUpdate, mean: Double, statisticScale: Float
  ) throws(CollectiveError) -> Double {
    for block in ownBlocks {
      reduce(block)
      apply(update, to: block, gradientScale: Float(mean), statisticScale: statisticScale)
    }
    try barrier.wait()
    return gradientNorm * mean
  }

  /// Two or three passes: the update needs the norm of the gradient or sums over whole parameters first.
  private func reduceThenUpdate(
    _ update: some StepUpdate, mean: Double, clipNorm: Double?, statisticScale: Float
  ) throws(CollectiveError) -> Double {
    for block in ownBlocks { reduce(block) }
    try barrier.wait()
    let norm = gradientNorm * mean
    let clipped = Float(mean * clippingCoefficient(norm: norm, limit: clipNorm))
    if let layerSums {
      for block in ownBlocks { layerSums.prepare(update, block: block, gradient: summedGradient, scale: clipped) }
      try barrier.wait()
      layerSums.add()
    }
    for block in ownBlocks { apply(update, to: block, gradientScale: clipped, statisticScale: statisticScale) }
    try barrier.wait()
    return norm
  }

  /// The blocks that this rank reduces and updates for its node.
  private var ownBlocks: ArraySlice<Int> { plan.blocks(ofPart: topology.localRank, of: topology.node.size) }

  /// Leaves the sum of a block in the first buffer (with several nodes it is there already) and its Σ g² in
  /// `blockNorms`.
  private func reduce(_ block: Int) {
    let elements = plan.block(block)
    if interNode == nil { addShards(of: elements) }
    let gradients = elements.clamped(to: 0..<layout.parameterCount)
    blockNorms[block] = sumOfSquares(buffers[0].view(gradients))
  }

  private func addShards(of elements: Range<Int>) {
    for (target, source) in nodeAdditions {
      add(buffers[source].view(elements), into: buffers[target].view(elements))
    }
  }

  private func apply(_ update: some StepUpdate, to block: Int, gradientScale: Float, statisticScale: Float) {
    let elements = plan.block(block)
    let gradients = elements.clamped(to: 0..<layout.parameterCount)
    if let layerSums {
      layerSums.update(update, block: block, gradient: summedGradient, scale: gradientScale)
    } else if !gradients.isEmpty {
      update.update(gradients, gradient: summedGradient, scale: gradientScale)
    }
    let statistics = elements.clamped(to: layout.parameterCount..<layout.exchangedCount)
    if !statistics.isEmpty {
      update.updateStatistics(
        statistics.lowerBound - layout.parameterCount..<statistics.upperBound - layout.parameterCount,
        sums: buffers[0].view(layout.parameterCount..<layout.exchangedCount), scale: statisticScale)
    }
  }

  /// Where `reduce` leaves the sums of the gradients, each rank those of its own blocks.
  private var summedGradient: BufferView<Float> { buffers[0].view(first: layout.parameterCount) }

  /// √Σ g² of the summed gradient, from the blocks in their order.
  private var gradientNorm: Double { blockNorms.reduce(0, +).squareRoot() }

  /// Every rank sums the scalars for itself: they are few, and this way no rank waits for another's result.
  private func sumScalars() throws(CollectiveError) -> StepScalars {
    let partial = partialScalars.view
    _ = partial.view(nodeShards).update(fromContentsOf: scalars)
    if let interNode { try interNode.gather(partial) }
    for (target, source) in treeAdditions { partial[target] += partial[source] }
    return partial[0]
  }
}
