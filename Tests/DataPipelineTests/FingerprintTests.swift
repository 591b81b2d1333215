import Collectives
import DataPipeline
import HDF5Storage
import Testing

@Suite struct FingerprintTests {
  /// Files of a data set of 203 rows of 7 features, of which file k ends at row `ends[k]`.
  private func fingerprint(
    ends: [Int] = [203], gzip: Int? = nil, ranks: Int = 1, shards: Int = 4, change: (inout [Float]) -> Void = { _ in },
    labels: (Int) -> Int32 = { Int32($0 % 3) }
  ) throws -> DataFingerprint {
    var values = (0..<203 * 7).map { Float(($0 * 7919) % 1013) }
    change(&values)
    return try withTemporaryDirectory { directory in
      for (index, end) in ends.enumerated() {
        let rows = (index == 0 ? 0 : ends[index - 1])..<end
        try makeFile("\(directory)/\(index).h5") { file in
          let part = Array(values[rows.lowerBound * 7..<rows.upperBound * 7])
          try file.write("/X", shape: [rows.count, 7], elements: part, gzipLevel: gzip)
          try file.write("/y", shape: [rows.count], elements: rows.map(labels))
        }
      }
      let split = try DataSource.open(directory).split(.train)
      let partition = ShardPartition(sampleCount: 203, shardCount: shards)
      let found = try ThreadGroup.run(size: ranks) { rank in
        let assignment = ShardAssignment(shardCount: shards, rankCount: ranks)
        let store = try ShardStore(
          source: split, selection: .all(count: 203), partition: partition,
          shards: assignment.shards(ofRank: rank.rank), targetCheck: ClassIndices(count: nil))
        return try DataFingerprint([store], rank)
      }
      #expect(found.allSatisfy { $0 == found[0] })
      return found[0]
    }
  }

  @Test func dependsOnValuesAlone() throws {
    let plain = try fingerprint()
    #expect(plain.description.count == 16)
    #expect(try fingerprint(ranks: 3, shards: 5) == plain)
    #expect(try fingerprint(ends: [50, 51, 203], gzip: 4, ranks: 2) == plain)
  }

  @Test func tellsWhatChanged() throws {
    let plain = try fingerprint()
    #expect(try fingerprint { $0[1420].negate() } != plain, "one value")
    #expect(try fingerprint { $0.swapAt(3, 4) } != plain, "two values of a row exchanged")
    #expect(try fingerprint { for i in 0..<7 { $0.swapAt(i, 14 + i) } } != plain, "two rows exchanged")
    #expect(try fingerprint(labels: { Int32($0 % 3 == 2 ? 0 : $0 % 3) }) != plain, "labels")
  }
}
