import Glibc
public import NumericCore

/// Sums gradients through shared memory inside a node and through MPI between nodes, in the fixed tree, and updates the one copy
/// of parameters and moments that a node holds.
///
/// After a barrier each rank of a node adds up its slice of all the node's shard buffers and, on a single node, updates that
/// slice of the parameters in the same pass; after a second barrier everybody reads the new parameters. Clipping needs the
/// norm first, so the update becomes a pass of its own; a layer-wise update has two, with sums over parameters between. With several nodes, ranks of the same local index exchange their slice of
/// the node sums between the two: all-to-all of parts, the rest of the tree, all-gather.
public final class SharedMemoryExchange: Exchange {
  public let layout: ExchangeLayout
  public let assignment: ShardAssignment
  public let shards: Range<Int>
  public let parameters: Window<Float>
  public let moments: [Window<Float>]
  public let statistics: Window<Float>

  private let topology: Topology
  private let memory: SharedMemory
  private let barrier: NodeBarrier
  /// The shards of this node, and their buffers and tails.
  private let nodeShards: Range<Int>
  private let buffers: [Window<Float>]
  private let tails: [Window<Double>]
  /// Σ g² of each block, written by the rank that reduced it and read by all.
  private let blockNorms: Window<Double>
  /// nil where the update takes each element by itself.
  private let layerSums: LayerSums?
  /// This rank's copy of the summed scalars.
  private let totalTail = FlatBuffer<Double>(count: TailSlot.allCases.count)
  private let partialTails: FlatBuffer<Double>

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
    plan = BlockPlan(elementCount: layout.exchangedCount)

    let blockCount = plan.blockCount
    let states = 1 + layout.momentCount
    let bytes =
      SharedMemory.byteCount(UInt32.self, count: NodeBarrier.wordCount)
      + nodeShards.count * SharedMemory.byteCount(Float.self, count: layout.exchangedCount)
      + nodeShards.count * SharedMemory.byteCount(Double.self, count: TailSlot.allCases.count)
      + SharedMemory.byteCount(Double.self, count: blockCount)
      + SharedMemory.byteCount(Double.self, count: LayerSums.memoryCount(layout, plan: plan))
      + states * SharedMemory.byteCount(Float.self, count: layout.parameterCount)
      + SharedMemory.byteCount(Float.self, count: layout.statisticCount)
    let memory = try SharedMemory(byteCount: bytes, node: topology.node)
    self.memory = memory
    barrier = NodeBarrier(
      memory: memory.take(UInt32.self, count: NodeBarrier.wordCount),
      peers: try topology.node.allGather([getpid()]).map { $0[0] })
    buffers = nodeShards.map { _ in memory.take(Float.self, count: layout.exchangedCount) }
    tails = nodeShards.map { _ in memory.take(Double.self, count: TailSlot.allCases.count) }
    blockNorms = memory.take(Double.self, count: blockCount)
    layerSums =
      layout.layerRanges.isEmpty
      ? nil : LayerSums(layout, plan: plan) { memory.take(Double.self, count: $0) }
    parameters = memory.take(Float.self, count: layout.parameterCount)
    moments = (0..<layout.momentCount).map { _ in memory.take(Float.self, count: layout.parameterCount) }
    statistics = memory.take(Float.self, count: layout.statisticCount)

