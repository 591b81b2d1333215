import NumericCore

extension ShardStore {
  /// The rows held, by their numbers in the split, with hashes of their features as the files have them: of equal rows
  /// they are equal, of others only by a chance of one in 2⁶⁴.
  package func featureHashes() -> (rows: [Int], hashes: [UInt64]) {
    let bytes = UnsafeRawBufferPointer(features.view), size = source.rowByteCount(.features)
    var rows: [Int] = [], hashes: [UInt64] = []
    for shard in shards {
      let first = firstRow[shard - shards.lowerBound]
      for position in 0..<count(shard) {
        let slot = first + position
        var hash = RowHash(key: 0)
        hash.add(UnsafeRawBufferPointer(rebasing: bytes[slot * size..<(slot + 1) * size]))
        rows.append(selection[partition.row(shard: shard, position: position)])
        hashes.append(hash.value)
      }
    }
    return (rows, hashes)
  }
}
