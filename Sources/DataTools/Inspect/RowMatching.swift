import HDF5Storage

/// A row and an equal row that stands before it, or in the training split.
struct RowMatch: Equatable {
  let row: Int
  let original: Int
}

/// Finds equal rows: by hash first, then confirmed value by value.
enum RowMatching {
  /// The rows of `dataset` that repeat an earlier row, in order.
  static func duplicates(in dataset: any SampleRows, hashes: [UInt64]) throws -> [RowMatch] {
    var candidates: [RowMatch] = []
    let order = sortedRows(hashes)
    var first = 0
    for index in order.indices.dropFirst() {
      if hashes[order[index]] == hashes[order[first]] {
        candidates.append(RowMatch(row: order[index], original: order[first]))
      } else {
        first = index
      }
    }
    return try confirmed(candidates, dataset, dataset)
  }

  /// The rows of `dataset` that also stand in `training`, in order.
  static func matches(
    of dataset: any SampleRows, hashes: [UInt64], in training: any SampleRows, trainingHashes: [UInt64]
  ) throws -> [RowMatch] {
    guard dataset.rowElementCount == training.rowElementCount else { return [] }
    let order = sortedRows(trainingHashes)
    var candidates: [RowMatch] = []
    var position = 0
    for row in sortedRows(hashes) {
      while position < order.count, trainingHashes[order[position]] < hashes[row] { position += 1 }
      guard position < order.count else { break }
      if trainingHashes[order[position]] == hashes[row] {
        candidates.append(RowMatch(row: row, original: order[position]))
      }
    }
    return try confirmed(candidates, dataset, training)
  }

  /// The rows by hash; equal hashes by row.
  private static func sortedRows(_ hashes: [UInt64]) -> [Int] {
    hashes.indices.sorted { hashes[$0] == hashes[$1] ? $0 < $1 : hashes[$0] < hashes[$1] }
  }

  /// The candidates whose rows are equal value by value, in order of the row.
  ///
  /// In batches of at most 64 MiB; within one, each data set is read in ascending order, so that a compressed chunk is
  /// inflated once a batch and not once a row.
  private static func confirmed(_ candidates: [RowMatch], _ dataset: any SampleRows, _ originals: any SampleRows)
    throws -> [RowMatch]
  {
    let width = dataset.rowElementCount
    guard !candidates.isEmpty, width > 0 else { return [] }
    let batchSize = max(1, min(candidates.count, (8 << 20) / width))
    let rows = UnsafeMutableBufferPointer<Double>.allocate(capacity: batchSize * width)
    let original = UnsafeMutableBufferPointer<Double>.allocate(capacity: width)
    defer {
      rows.deallocate()
      original.deallocate()
    }
    let ordered = candidates.sorted { $0.row < $1.row }
    var result: [RowMatch] = []
    for start in stride(from: 0, to: ordered.count, by: batchSize) {
      let batch = Array(ordered[start..<min(start + batchSize, ordered.count)])
      for (place, match) in batch.enumerated() {
        try dataset.readRow(match.row, into: .init(rebasing: rows[(place * width)..<((place + 1) * width)]))
      }
      var isEqual = [Bool](repeating: false, count: batch.count)
      var loaded: Int?
      for place in batch.indices.sorted(by: { batch[$0].original < batch[$1].original }) {
        if loaded != batch[place].original { try originals.readRow(batch[place].original, into: original) }
        loaded = batch[place].original
        isEqual[place] = original.indices.allSatisfy {
          (original[$0] + 0).bitPattern == (rows[place * width + $0] + 0).bitPattern
        }
      }
      result += zip(batch, isEqual).filter(\.1).map(\.0)
    }
    return result
  }
}
