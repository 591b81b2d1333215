import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import NumericCore
import Testing

@Suite struct ShardStoreTests {
  /// A split of `rows` rows of `width` features of type `T`, whose targets are the row's number modulo ten.
  private func makeSplit<T: HDF5Element & Numeric>(
    _ directory: String, rows: Int, width: Int, _ value: (_ row: Int, _ column: Int) -> T
  ) throws -> SplitSource {
    let path = try makeFile("\(directory)/\(T.elementType.name)-\(rows)x\(width).h5") { file in
      try file.write(
        "/X", shape: [rows, width], elements: (0..<rows * width).map { value($0 / width, $0 % width) }, gzipLevel: 1)
      try file.write("/y", shape: [rows], elements: (0..<rows).map { T(exactly: $0 % 10) ?? 0 })
    }
    return try DataSource.open(path).split(.train)
  }

  private func fill(
    _ store: ShardStore, shard: Int, _ positions: [Int32]
  ) throws -> (x: [Float], y: [Float], ids: [Int]) {
    let width = store.source.featureShape.elementCount
    let x = FlatBuffer<Float>(count: positions.count * width)
    let y = FlatBuffer<Float>(count: positions.count * store.source.targetSize)
    let ids = FlatBuffer<Int>(count: positions.count)
    try positions.withUnsafeBufferPointer {
      try store.fill(
        BatchRows(features: x.view, targets: y.view, sampleIDs: ids.view), shard: shard, positions: $0)
    }
    return (Array(x.view), Array(y.view), Array(ids.view))
  }

  private func check<T: HDF5Element & Numeric>(
    _ value: @escaping (_ row: Int, _ column: Int) -> T, _ float: (T) -> Float, _ double: (T) -> Double
  ) throws {
    try withTemporaryDirectory { directory in
      let isWide = [ElementType.int32, .int64, .uint32, .uint64, .float64].contains(T.elementType)
      for width in [1, 3, 17, 64] {
        let rows = 203
        let split = try makeSplit(directory, rows: rows, width: width, value)
        #expect(split.featureType == T.elementType)
        for selection in [RowSelection.all(count: rows), .rows((0..<rows).filter { $0 % 7 != 3 && $0 % 11 < 9 })] {
          let partition = ShardPartition(sampleCount: selection.count, shardCount: 5)
          let store = try ShardStore(
            source: split, selection: selection, partition: partition, shards: 1..<4,
            targetCheck: ClassIndices(count: 10))
          let vectors = FeatureTransform(
            kind: .standard, offset: (0..<width).map { Double($0) / 2 }, factor: (0..<width).map { 1 / Float($0 + 1) })
          for transform in [.identity, FeatureTransform(kind: .unit, offset: [2], factor: [0.25]), vectors] {
            store.transform = transform
            for shard in 1..<4 {
              let positions = (0..<Int32(store.count(shard))).reversed() + [0]
              let batch = try fill(store, shard: shard, Array(positions))
              // The naive twin.
              let rows = positions.map { selection[partition.row(shard: shard, position: Int($0))] }
              var expected: [Float] = []
              for row in rows {
                for j in 0..<width {
                  let k = transform.offset.count == 1 ? 0 : j
                  let (offset, factor) = (transform.offset[k], transform.factor[k])
                  expected.append(
                    isWide && (transform.offset.count > 1 || offset != 0)
                      ? Float((double(value(row, j)) - offset) * Double(factor))
                      : (float(value(row, j)) - Float(offset)) * factor)
                }
              }
              #expect(batch.ids == rows)
              #expect(batch.y == rows.map { Float($0 % 10) })
              #expect(batch.x == expected, "\(T.elementType.name), width \(width), \(transform.kind)")
            }
          }
        }
      }
    }
  }

