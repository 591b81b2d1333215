/// A group of ranks that call the same collectives in the same order. A group of one is not a special case.
///
/// These are the verbs of set-up and evaluation; the gradients of a training step go through an `Exchange`.
public protocol Communicator: AnyObject, Sendable {
  /// This process's index in the group, 0 up to `size`.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }

  /// Returns when every rank has called it.
  func barrier() throws(CollectiveError)
  /// Overwrites `bytes` on every rank with those of `root`; `bytes.count` must be equal on all.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError)
  /// The bytes of every rank, of any length, in the order of the ranks.
  func allGather(_ bytes: UnsafeRawBufferPointer) throws(CollectiveError) -> [[UInt8]]
}

extension Communicator {
  public var isRoot: Bool { rank == 0 }

  /// The values of every rank, any number of them, in the order of the ranks.
  public func allGather<T: BitwiseCopyable>(_ values: [T]) throws(CollectiveError) -> [[T]] {
    let gathered = try values.withUnsafeBufferPointer { values throws(CollectiveError) in
      try allGather(UnsafeRawBufferPointer(values))
    }
    return gathered.map { bytes in bytes.withUnsafeBytes { Array($0.bindMemory(to: T.self)) } }
  }

  /// The root's text on every rank.
  public func broadcast(_ text: String, from root: Int) throws(CollectiveError) -> String {
    String(decoding: try allGather(rank == root ? Array(text.utf8) : [])[root], as: UTF8.self)
  }

  /// Sums one vector per shard over all V shards in the fixed tree, so that the bits do not depend on the ranks.
  ///
  /// - Parameter local: one vector for each shard of this rank, in ascending order, all of one length.
  public func treeSum(_ local: [[Double]], over shards: ShardAssignment) throws(CollectiveError) -> [Double] {
    precondition(local.count == shards.shards(ofRank: rank).count, "one vector for each shard of this rank")
    let gathered = try allGather(local.flatMap { $0 }).flatMap { $0 }
    // A rank without shards learns the length from the others.
    let width = gathered.count / shards.shardCount
    precondition(
      gathered.count == width * shards.shardCount && local.allSatisfy { $0.count == width },
      "every shard's vector has \(width) elements")
    return ShardTree(leafCount: shards.shardCount).sum(width: width) { shard, column in gathered[shard * width + column]
    }
  }
}
