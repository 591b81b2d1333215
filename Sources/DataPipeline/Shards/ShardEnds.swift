import Basics
import HDF5Storage

extension SplitSource {
  /// Reads the first and the last row of each shard, and of each of its share of the files, and the targets of all rows
  /// of the shards as far as they are few, and checks them as loading would.
  ///
  /// - Parameters:
  ///   - selection: the rows that take part, which `partition` deals.
  ///   - share: this rank's number and the number of ranks, of which each looks at some of the files.
  /// - Returns: the greatest class index in the targets; nil for targets without classes.
  /// - Throws: as `ShardStore.init`.
  package func checkEnds(
    _ selection: RowSelection, _ partition: ShardPartition, shards: Range<Int>, share: (index: Int, count: Int),
    targetCheck: any TargetCheck
  ) throws -> Int? {
    let runs = shards.lazy.filter { partition.count(ofShard: $0) > 0 }.flatMap { shard in
      [0, partition.count(ofShard: shard) - 1].map { selection[partition.row(shard: shard, position: $0)] }
    }
    let files = parts.indices.filter { $0 % share.count == share.index }.flatMap { index in
      [parts[index].rows.lowerBound, parts[index].rows.upperBound - 1]
    }
    let ends = Set(Array(runs) + files).sorted().map { $0..<$0 + 1 }
    try forEachRun(.features, ends) { (_, rows, bytes) throws in try checkFinite(.features, rows, bytes) }
    try forEachRun(.weights, ends) { (_, rows, bytes) throws in try checkWeights(rows, bytes) }
    let isShort = Double(partition.sampleCount) * Double(rowByteCount(.targets)) < Self.greatestTargets
    let targets = isShort ? ShardStore.segments(selection, partition, shards).map(\.rows) : ends
    var largest: Int?
    try forEachRun(.targets, targets) { (_, rows, bytes) throws in
      if let label = try targetCheck.check(rows, bytes, of: self) { largest = max(largest ?? 0, label) }
    }
    return largest
  }

  /// Bytes of targets of all ranks up to which they are all looked at.
  private static var greatestTargets: Double { 1e9 }
}
