internal import COpenMPI
import NumericCore

/// Completes node sums into the sum over all nodes, in the order of the tree. A node's shards form a few whole
/// subtrees, whose roots hold their sums. The flat buffer is cut into rails: one for each local rank that every node
/// has. Within a rail, round by round, node j receives part j from every root, finishes the tree there, and sends the
/// result back to all nodes.
final class InterNodeSum {
  private let topology: Topology
  /// The ranks of one rail, one from each node; nil for a rank without a rail, on a node with more ranks than another
  /// node.
  private let rail: MPICommunicator?
  /// The rail, or the unused group of the ranks without one.
  private let group: MPICommunicator
  private let rounds: [Round]
  private let roots: [[Int]]
  /// The index of each root among the roots of all nodes.
  private let rootIndex: [Int: Int]
  private let crossAdditions: [(target: Int, source: Int)]
  private let packed: FlatBuffer<Float>
  private let received: FlatBuffer<Float>
  private let scalarCounts: [Int32], scalarStarts: [Int32]

  /// Blocks of one round: 16 MiB of floats. This bounds the staging buffers, and keeps the counts that MPI takes as 32
  /// bits far below their limit, however large the model.
  private static let blocksPerRound = 1024

  init(
    plan: BlockPlan, tree: ShardTree, assignment: ShardAssignment, topology: Topology
  ) throws(CollectiveError) {
    self.topology = topology
    let rails = topology.nodeSizes.min() ?? 1
    let nodes = topology.nodeCount
    let railIndex = topology.localRank
    // A rank without a rail still takes part in the collective split, in a group that is never used.
    let group = try topology.world.split(color: min(railIndex, rails), key: topology.nodeIndex)
    self.group = group
    rail = railIndex < rails ? group : nil

    let nodeShards = (0..<nodes).map { topology.shards(ofNode: $0, assignment) }
    let roots = nodeShards.map { tree.roots(within: $0) }
    self.roots = roots
    rootIndex = Dictionary(uniqueKeysWithValues: roots.joined().enumerated().map { ($1, $0) })
    let rankShards = (0..<topology.world.size).map { assignment.shards(ofRank: $0) }
    scalarCounts = rankShards.map { Int32($0.count * StepScalars.count) }
    scalarStarts = rankShards.map { Int32($0.lowerBound * StepScalars.count) }
    let local = Set(nodeShards.flatMap { tree.additions(within: $0).map(\.source) })
    crossAdditions = tree.additions.filter { !local.contains($0.source) }

    let runs = railIndex < rails ? plan.blocks(ofPart: railIndex, of: rails).runs : []
    let rounds = runs.flatMap { blocks in
      stride(from: blocks.lowerBound, to: blocks.upperBound, by: Self.blocksPerRound).map { first in
        Round(
          plan: plan, blocks: first..<min(first + Self.blocksPerRound, blocks.upperBound), roots: roots,
          node: topology.nodeIndex)
      }
    }
    self.rounds = rounds
    packed = FlatBuffer(count: rounds.map(\.sentCount).max() ?? 0)
    received = FlatBuffer(count: rounds.map(\.receivedCount).max() ?? 0)
  }

  /// Leaves the sum over all nodes in `buffers[0]`, for the elements of this rank's rail. Call between two node
  /// barriers.
  /// - Parameter buffers: the exchange buffers of this node's shards, of which `firstShard` is the first.
  func sum(buffers: [BufferView<Float>], firstShard: Int) throws(CollectiveError) {
    guard let rail else { return }
    for round in rounds {
      var start = 0
      for part in round.parts {
        for root in roots[topology.nodeIndex] {
          copy(buffers[root - firstShard].view(part), into: packed.view.view(start..<start + part.count))
          start += part.count
        }
      }
      try check(
        "MPI_Alltoallv",
        MPI_Alltoallv(
          packed.view.baseAddress, round.sendCounts, round.sendStarts, copenmpi_float(),
          received.view.baseAddress, round.receiveCounts, round.receiveStarts, copenmpi_float(), rail.handle))
      let own = round.parts[topology.nodeIndex].count
      for (target, source) in crossAdditions {
        add(receivedSum(ofRoot: source, count: own), into: receivedSum(ofRoot: target, count: own))
      }
      // Shard 0 is the root of the whole tree, and the first that is received.
      let sums = buffers[0].view(round.parts[0].lowerBound..<round.parts[round.parts.count - 1].upperBound)
      try check(
        "MPI_Allgatherv",
        MPI_Allgatherv(
          received.view.baseAddress, Int32(own), copenmpi_float(), sums.baseAddress, round.partCounts,
          round.partStarts, copenmpi_float(), rail.handle))
    }
  }

  /// Where `received` holds a root's elements of this node's part, `count` of them.
  private func receivedSum(ofRoot root: Int, count: Int) -> BufferView<Float> {
    guard let index = rootIndex[root] else { preconditionFailure("shard \(root) is not the root of a node's subtree") }
    return received.view.view(index * count..<(index + 1) * count)
  }

  /// Fills in the scalars of the other nodes' shards, ours already there.
  func gather(_ scalars: BufferView<StepScalars>) throws(CollectiveError) {
    try check(
      "MPI_Allgatherv",
      MPI_Allgatherv(
        copenmpi_in_place(), 0, copenmpi_double(), scalars.doubles.baseAddress, scalarCounts, scalarStarts,
        copenmpi_double(), topology.world.handle))
  }

  /// Frees the rail. Collective.
  func close() throws(CollectiveError) { try group.close() }

  /// Copies the windows of the node that rank 0 is on to all other nodes.
  func broadcast(_ windows: [BufferView<Float>], from node: Int) throws(CollectiveError) {
    guard topology.localRank == 0, let rail else { return }
    for window in windows { try rail.broadcast(UnsafeMutableRawBufferPointer(window), from: node) }
  }
}

/// A stretch of one rail, and which node finishes which part of it.
private struct Round {
  /// The elements that node j finishes, adjacent and in the order of the nodes; some ranges may be empty.
  let parts: [Range<Int>]
  let sendCounts: [Int32], sendStarts: [Int32], receiveCounts: [Int32], receiveStarts: [Int32]
  let partCounts: [Int32], partStarts: [Int32]
  /// Elements that this rank packs and sends, and that it receives.
  let sentCount: Int, receivedCount: Int

  /// - Parameter roots: each node's roots.
  init(plan: BlockPlan, blocks: Range<Int>, roots: [[Int]], node: Int) {
    let nodes = roots.count
    parts = (0..<nodes).map { index in
      let first = blocks.lowerBound + blocks.count * index / nodes
      let last = blocks.lowerBound + blocks.count * (index + 1) / nodes
      return min(first * BlockPlan.blockSize, plan.elementCount)..<min(last * BlockPlan.blockSize, plan.elementCount)
    }
    let ownRoots = roots[node].count, own = parts[node].count
    (sendCounts, sendStarts, sentCount) = Self.counts(parts.map { $0.count * ownRoots })
    (receiveCounts, receiveStarts, receivedCount) = Self.counts(roots.map { $0.count * own })
    (partCounts, partStarts, _) = Self.counts(parts.map(\.count))
  }

  /// MPI's form of consecutive pieces.
  private static func counts(_ counts: [Int]) -> (counts: [Int32], starts: [Int32], total: Int) {
    var total = 0
    let starts = counts.map { count in
      defer { total += count }
      return Int32(total)
    }
    return (counts.map { Int32($0) }, starts, total)
  }
}
