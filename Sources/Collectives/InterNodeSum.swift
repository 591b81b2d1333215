internal import COpenMPI
import NumericCore

/// Completes node sums into the sum over all nodes, in the order of the tree.
///
/// A node's shards make up a few whole subtrees, whose roots hold their sums. The flat buffer is cut into one lane for each
/// local rank that every node has; in a lane, node j is given every root's elements of part j, finishes the tree there, and
/// gives the result back to all.
final class InterNodeSum {
  private let plan: BlockPlan
  private let topology: Topology
  /// The ranks of one lane, one from each node; nil for a rank without a lane, on a node with more ranks than another.
  private let lane: MPICommunicator?
  /// The element range of part j of this rank's lane.
  private let parts: [Range<Int>]
  private let roots: [[Int]]
  private let crossAdditions: [(target: Int, source: Int)]
  /// Where root r's elements of our own part begin in `received`.
  private var rootStart: [Int: Int] = [:]
  private let packed: FlatBuffer<Float>
  private let received: FlatBuffer<Float>
  private let sendCounts: [Int32], sendStarts: [Int32], receiveCounts: [Int32], receiveStarts: [Int32]
  private let partCounts: [Int32], partStarts: [Int32]
  private let tailCounts: [Int32], tailStarts: [Int32]

  init(
    plan: BlockPlan, tree: ShardTree, assignment: ShardAssignment, topology: Topology
  ) throws(CollectiveError) {
    self.plan = plan
    self.topology = topology
    let lanes = topology.nodeSizes.min()!
    let nodes = topology.nodeCount
    let laneIndex = topology.localRank
    // A rank without a lane still takes part in the collective split, in a group that is never used.
    let group = try topology.world.split(color: min(laneIndex, lanes), key: topology.nodeIndex)
    lane = laneIndex < lanes ? group : nil

    let nodeShards = (0..<nodes).map { node in
      let ranks = topology.ranks(ofNode: node)
      return assignment.shards(ofRank: ranks.lowerBound).lowerBound..<assignment.shards(
        ofRank: ranks.upperBound - 1
      ).upperBound
    }
    let roots = nodeShards.map { tree.roots(within: $0) }
    self.roots = roots
    let rankShards = (0..<topology.world.size).map { assignment.shards(ofRank: $0) }
    tailCounts = rankShards.map { Int32($0.count * TailSlot.allCases.count) }
    tailStarts = rankShards.map { Int32($0.lowerBound * TailSlot.allCases.count) }
    let local = Set(nodeShards.flatMap { tree.additions(within: $0).map(\.source) })
    crossAdditions = tree.additions.filter { !local.contains($0.source) }

    let blocks = laneIndex < lanes ? plan.blocks(ofPart: laneIndex, of: lanes) : 0..<0
    let parts = (0..<nodes).map { node -> Range<Int> in
      let first = blocks.lowerBound + blocks.count * node / nodes
      let last = blocks.lowerBound + blocks.count * (node + 1) / nodes
      return min(first * BlockPlan.blockSize, plan.elementCount)..<min(
        last * BlockPlan.blockSize, plan.elementCount)
    }
    self.parts = parts
    let own = parts[topology.nodeIndex].count
    let ownRoots = roots[topology.nodeIndex].count
    func starts(_ counts: [Int]) -> [Int32] {
      var sum = 0
      return counts.map { count in
        defer { sum += count }
        return Int32(sum)
      }
    }
    let sending = parts.map { $0.count * ownRoots }
    let receiving = roots.map { $0.count * own }
    (sendCounts, sendStarts) = (sending.map(Int32.init), starts(sending))
    (receiveCounts, receiveStarts) = (receiving.map(Int32.init), starts(receiving))
    (partCounts, partStarts) = (parts.map { Int32($0.count) }, parts.map { Int32($0.lowerBound) })
    packed = FlatBuffer(count: sending.reduce(0, +))
    received = FlatBuffer(count: receiving.reduce(0, +))
    var start = 0
    for root in roots.joined() {
      rootStart[root] = start
      start += own
    }
  }

  /// Leaves the sum over all nodes in `buffers[0]`, for the elements of this rank's lane. Call between two node barriers.
  /// - Parameter buffers: the exchange buffers of this node's shards, of which `firstShard` is the first.
  func sum(buffers: [Window<Float>], firstShard: Int) throws(CollectiveError) {
    guard let lane else { return }
    var start = 0
    for part in parts {
      for root in roots[topology.nodeIndex] {
        copy(buffers[root - firstShard].window(part), into: packed.window.window(start..<start + part.count))
        start += part.count
      }
    }
    try check(
      "MPI_Alltoallv",
      MPI_Alltoallv(
        packed.window.baseAddress, sendCounts, sendStarts, copenmpi_float(), received.window.baseAddress,
        receiveCounts, receiveStarts, copenmpi_float(), lane.handle))
    let own = parts[topology.nodeIndex].count
    for (target, source) in crossAdditions {
      let from = rootStart[source]!, to = rootStart[target]!
      add(received.window.window(from..<from + own), into: received.window.window(to..<to + own))
    }
    // Shard 0 is the root of the whole tree, and the first that is received.
    try check(
      "MPI_Allgatherv",
      MPI_Allgatherv(
        received.window.baseAddress, Int32(own), copenmpi_float(), buffers[0].baseAddress, partCounts, partStarts,
        copenmpi_float(), lane.handle))
  }

  /// Fills in the scalars of the other nodes' shards, `TailSlot.allCases.count` a shard, ours already there.
  func gatherTails(_ tails: Window<Double>) throws(CollectiveError) {
    try check(
      "MPI_Allgatherv",
      MPI_Allgatherv(
        copenmpi_in_place(), 0, copenmpi_double(), tails.baseAddress, tailCounts, tailStarts,
        copenmpi_double(), topology.world.handle))
  }

  /// Copies the windows of the node that rank 0 is on to all other nodes.
  func broadcast(_ windows: [Window<Float>], from node: Int) throws(CollectiveError) {
    guard topology.localRank == 0, let lane else { return }
    for window in windows { try lane.broadcast(UnsafeMutableRawBufferPointer(window), from: node) }
  }
}
