import Basics
import HDF5Storage

extension SplitSource {
  /// The features that are looked at before a run: all of them up to so many bytes, else so many rows.
  private static let (sampledBytes, sampledRows) = (64 << 20, 1024)
  /// Bytes of targets of all ranks up to which they are all looked at.
  private static let greatestTargets = 1e9

  /// The number of rows whose features `checkSample` looks at, on all ranks together.
  package var sampledRowCount: Int {
    let most = Self.sampledBytes / max(1, rowByteCount(.features))
    return min(sampleCount, sampleCount <= most ? sampleCount : max(2, min(Self.sampledRows, most)))
  }

  /// Reads rows at even distances, the first and the last of the split and of each file among them, and the targets of
  /// all rows of the shards as far as they are few, and checks them as loading would.
  ///
  /// - Parameters:
  ///   - selection: the rows that take part, which `partition` deals.
  ///   - share: this rank's number and the number of ranks, of which each looks at some of the rows.
  /// - Returns: the greatest class index in the targets; nil for targets without classes.
  /// - Throws: as `ShardStore.init`.
  package func checkSample(
    _ selection: RowSelection, _ partition: ShardPartition, shards: Range<Int>, share: (index: Int, count: Int),
    targetCheck: any TargetCheck
  ) throws -> Int? {
    let rows = sampledRows(share)
    try forEachRun(.features, rows) { (_, rows, bytes) throws in try checkFinite(.features, rows, bytes) }
    try forEachRun(.weights, rows) { (_, rows, bytes) throws in try checkWeights(rows, bytes) }
    let isShort = Double(partition.sampleCount) * Double(rowByteCount(.targets)) < Self.greatestTargets
    let targets = isShort ? ShardStore.segments(selection, partition, shards).map(\.rows) : rows
    var largest: Int?
    try forEachRun(.targets, targets) { (_, rows, bytes) throws in
      if let label = try targetCheck.check(rows, bytes, of: self) { largest = max(largest ?? 0, label) }
    }
    return largest
  }

  /// Those of one rank, ascending: neighbours, so that ranks read different parts of the files.
  private func sampledRows(_ share: (index: Int, count: Int)) -> [Range<Int>] {
    func own(_ count: Int) -> Range<Int> { count * share.index / share.count..<count * (share.index + 1) / share.count }
    let count = sampledRowCount
    guard count < sampleCount else { return [own(count)].filter { !$0.isEmpty } }
    let even = own(count).map { $0 * (sampleCount - 1) / (count - 1) }
    let ends = own(parts.count).flatMap { [parts[$0].rows.lowerBound, parts[$0].rows.upperBound - 1] }
    return Set(even + ends).sorted().map { $0..<$0 + 1 }
  }
}
