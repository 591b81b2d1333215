import HDF5Storage

// What is asked of whole columns before training: from memory, or from what the first look at streamed rows has found.
extension ShardStore {
  /// The rows of a held shard in the order of its positions.
  private func piece(_ memory: RowBuffer, ofShard shard: Int) -> RowPiece {
    let index = shard - shards.lowerBound
    return RowPiece(source, memory, slots: firstRow[index]..<firstRow[index + 1])
  }

  /// The type of a column in memory; nil where it holds nothing of its own.
  private func type(_ column: SplitSource.Column) -> ElementType? {
    column == .features ? source.featureType : source.reconstructs ? nil : source.targetType
  }

  /// Folds all rows held into `start`, one number a column.
  private func folded(
    _ statistic: AccumulateColumns.Statistic, of column: SplitSource.Column, from start: Double
  ) -> [Double] {
    var result = [Double](repeating: start, count: width(column))
    guard let memory, let type = type(column) else { return result }
    for shard in shards {
      let rows = piece(memory, ofShard: shard)
      accumulate(statistic, rows.bytes(column), rows: rows.count, type, into: &result)
    }
    return result
  }

  private func summary(_ column: SplitSource.Column) -> StreamSummary.Column? {
    column == .features ? summary?.features : summary?.targets
  }

  /// The least and greatest value of each column in this rank's shards.
  func computeRange(_ column: SplitSource.Column) -> (minimum: [Double], maximum: [Double]) {
    if let summary = summary(column) { return (summary.minimum, summary.maximum) }
    return (folded(.minimum, of: column, from: .infinity), folded(.maximum, of: column, from: -.infinity))
  }

  /// 1 for each feature that holds something other than 0 and 1 in this rank's shards.
  func othersThanBinary() -> [Double] { summary?.features.others ?? folded(.otherThanBinary, of: .features, from: 0) }

  /// Whether a feature of this rank's shards is no whole number.
  func hasFractions() -> Bool {
    (summary?.features.fractions ?? folded(.fractions, of: .features, from: 0)).contains(1)
  }

  /// Σx of each column, for each shard held.
  func sums(_ column: SplitSource.Column) -> [[Double]] {
    if let summary = summary(column) { return summary.sums }
    return shards.map { shard in
      var sums = [Double](repeating: 0, count: width(column))
      if let memory, let type = type(column) {
        let rows = piece(memory, ofShard: shard)
        accumulate(.sum, rows.bytes(column), rows: rows.count, type, into: &sums)
      }
      return sums
    }
  }

  /// Σ(x − mean)² of each column, for each shard held. Reads streamed rows once more.
  func squaredDeviations(_ column: SplitSource.Column, from mean: [Double]) throws -> [[Double]] {
    var sums = [[Double]](repeating: [Double](repeating: 0, count: width(column)), count: shards.count)
    guard let type = type(column) else { return sums }
    try mean.withUnsafeBufferPointer { mean in
      guard let mean = mean.baseAddress else { return }
      func take(_ rows: RowPiece, _ shard: Int) {
        accumulate(
          .squaredDeviation(mean: mean), rows.bytes(column), rows: rows.count, type,
          into: &sums[shard - shards.lowerBound])
      }
      if let memory {
        for shard in shards { take(piece(memory, ofShard: shard), shard) }
      } else {
        try streamed?.forEachBlock { block, rows in take(rows, block.shard) }
      }
    }
    return sums
  }

  /// Shows the features of all rows that are streamed, piece by piece in the order of the rows.
  package func forEachBlock(_ body: (_ features: UnsafeRawBufferPointer) throws -> Void) throws {
    try streamed?.forEachBlock { _, rows in try body(rows.features) }
  }

  /// Shows each row held, with its number in the split. Reads streamed rows once more.
  func forEachRow(_ body: (_ row: Int, _ features: UnsafeRawBufferPointer, _ targets: UnsafeRawBufferPointer) -> Void)
    throws
  {
    if let memory {
      for shard in shards {
        let rows = piece(memory, ofShard: shard)
        for position in 0..<rows.count {
          body(row(shard: shard, position: position), rows.row(position, .features), rows.row(position, .targets))
        }
      }
    } else {
      try streamed?.forEachBlock { block, rows in
        for (index, number) in block.rows.enumerated() {
          body(selection[number], rows.row(index, .features), rows.row(index, .targets))
        }
      }
    }
  }
}