    let tree = ShardTree(leafCount: assignment.shardCount)
    nodeAdditions = tree.additions(within: nodeShards).map {
      ($0.target - nodeShards.lowerBound, $0.source - nodeShards.lowerBound)
    }
    treeAdditions = tree.additions
    partialTails = FlatBuffer(count: assignment.shardCount * TailSlot.allCases.count)
    interNode =
      topology.nodeCount == 1
      ? nil : try InterNodeSum(plan: plan, tree: tree, assignment: assignment, topology: topology)
  }

  public func gradients(ofShard shard: Int) -> Window<Float> {
    buffers[shard - nodeShards.lowerBound].window(first: layout.parameterCount)
  }
  public func batchStatistics(ofShard shard: Int) -> Window<Float> {
    buffers[shard - nodeShards.lowerBound].window(layout.parameterCount..<layout.exchangedCount)
  }
  public func tail(ofShard shard: Int) -> Window<Double> { tails[shard - nodeShards.lowerBound] }

  public func publish() throws(CollectiveError) {
    try barrier.wait()
    if let interNode { try interNode.broadcast([parameters, statistics] + moments, from: 0) }
    try barrier.wait()
  }

  public func step(_ update: some StepUpdate) throws(CollectiveError) -> StepTotals {
    try barrier.wait()
    if let interNode {
      for block in ownBlocks { addShards(of: plan.block(block)) }
      try barrier.wait()
      try interNode.sum(buffers: buffers, firstShard: nodeShards.lowerBound)
    }
    try sumTails()

    if interNode != nil {
      // Other ranks of this node may still be writing sums that lie in our blocks.
      try barrier.wait()
    }
    let samples = totalTail.window[TailSlot.samples.rawValue]
    guard samples > 0 else {
      // Nobody may fill the next step's tails while others still read these.
      try barrier.wait()
      return totals(totalTail.window, gradientNorm: 0)
    }
    let mean = reciprocal(totalTail.window[TailSlot.weight.rawValue])
    let scale = Float(mean), statisticScale = Float(1 / samples)
    let norm: Double
    if update.clipNorm == nil && layerSums == nil {
      for block in ownBlocks {
        reduce(block)
        apply(update, to: block, gradientScale: scale, statisticScale: statisticScale)
      }
      try barrier.wait()
      norm = gradientNorm * mean
    } else {
      for block in ownBlocks { reduce(block) }
      try barrier.wait()
      norm = gradientNorm * mean
      let clipped = Float(mean * clippingCoefficient(norm: norm, limit: update.clipNorm))
      if let layerSums {
        for block in ownBlocks {
          layerSums.prepare(update, block: block, gradient: summedGradient, scale: clipped)
        }
        try barrier.wait()
        layerSums.add()
      }
      for block in ownBlocks { apply(update, to: block, gradientScale: clipped, statisticScale: statisticScale) }
      try barrier.wait()
    }
    return totals(totalTail.window, gradientNorm: norm)
  }

  public func replicasAgree() throws(CollectiveError) -> Bool {
    Set(try topology.world.allGather([stateDigest]).map { $0[0] }).count == 1
  }

  /// Gives the shared memory back, which nothing may use after that. Collective; a program that trains once may leave it to the
  /// end of the process.
  public func close() throws(CollectiveError) {
    try interNode?.close()
    try memory.close()
  }

  // MARK: One step

  /// The blocks that this rank reduces and updates for its node.
  private var ownBlocks: Range<Int> { plan.blocks(ofPart: topology.localRank, of: topology.node.size) }

  /// Leaves the sum of a block in the first buffer, where it is not there already, and its Σ g² in `blockNorms`.
  private func reduce(_ block: Int) {
    let elements = plan.block(block)
    if interNode == nil { addShards(of: elements) }
    let gradients = elements.clamped(to: 0..<layout.parameterCount)
    blockNorms[block] = sumOfSquares(buffers[0].window(gradients))
  }

  private func addShards(of elements: Range<Int>) {
    for (target, source) in nodeAdditions {
      add(buffers[source].window(elements), into: buffers[target].window(elements))
    }
  }

  private func apply(_ update: some StepUpdate, to block: Int, gradientScale: Float, statisticScale: Float) {
    let elements = plan.block(block)
    let gradients = elements.clamped(to: 0..<layout.parameterCount)
    if let layerSums {
      layerSums.update(update, block: block, gradient: summedGradient, scale: gradientScale)
    } else if !gradients.isEmpty {
      update.updateParameters(gradients, gradient: summedGradient, scale: gradientScale)
    }
    let statistics = elements.clamped(to: layout.parameterCount..<layout.exchangedCount)
    if !statistics.isEmpty {
      update.updateStatistics(
        statistics.lowerBound - layout.parameterCount..<statistics.upperBound - layout.parameterCount,
        sums: buffers[0].window(layout.parameterCount..<layout.exchangedCount), scale: statisticScale)
    }
  }

  /// Where the sums of the gradients are after `reduce`, each rank's own blocks.
  private var summedGradient: Window<Float> { buffers[0].window(first: layout.parameterCount) }

  /// √Σ g² of the summed gradient, from the blocks in their order.
  private var gradientNorm: Double { blockNorms.reduce(0, +).squareRoot() }

  /// Every rank sums the scalars for itself: there are few, and nobody has to wait for them.
  private func sumTails() throws(CollectiveError) {
    let width = TailSlot.allCases.count
    let partial = partialTails.window
    for (index, tail) in tails.enumerated() {
      let shard = nodeShards.lowerBound + index
      for slot in 0..<width { partial[shard * width + slot] = tail[slot] }
    }
    if let interNode { try interNode.gatherTails(partial) }
    for (target, source) in treeAdditions {
      for slot in 0..<width { partial[target * width + slot] += partial[source * width + slot] }
    }
    for slot in 0..<width { totalTail.window[slot] = partial[slot] }
  }
}