  @Test func fillsAsTheNaiveTwin() throws {
    try check({ Int8(truncatingIfNeeded: $0 * 31 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ Int16(truncatingIfNeeded: $0 * 3111 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ Int32(truncatingIfNeeded: $0 * 31_111_111 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ Int64(truncatingIfNeeded: $0 * 31_111_111_111_111 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ UInt8(truncatingIfNeeded: $0 * 31 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ UInt16(truncatingIfNeeded: $0 * 3111 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ UInt32(truncatingIfNeeded: $0 * 31_111_111 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ UInt64(truncatingIfNeeded: ($0 + 1) * -31_111_111_111_111 + $1 * 7) }, { Float($0) }, { Double($0) })
    try check({ Float($0) * 0.3 - Float($1) }, { $0 }, { Double($0) })
    try check({ Double($0) * 0.3 - Double($1) }, { Float($0) }, { Double($0) })
  }

  /// Rows of 40 kB: reads are cut into slabs, and gaps between the runs are not read.
  @Test func largeRows() throws {
    try withTemporaryDirectory { directory in
      let split = try makeSplit(directory, rows: 300, width: 10_000) { Float($0 * 10 + $1 % 10) }
      let partition = ShardPartition(sampleCount: 300, shardCount: 2)
      for shards in [0..<2, 1..<2] {
        let store = try ShardStore(
          source: split, selection: .all(count: 300), partition: partition, shards: shards, targetCheck: FiniteNumbers()
        )
        for shard in shards {
          let batch = try fill(store, shard: shard, [Int32](0..<Int32(store.count(shard))))
          for (i, row) in batch.ids.enumerated() {
            #expect(batch.x[i * 10_000] == Float(row * 10) && batch.x[i * 10_000 + 9999] == Float(row * 10 + 9))
          }
        }
      }
    }
  }

  @Test func runsOverManyFiles() throws {
    try withTemporaryDirectory { directory in
      for part in 0..<4 {
        try makeFile("\(directory)/\(part).h5") { file in
          try file.write("/X", shape: [50, 2], elements: (0..<100).map { Int32(part * 100 + $0) })
          try file.write("/y", shape: [50], elements: (0..<50).map { Int16(part * 50 + $0) })
        }
      }
      let split = try DataSource.open(directory).split(.train)
      let partition = ShardPartition(sampleCount: 200, shardCount: 3)
      let store = try ShardStore(
        source: split, selection: .all(count: 200), partition: partition, shards: 0..<3, targetCheck: FiniteNumbers())
      for shard in 0..<3 {
        let batch = try fill(store, shard: shard, [Int32](0..<Int32(store.count(shard))))
        for (i, row) in batch.ids.enumerated() {
          #expect(batch.x[2 * i] == Float(2 * row) && batch.x[2 * i + 1] == Float(2 * row + 1))
          #expect(batch.y[i] == Float(row))
        }
      }
    }
  }

  /// Of 66 MiB in rows of 1 MiB, 64 at even distances.
  @Test func someOfMuchIsLookedAt() throws {
    try withTemporaryDirectory { directory in
      let (rows, width) = (66, 1 << 18)
      func faults(inRow spoiled: Int) throws -> [[String]] {
        var values = [Float](repeating: 1, count: rows * width)
        values[spoiled * width + 5] = .nan
        let path = try makeFile(directory + "/\(spoiled).h5") { file in
          try file.write("/X", shape: [rows, width], elements: values)
          try file.write("/y", shape: [rows], elements: (0..<rows).map { Int32($0 % 2) })
        }
        defer { unlink(path) }
        let split = try DataSource.open(path).split(.train)
        #expect(split.sampledRowCount == 64)
        let partition = ShardPartition(sampleCount: rows, shardCount: 4)
        return [1, 3].map { ranks in
          (0..<ranks).map { rank in
            message {
              _ = try split.checkSample(
                .all(count: rows), partition, shards: 4 * rank / ranks..<4 * (rank + 1) / ranks, share: (rank, ranks),
                targetCheck: ClassIndices(count: 2))
            }
          }.filter { $0 != "no error" }
        }
      }
      // The naive twin.
      let sampled = Set((0..<64).map { $0 * 65 / 63 })
      #expect(sampled.count == 64)
      for row in [0, 30, 65] + Set(0..<66).subtracting(sampled) {
        for found in try faults(inRow: row) {
          #expect(found.isEmpty == !sampled.contains(row), "\(row): \(found)")
          #expect(found.allSatisfy { $0.contains("/X row \(row), value 5, is nan") }, "\(found)")
        }
      }
    }
  }

  @Test func spoiledRowsAreNamed() throws {
    try withTemporaryDirectory { directory in
      func load(_ name: String, x: [Float], y: [Float], _ check: any TargetCheck) throws -> String {
        let path = try makeFile("\(directory)/\(name).h5") { file in
          try file.write("/X", shape: [x.count / 2, 2], elements: x)
          try file.write("/y", shape: [y.count], elements: y)
        }
        let split = try DataSource.open(path).split(.train)
        return message {
          _ = try ShardStore(
            source: split, selection: .all(count: 4), partition: ShardPartition(sampleCount: 4, shardCount: 2),
            shards: 1..<2, targetCheck: check)
        }
      }
      let x: [Float] = [0, 1, 2, 3, 4, 5, 6, 7]
      // Shard 1 holds the rows 1 and 3.
      var spoiled = x
      spoiled[7] = .nan
      let nan = try load("nan", x: spoiled, y: [0, 1, 2, 3], ClassIndices(count: nil))
      #expect(nan.contains("nan.h5: /X row 3, value 1, is nan"))
      spoiled[7] = -.infinity
      #expect(try load("inf", x: spoiled, y: [0, 1, 2, 3], FiniteNumbers()).contains("/X row 3, value 1, is -inf"))
      let high = try load("high", x: x, y: [0, 1, 2, 3], ClassIndices(count: 3))
      #expect(high.contains("high.h5: /y row 3 has the label 3; expected an integer from 0 to 2"))
      #expect(try load("low", x: x, y: [0, -1, 2, 3], ClassIndices(count: 4)).contains("/y row 1 has the label -1"))
      #expect(try load("half", x: x, y: [0, 1.5, 2, 3], ClassIndices(count: nil)).contains("the label 1.5"))
      #expect(try load("nanlabel", x: x, y: [0, .nan, 2, 3], ClassIndices(count: nil)).contains("the label nan"))
      #expect(try load("nantarget", x: x, y: [0, .nan, 2, 3], FiniteNumbers()).contains("/y row 1, value 0, is nan"))
      // Row 0 belongs to another rank.
      #expect(try load("other", x: [.nan] + x.dropFirst(), y: [0, 1, 2, 3], FiniteNumbers()) == "no error")
    }
  }

  @Test(arguments: [1, 2, 3, 4])
  func classCountIsThatOfAllRanks(ranks: Int) throws {
    try withTemporaryDirectory { directory in
      let split = try makeSplit(directory, rows: 97, width: 1) { row, _ in Int32(row) }
      let assignment = ShardAssignment(shardCount: 4, rankCount: ranks)
      let counts = try ThreadGroup.run(size: ranks) { communicator in
        try ShardStore(
          source: split, selection: .all(count: 97), partition: ShardPartition(sampleCount: 97, shardCount: 4),
          shards: assignment.shards(ofRank: communicator.rank), targetCheck: ClassIndices(count: nil)
        ).classCount(communicator)
      }
      #expect(counts == Array(repeating: 10, count: ranks))
    }
  }

  @Test("Features that are the targets, scaled and with their channels last, need no labels")
  func reconstruction() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/images.h5") { file in
        try file.write("/train/x", shape: [12, 3, 4, 5], elements: (0..<12 * 60).map { UInt8($0 % 251) })
        // Too few rows for labels, which are not read.
        try file.write("/train/y", shape: [2], elements: [Int32(7), -1])
      }
      let source = try DataSource.open(path, reconstructs: true).arranged(as: .images, .auto)
      let split = try source.split(.train)
      #expect(split.targetShape == [4, 5, 3] && split.targetType == .float32)
      #expect(split.place(.targets, row: 3) == "\(path): /train/x row 3")
      let store = try ShardStore(
        source: split, selection: .all(count: 12), partition: ShardPartition(sampleCount: 12, shardCount: 2),
        shards: 0..<2,
        targetCheck: FiniteNumbers())
      store.transform = .unit(.uint8)
      let batch = try fill(store, shard: 1, [2, 0])
      #expect(batch.y == batch.x && batch.x.count == 120 && Set(batch.x).count > 50)
      #expect(message { try store.checkProbabilities() } == "no error")
      store.transform = .identity
      #expect(
        message { try store.checkProbabilities() }.contains("go from 0.0 to 250.0, but binary_cross_entropy expects"))
      store.transform = FeatureTransform(kind: .unit, offset: [1], factor: [1.0 / 255])
      #expect(message { try store.checkProbabilities() }.contains("go from -0.003"))
    }
  }

  @Test("Rows of a class and a box: the greatest class, and the first row that is none")
  func detections() throws {
    let good: [Float] = [0, 0, 1, 0.25, 0.5, 2, 0.5, 0.5, 1.5, 1]
    func store(_ labels: [Float], classCount: Int? = nil, in directory: String) throws -> ShardStore {
      let path = try makeFile(directory + "/boxes.h5") { file in
        try file.write("/X", shape: [2, 1], elements: [Float(1), 2])
        try file.write("/y", shape: [2, 5], elements: labels)
      }
      return try ShardStore(
        source: try DataSource.open(path).split(.train), selection: .all(count: 2),
        partition: ShardPartition(sampleCount: 2, shardCount: 1), shards: 0..<1,
        targetCheck: ClassesAndBoxes(classCount: classCount))
    }
    try withTemporaryDirectory { directory in
      let found = try store(good, in: directory)
      #expect(found.largestLabel == 2)
      #expect(try fill(found, shard: 0, [1, 0]).y == Array(good[5...] + good[..<5]))
      #expect(message { _ = try store(good, classCount: 3, in: directory) } == "no error")
      #expect(
        message { _ = try store(good, classCount: 2, in: directory) }
          .hasSuffix(
            "boxes.h5: /y row 1 has the class 2.0 and the box [0.5, 0.5, 1.5, 1.0]; expected an integer from 0 to 1, a "
              + "centre from 0 to 1 and a width and height above 0, relative to the image; repair or remove the row"))
      let spoils: [(Int, Float)] = [
        (5, -1), (5, 0.5), (5, .nan), (6, -0.01), (7, 1.01), (6, .nan), (8, 0), (9, -1), (8, .nan), (9, .infinity),
      ]
      for (place, value) in spoils {
        var labels = good
        labels[place] = value
        #expect(
          message { _ = try store(labels, in: directory) }.contains("row 1 has the class"), "\(value) at \(place)")
      }
    }
  }
}
