extension ShardStore {
  /// The rows held, by their numbers in the split, with hashes of their features as the files have them: of equal rows
  /// they are equal, of others only by a chance of one in 2⁶⁴.
  ///
  /// - Throws: where streamed rows, which are read once more, cannot be.
  package func featureHashes() throws -> (rows: [Int], hashes: [UInt64]) {
    var rows: [Int] = [], hashes: [UInt64] = []
    try forEachRow { row, features, _ in
      var hash = RowHash(key: 0)
      hash.add(features)
      rows.append(row)
      hashes.append(hash.value)
    }
    return (rows, hashes)
  }
}
