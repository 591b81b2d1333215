import Collectives
import DataPipeline
import Settings

/// Finds rows of validation and test whose features are those of a training row.
///
/// Rows are compared by hashes of 64 bits of their bytes, so a split of another type than training is not looked at;
/// nor are splits that would take long: more than 2 million rows or 4 GB in all; nor streamed ones whose hashes would
/// take more than their share of memory.
enum LeakSearch {
  static let rowLimit = 2_000_000
  static let byteLimit = 4_000_000_000

  struct Leak {
    let split: SplitName
    let samples: Int
    /// In order.
    let rows: [Int]
    /// Share of the training rows whose features another training row has too: how often rows are equal by themselves.
    let trainRepeats: Double

    var json: JSONValue {
      [
        "split": .string(split.rawValue), "samples": .integer(samples), "count": .integer(rows.count),
        "rows": .array(rows.prefix(100).map(JSONValue.integer)), "train_repeats": .number(trainRepeats),
      ]
    }
  }

  /// Collective; equal on all ranks.
  static func leaks(in data: TrainingData, _ communicator: any Communicator) throws -> [Leak] {
    let train = data.train.source
    let others = [(SplitName.validation, data.validation), (.test, data.test)].compactMap { name, split in
      split.flatMap { $0.store.source.featureType == train.featureType ? (name, $0) : nil }
    }
    let rowCount = data.train.partition.sampleCount + others.reduce(0) { $0 + $1.1.sampleCount }
    let (bytes, isOver) = rowCount.multipliedReportingOverflow(by: train.rowByteCount(.features))
    guard !others.isEmpty, rowCount <= rowLimit, !isOver, bytes <= byteLimit else { return [] }
    // Every rank takes some 64 bytes a row.
    if let stream = data.stream, rowCount > stream.bound / (64 * data.train.partition.shardCount) { return [] }
    let counts = Dictionary(
      try communicator.allGather(data.train.featureHashes().hashes).joined().map { ($0, 1) }, uniquingKeysWith: +)
    let repeats = counts.values.reduce(0) { $0 + ($1 > 1 ? $1 : 0) }
    let trainRepeats = Double(repeats) / Double(max(1, data.train.partition.sampleCount))
    var leaks: [Leak] = []
    for (name, split) in others {
      let (rows, hashes) = try split.store.featureHashes()
      let own = zip(rows, hashes).filter { counts[$0.1] != nil }.map(\.0)
      let found = try communicator.allGather(own).flatMap { $0 }.sorted()
      if !found.isEmpty {
        leaks.append(Leak(split: name, samples: split.sampleCount, rows: found, trainRepeats: trainRepeats))
      }
    }
    return leaks
  }
}
