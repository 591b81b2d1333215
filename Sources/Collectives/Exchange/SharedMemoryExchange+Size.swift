import NumericCore

extension SharedMemoryExchange {
  /// The bytes that the ranks of a node share.
  ///
  /// - Parameters:
  ///   - shards: of the node.
  ///   - ranks: of the node.
  static func byteCount(_ layout: ExchangeLayout, plan: BlockPlan, shards: Int, ranks: Int) -> Int {
    SharedMemory.byteCount(UInt32.self, count: NodeBarrier.wordCount)
      + SharedMemory.byteCount(Int.self, count: NodeProgress.wordCount(ranks: ranks))
      + SharedMemory.byteCount(StepScalars.self, count: 1)
      + max(1, shards) * SharedMemory.byteCount(Float.self, count: layout.exchangedCount)
      + SharedMemory.byteCount(StepScalars.self, count: shards)
      + SharedMemory.byteCount(Double.self, count: plan.blockCount)
      + SharedMemory.byteCount(Double.self, count: LayerSums.memoryCount(layout, plan: plan))
      + (1 + layout.stateCount) * SharedMemory.byteCount(Float.self, count: layout.parameterCount)
      + SharedMemory.byteCount(Float.self, count: layout.statisticCount)
  }

  /// What this rank's node shares for an exchange that is yet to be made, and what it lacks for that where MPI puts it,
  /// as `memoryNote`.
  package static func memory(
    for layout: ExchangeLayout, assignment: ShardAssignment, topology: Topology
  ) -> (byteCount: Int, free: Int?, note: String?) {
    let plan = BlockPlan(elementCount: layout.exchangedCount, frozen: layout.frozenRanges)
    let shards = topology.shards(ofNode: topology.nodeIndex, assignment).count, ranks = topology.node.size
    let bytes = byteCount(layout, plan: plan, shards: shards, ranks: ranks), free = SharedMapping.freeBytes
    return (bytes, free, SharedMemory.lack(of: bytes, ranks: ranks, free: free))
  }
}
