import Basics
import Foundation
public import NumericCore

/// Sums gradients through shared memory inside a node and through MPI between nodes, in the fixed tree, and updates the
/// one copy of parameters and optimizer state that a node holds.
///
/// A step is a sequence of phases. Inside a phase a rank writes only memory that no other rank reads or writes; a
/// barrier of the node (═) ends the phase wherever the next one reads what others wrote. The last columns show which
/// phases and barriers an update takes part in: a plain one; a clipped one, which needs the norm of the whole gradient
/// first, as does one that may be refused (`StepGate`); and a layer-wise one, which needs sums over whole parameters
/// first.
///
///     phase      a rank writes                                           plain     clipped   layer-wise
///
///     fill       the buffers and scalars of its own shards                 •          •          •
///     ═          the node's shards are complete                            ═          ═          ═
///     scalars    its private sum of the scalars of all shards              •          •          •
///     reduce     its own blocks' sums, and their Σ g²                      •─┐        •          •
///     ═          the gradient's norm is known                                │        ═          ═
///     prepare    the squares and state of the pieces in its own blocks       │                   •
///     ═          the sums over whole parameters are known                    │                   ═
///     update     its own blocks of parameters, state and statistics        •─┘        •          •
///     ═          the new parameters are complete                           ═          ═          ═
///
/// A plain update reduces and updates block by block, while the block is in the cache. A step without samples skips
/// from the scalars to the last barrier, which keeps a fast rank from filling the next step's while others read
/// these. A step that is refused ends where the norm is known: that is read before this rank fills, and written again
/// behind the next step's first barrier. "Own blocks" divide the buffer among the ranks of the node.
///
/// On several nodes the first three phases give way to a pipeline (`InterNodeSum`). The buffer is cut into buckets,
/// dealt to the ranks that every node has. As soon as all ranks of the node have released the gradients of a bucket
/// (`NodeProgress`), its rank alone adds up the node's shards, exchanges the sums with its like on the other nodes and,
/// once no pass reads those parameters again, takes Σ g² and, if the update is plain, updates: while all still compute.
/// The barrier that tells the norm ends the pipeline; behind it a plain update is done.
public final class SharedMemoryExchange: Exchange {
  public let layout: ExchangeLayout
  public let assignment: ShardAssignment
  public let shards: Range<Int>
  public let parameters: BufferView<Float>
  public let optimizerState: [BufferView<Float>]
  public let statistics: BufferView<Float>

  /// Where the memory of this node is, unless it is where MPI puts it.
  public var memoryNote: String? { memory.note }

  private let topology: Topology
  private let memory: SharedMemory
  private let barrier: NodeBarrier
  private var progress: NodeProgress
  /// The shards of this node; their buffers and scalars follow. A node without shards has one buffer, for the sums.
  private let nodeShards: Range<Int>
  private let buffers: [BufferView<Float>]
  private let scalars: BufferView<StepScalars>
  /// Σ g² of each block, written by the rank that reduced it and read by all.
  private let blockNorms: BufferView<Double>
  /// nil for an update that treats each element by itself.
  private let layerSums: LayerSums?
  /// On a single node this rank's copy of the scalars of all shards, summed in place.
  private let partialScalars: FlatBuffer<StepScalars>

  private let plan: BlockPlan
  private let nodeSum: NodeSum
  public let shardOrder: ShardOrder
  /// nil on a single node.
  private let interNode: InterNodeSum?
  /// The sums of the scalars over all shards, for the ranks of this node that do not exchange them.
  private let nodeTotals: BufferView<StepScalars>
  /// nil on a single node, and where nothing is to be summed while the rank computes.
  private var thread: ProgressThread?

  /// The step under way.
  private var update: (any StepUpdate)?
  private var clipNorm: Double?
  private var accepts: StepGate?
  private var waiting = StopWatch()

