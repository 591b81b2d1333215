import Basics
import Collectives
import DataPipeline

/// How much memory the data may take on each node, and whether they are held in it or streamed.
struct DataMemory {
  /// What was given; nil for half of what the machine has.
  let limit: MemoryLimit?
  /// The bytes of it on the node that has least.
  let bound: Int
  let streams: Bool

  /// Decides by the size of the data and by the bound alone. Collective.
  ///
  /// - Parameters:
  ///   - bytes: of all samples that would be held.
  ///   - streams: what a checkpoint says, which is kept; nil where there is none.
  init(
    _ limit: MemoryLimit?, bytes: Double, streams: Bool? = nil, _ communicator: any Communicator
  ) throws(CollectiveError) {
    self.limit = limit
    let own = (limit ?? .standard).bytes(of: MemoryBudget.installed)
    bound = try communicator.allGather([own]).joined().min() ?? own
    self.streams = streams ?? (bytes > Double(bound))
  }

  /// - Throws: where this machine has not the memory to hold the data, or they cannot be streamed.
  func require(_ source: DataSource) throws {
    if streams {
      for split in source.splits.values { try split.requireWhole() }
    } else {
      try source.requireMemory(for: SplitName.allCases)
    }
  }

  /// How many rows a rank reads at a time where it streams them; nil where it holds them.
  ///
  /// - Parameter ownShards: that the rank has.
  func bufferRows(_ source: SplitSource, shardCount: Int, ownShards: Int) -> Int? {
    guard streams else { return nil }
    return StreamPlan.bufferRows(source, shardCount: shardCount, ownShards: ownShards, bound: bound)
  }

  /// A rank's part of all rows of a split, held-out ones included.
  func store(
    of source: SplitSource, targetCheck: any TargetCheck, over shards: ShardAssignment, rank: Int
  ) throws -> ShardStore {
    let own = shards.shards(ofRank: rank)
    return try ShardStore(
      source: source, selection: .all(count: source.sampleCount),
      partition: ShardPartition(sampleCount: source.sampleCount, shardCount: shards.shardCount), shards: own,
      targetCheck: targetCheck,
      streaming: bufferRows(source, shardCount: shards.shardCount, ownShards: own.count))
  }

  /// How the training samples are streamed; nil where they are held.
  ///
  /// - Parameter kept: what a checkpoint says of it.
  /// - Throws: if there is too little memory for it.
  func plan(
    _ source: SplitSource, _ rows: RowSelection, shardCount: Int, kept: StreamPlan?
  ) throws -> StreamPlan? {
    guard streams else { return nil }
    let what = "\(source.place(.features, row: 0)): streaming \(plural(rows.count, "row"))"
    let plan: StreamPlan
    if let kept {
      plan = kept
    } else {
      var bound = bound
      if limit == nil {
        let least = StreamPlan.leastBound(source, shardCount: shardCount).rounded(.up)
        try MemoryBudget.require(least, for: what)
        bound = max(bound, Int(least))
      }
      plan = try StreamPlan(source, rows, shardCount: shardCount, bound: bound)
    }
    let bytes = plan.windowBytes(source, sampleCount: rows.count, shardCount: shardCount)
    try MemoryBudget.require(bytes, for: "\(what) in windows of \(grouped(plan.windowRows))")
    return plan
  }
}
