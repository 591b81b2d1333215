import Foundation

/// The ranks of a job and the nodes they run on, renumbered so that the ranks of a node are consecutive.
public struct Topology: Sendable {
  /// All ranks, node by node.
  public let world: MPICommunicator
  /// The ranks of this node.
  public let node: MPICommunicator
  /// This node's index.
  public let nodeIndex: Int
  /// Ranks on each node.
  public let nodeSizes: [Int]

  public var nodeCount: Int { nodeSizes.count }
  public var localRank: Int { node.rank }

  /// - Parameters:
  ///   - ranks: every rank of the job.
  ///   - ranksPerNode: splits each node into pretended nodes of at most that many ranks, to try out on one machine what
  ///     several do. Default: the environment variable `DDP_TRAIN_RANKS_PER_NODE`, if set.
  public init(
    _ ranks: MPICommunicator,
    ranksPerNode: Int? = ProcessInfo.processInfo.environment["DDP_TRAIN_RANKS_PER_NODE"].flatMap { Int($0) }
  ) throws(CollectiveError) {
    var node = try ranks.splitByNode()
    if let ranksPerNode, ranksPerNode > 0 {
      let whole = node
      node = try whole.split(color: whole.rank / ranksPerNode, key: whole.rank)
      try whole.close()
    }
    // A node is identified by its lowest rank, and nodes are ordered by that rank.
    let leader = try node.allGather([ranks.rank])[0][0]
    let leaders = try ranks.allGather([leader]).map { $0[0] }
    let nodes = Set(leaders).sorted()
    self.node = node
    nodeSizes = nodes.map { leader in leaders.count { $0 == leader } }
    nodeIndex = nodes.count { $0 < leader }
    world = try ranks.split(color: 0, key: nodeSizes[..<nodeIndex].reduce(0, +) + node.rank)
  }

  /// Frees both groups, after all that uses them. Collective.
  public func close() throws(CollectiveError) {
    try world.close()
    try node.close()
  }

  /// The shards that the ranks of node `index` hold together.
  package func shards(ofNode index: Int, _ assignment: ShardAssignment) -> Range<Int> {
    let ranks = ranks(ofNode: index)
    return assignment.shards(ofRank: ranks.lowerBound)
      .lowerBound..<assignment.shards(ofRank: ranks.upperBound - 1).upperBound
  }

  /// The world ranks on node `index`.
  package func ranks(ofNode index: Int) -> Range<Int> {
    let first = nodeSizes[..<index].reduce(0, +)
    return first..<first + nodeSizes[index]
  }
}