  /// Collective over all ranks of the job.
  /// - Parameters:
  ///   - precision: of gradients between nodes.
  ///   - overlaps: whether nodes exchange while their ranks still compute, which changes no bit. Default: unless the
  ///     environment variable `DDP_TRAIN_OVERLAP` is 0.
  public init(
    _ layout: ExchangeLayout, assignment: ShardAssignment, topology: Topology,
    precision: ExchangePrecision = .float32,
    overlaps: Bool = ProcessInfo.processInfo.environment["DDP_TRAIN_OVERLAP"] != "0"
  ) throws(CollectiveError) {
    self.layout = layout
    self.assignment = assignment
    self.topology = topology
    shards = assignment.shards(ofRank: topology.world.rank)
    let nodeShards = topology.shards(ofNode: topology.nodeIndex, assignment)
    self.nodeShards = nodeShards
    plan = BlockPlan(elementCount: layout.exchangedCount, frozen: layout.frozenRanges)

    let blockCount = plan.blockCount
    let bufferCount = max(1, nodeShards.count)
    let bytes = Self.byteCount(layout, plan: plan, shards: nodeShards.count, ranks: topology.node.size)
    let memory = try SharedMemory(byteCount: bytes, node: topology.node)
    self.memory = memory
    barrier = NodeBarrier(
      memory: memory.take(UInt32.self, count: NodeBarrier.wordCount),
      peers: try topology.node.allGather([getpid()]).map { $0[0] })
    progress = NodeProgress(
      memory: memory.take(Int.self, count: NodeProgress.wordCount(ranks: topology.node.size)),
      ranks: topology.node.size, ownRank: topology.localRank, elementCount: layout.parameterCount)
    nodeTotals = memory.take(StepScalars.self, count: 1)
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
    nodeSum = NodeSum(layout, tree, assignment, shards: nodeShards, buffers: buffers)
    shardOrder = tree.order(within: shards)
    partialScalars = FlatBuffer(count: nodeShards.count)
    interNode =
      topology.nodeCount == 1
      ? nil
      : try InterNodeSum(
        plan: plan, parameterCount: layout.parameterCount, tree: tree, assignment: assignment, topology: topology,
        buffers: buffers, scalars: scalars, precision: precision)
    if interNode != nil, overlaps, MPILibrary.takesThreads {
      thread = ProgressThread { [unowned self] () throws(CollectiveError) in try advance() }
    }
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
    if let interNode, topology.localRank == 0 {
      try interNode.broadcast([parameters, statistics] + optimizerState, from: 0)
    }
    try barrier.wait()
  }

  public func begin(_ update: any StepUpdate, clipNorm: Double?, accepts: StepGate?) {
    (self.update, self.clipNorm, self.accepts) = (update, clipNorm, accepts)
    guard let interNode else { return }
    interNode.begin()
    progress.begin()
    thread?.start()
  }

  public func releaseGradients(from first: Int) { if interNode != nil { progress.releaseGradients(from: first) } }
  public func releaseParameters(from first: Int) { if interNode != nil { progress.releaseParameters(from: first) } }

  public func finish() throws(CollectiveError) -> StepTotals {
    guard let update else { preconditionFailure("a step is begun before it is finished") }
    // A stored update is of this step alone.
    defer { self.update = nil }
    let sums = if let interNode { try finish(interNode) } else { try reduceOnNode(update) }
    guard sums.samples > 0 else { return StepTotals(sums, gradientNorm: 0) }
    let norm = gradientNorm * reciprocal(sums.weight)
    let totals = StepTotals(sums, gradientNorm: norm)
    if !isPlain, sums.isUsable, accepts?(totals) ?? true {
      try updateLate(update, sums, scale: reciprocal(sums.weight) * clippingCoefficient(norm: norm, limit: clipNorm))
    }
    return totals
  }

  public func takeWaitSeconds() -> Double { waiting.takeSeconds() }

  public var world: MPICommunicator { topology.world }
  /// Every node has its own.
  public var copyHolders: [Range<Int>] { topology.nodeSizes.indices.map(topology.ranks(ofNode:)) }

  public func close() throws(CollectiveError) {
    thread?.close()
    try interNode?.close()
    try memory.close()
  }

