import Basics
import HDF5Storage

/// What one look at all rows of a rank's shards finds out, as it is needed before training, and checks on the way.
struct StreamSummary: Sendable {
  struct Column: Sendable {
    var minimum: [Double]
    var maximum: [Double]
    /// Of each shard held, Σx in the order of its positions.
    var sums: [[Double]]
    /// 1 where a column holds something other than 0 and 1.
    var others: [Double]
    /// 1 where a column holds a number that is not whole.
    var fractions: [Double]

    init(width: Int, shards: Int) {
      minimum = [Double](repeating: .infinity, count: width)
      maximum = [Double](repeating: -.infinity, count: width)
      sums = [[Double]](repeating: [Double](repeating: 0, count: width), count: shards)
      others = [Double](repeating: 0, count: width)
      fractions = others
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer, rows: Int, _ type: ElementType, shard: Int) {
      accumulate(.minimum, bytes, rows: rows, type, into: &minimum)
      accumulate(.maximum, bytes, rows: rows, type, into: &maximum)
      accumulate(.sum, bytes, rows: rows, type, into: &sums[shard])
      accumulate(.otherThanBinary, bytes, rows: rows, type, into: &others)
      // Of integers all are whole.
      if !type.isInteger { accumulate(.fractions, bytes, rows: rows, type, into: &fractions) }
    }
  }

  var features: Column
  var targets: Column
  var largestLabel: Int?
  /// Σ of the hashes of all rows; see `DataFingerprint`.
  var hashes: UInt64 = 0

  /// - Parameter progress: is given the share of the rows that have been seen.
  /// - Throws: if a file cannot be read, a feature or target is NaN or infinite, or a target is unfit.
  init(_ rows: StreamedRows, targetCheck: any TargetCheck, progress: (Double) -> Void) throws {
    let source = rows.source
    let targetWidth = source.reconstructs || source.targetType == nil ? 0 : source.targetSize
    features = Column(width: source.featureShape.elementCount, shards: rows.shards.count)
    targets = Column(width: targetWidth, shards: rows.shards.count)
    let total = max(1, rows.shards.reduce(0) { $0 + rows.partition.count(ofShard: $1) })
    var seen = 0
    try rows.forEachBlock { block, piece in
      seen += piece.count
      progress(Double(seen) / Double(total))
      try StopSignal.checkBeforeFirstStep()
      try check(rows, block, piece, targetCheck)
      let shard = block.shard - rows.shards.lowerBound
      features.take(piece.features, rows: piece.count, source.featureType, shard: shard)
      if targetWidth > 0, let type = source.targetType {
        targets.take(piece.targets, rows: piece.count, type, shard: shard)
      }
      for (index, number) in block.rows.enumerated() {
        hashes &+= source.hash(ofRow: rows.selection[number], piece.row(index, .features), piece.row(index, .targets))
      }
    }
  }

  private mutating func check(
    _ rows: StreamedRows, _ block: ShardPartition.Block, _ piece: RowPiece, _ targetCheck: any TargetCheck
  ) throws {
    var first = 0
    for run in rows.selection.runs(of: block.rows) {
      try rows.source.checkFinite(.features, run, piece.rows(first..<first + run.count, .features))
      if rows.source.rowByteCount(.targets) > 0,
        let label = try targetCheck.check(run, piece.rows(first..<first + run.count, .targets), of: rows.source)
      {
        largestLabel = max(largestLabel ?? 0, label)
      }
      first += run.count
    }
  }
}

extension RowPiece {
  func row(_ index: Int, _ column: SplitSource.Column) -> UnsafeRawBufferPointer { rows(index..<index + 1, column) }

  func rows(_ range: Range<Int>, _ column: SplitSource.Column) -> UnsafeRawBufferPointer {
    let bytes = bytes(column), size = bytes.count / count
    return UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * size..<range.upperBound * size])
  }
}

/// Folds rows into `sums`, one a column, in their order.
func accumulate(
  _ statistic: AccumulateColumns.Statistic, _ bytes: UnsafeRawBufferPointer, rows: Int, _ type: ElementType,
  into sums: inout [Double]
) {
  let width = sums.count
  precondition(bytes.count == rows * width * type.byteCount, "\(bytes.count) bytes for \(rows) rows of \(width)")
  sums.withUnsafeMutableBufferPointer { sums in
    guard let sums = sums.baseAddress, let source = bytes.baseAddress else { return }
    type.run(AccumulateColumns(source: source, rowCount: rows, width: width, statistic: statistic, sums: sums))
  }
}