  // MARK: Phases of a step

  /// Whether each element can be updated by itself as soon as it is summed.
  private var isPlain: Bool { clipNorm == nil && accepts == nil && layerSums == nil }

  /// From the fill to the norm, on a single node.
  private func reduceOnNode(_ update: any StepUpdate) throws(CollectiveError) -> StepScalars {
    try wait()
    let sums = sumScalars()
    if sums.samples > 0 {
      for block in ownBlocks {
        nodeSum.add(plan.block(block))
        complete(block, update, sums)
      }
    }
    try wait()
    return sums
  }

  /// From the fill to the norm, on several nodes: what is left of the pipeline.
  private func finish(_ pipeline: InterNodeSum) throws(CollectiveError) -> StepScalars {
    releaseParameters(from: 0)
    waiting.start()
    defer { waiting.stop() }
    try thread?.stop()
    var idle = 0
    try Timeline.span(.network) { () throws(CollectiveError) in
      while !pipeline.isDone {
        idle = try advance() ? 0 : idle + 1
        // Others may need the core, the system too, to receive what is awaited.
        if idle > 100 { usleep(20) } else if idle > 0 { sched_yield() }
        if idle % 100_000 == 99_999 { try barrier.checkPeers() }
      }
    }
    try barrier.wait()
    return nodeTotals[0]
  }

  /// One step of the pipeline: by this rank's thread while the rank computes, and by the rank itself in `finish`.
  private func advance() throws(CollectiveError) -> Bool {
    guard let interNode, let update else { return false }
    return try interNode.advance(progress, add: nodeSum.add(_:)) { blocks in
      let sums = interNode.totals
      for block in blocks { complete(block, update, sums) }
    } totals: {
      if topology.localRank == 0 { nodeTotals[0] = $0 }
    }
  }

  /// The second and third pass of an update that needs the norm of the gradient or sums over whole parameters first.
  private func updateLate(_ update: any StepUpdate, _ sums: StepScalars, scale: Double) throws(CollectiveError) {
    let gradientScale = Float(scale)
    if let layerSums {
      for block in ownBlocks { layerSums.prepare(update, block: block, gradient: summedGradient, scale: gradientScale) }
      try wait()
      layerSums.add()
    }
    for block in ownBlocks { apply(update, to: block, gradientScale: gradientScale, samples: sums.samples) }
    try wait()
  }

  private func wait() throws(CollectiveError) {
    waiting.start()
    defer { waiting.stop() }
    try barrier.wait()
  }

  /// The blocks that this rank reduces and updates for its node.
  private var ownBlocks: ArraySlice<Int> { plan.blocks(ofPart: topology.localRank, of: topology.node.size) }

  /// Takes the Σ g² of a block whose sum is there, and updates it if that is all it waits for.
  private func complete(_ block: Int, _ update: any StepUpdate, _ sums: StepScalars) {
    let gradients = plan.block(block).clamped(to: 0..<layout.parameterCount)
    blockNorms[block] = sumOfSquares(buffers[0].view(gradients))
    guard isPlain, sums.isUsable else { return }
    apply(update, to: block, gradientScale: Float(reciprocal(sums.weight)), samples: sums.samples)
  }

  private func apply(_ update: any StepUpdate, to block: Int, gradientScale: Float, samples: Double) {
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
        sums: buffers[0].view(layout.parameterCount..<layout.exchangedCount), scale: Float(1 / samples))
    }
  }

  /// Where the sums of the gradients are left.
  private var summedGradient: BufferView<Float> { buffers[0].view(first: layout.parameterCount) }

  /// √Σ g² of the summed gradient, from the blocks in their order.
  private var gradientNorm: Double { blockNorms.reduce(0, +).squareRoot() }

  /// Every rank sums the scalars for itself: they are few, and this way no rank waits for another's result.
  private func sumScalars() -> StepScalars {
    let partial = partialScalars.view
    _ = partial.update(fromContentsOf: scalars)
    nodeSum.add(scalars: partial)
    return partial[0]
  }
}
