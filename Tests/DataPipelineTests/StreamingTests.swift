import Basics
import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import NumericCore
import Testing

/// Rows that are streamed are the rows that memory would hold, in an order of windows.
@Suite struct StreamingTests {
  /// Images of 3 channels first, in files of uneven length, with chunks that no block fits.
  private func images(_ parent: String) throws -> DataSource {
    let directory = parent + "/images"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    var row = 0
    for (part, count) in [61, 130, 9].enumerated() {
      try makeFile("\(directory)/images-\(part).h5") { file in
        try file.write(
          "/train/x", shape: [count, 3, 4, 5],
          elements: (0..<count * 60).map { UInt8(truncatingIfNeeded: (row + $0 / 60) * 31 + $0 % 60 * 7) },
          chunkShape: part == 1 ? nil : [7, 3, 4, 5], gzipLevel: part == 1 ? nil : 3)
        try file.write("/train/y", shape: [count], elements: (0..<count).map { Int16((row + $0) % 10) })
      }
      row += count
    }
    return try DataSource.open(directory).arranged(as: .images, .auto)
  }

  /// A table of float32, shuffled and compressed.
  private func table(_ directory: String, rows: Int = 403, labels: Bool = true) throws -> DataSource {
    let path = try makeFile(directory + "/table.h5") { file in
      try file.write(
        "/train/x", shape: [rows, 6], elements: (0..<rows * 6).map { Float($0 * $0 % 1009) / 7 - 50 },
        chunkShape: [16, 6], gzipLevel: 4, shuffle: true)
      if labels {
        try file.write("/train/y", shape: [rows, 2], elements: (0..<rows * 2).map { Double($0 % 37) * 0.1 })
      }
    }
    return try DataSource.open(path, labelsRequired: labels)
  }

  private struct Batch: Equatable {
    var features: [Float], targets: [Float], rows: [Int]
  }

  private func batch(
    _ store: ShardStore, _ count: Int, _ fill: (BatchRows) throws -> Void
  ) throws -> Batch {
    let x = FlatBuffer<Float>(count: count * store.source.featureShape.elementCount)
    let y = FlatBuffer<Float>(count: count * store.source.targetSize), ids = FlatBuffer<Int>(count: count)
    try fill(BatchRows(features: x.view, targets: y.view, sampleIDs: ids.view))
    return Batch(features: Array(x.view), targets: Array(y.view), rows: Array(ids.view))
  }

  /// The same rows in memory and streamed, dealt alike.
  private func stores(
    _ split: SplitSource, _ selection: RowSelection, _ partition: ShardPartition, shards: Range<Int>,
    bufferRows: Int = 50
  ) throws -> (memory: ShardStore, streamed: ShardStore) {
    func store(_ bufferRows: Int?) throws -> ShardStore {
      let store = try ShardStore(
        source: split, selection: selection, partition: partition, shards: shards, targetCheck: FiniteNumbers(),
        streaming: bufferRows)
      store.transform = FeatureTransform(kind: .unit, offset: [2], factor: [0.25])
      return store
    }
    return (try store(nil), try store(bufferRows))
  }

  @Test("Every epoch has each row once, in blocks and windows, with the rows of memory")
  func epochs() throws {
    try withTemporaryDirectory { directory in
      for source in [try images(directory), try table(directory, labels: false)] {
        let split = try source.split(.train), all = split.sampleCount
        for selection in [RowSelection.all(count: all), .rows((0..<all).filter { $0 % 7 != 3 && $0 % 11 < 9 })] {
          let partition = ShardPartition(
            sampleCount: selection.count, shardCount: 4, blockSize: 5, windowBlocks: 3)
          let (memory, streamed) = try stores(split, selection, partition, shards: 1..<3)
          let plan = EpochPlan(partition: partition, globalBatchSize: 48)
          let feed = streamed.epochFeed(plan, seed: 3, epochs: 2)
          var taken: [[Int]] = []
          for epoch in 0..<3 {
            var rows: [Int] = []
            for step in 0..<plan.stepsPerEpoch {
              try feed.begin(epoch: epoch, step: step)
              for shard in 1..<3 {
                let places = plan.positions(shard: shard, step: step)
                let order = plan.order(epoch: epoch, shard: shard, seed: 3)
                let expected = try batch(memory, places.count) { rows in
                  try order[places].withUnsafeBufferPointer { try memory.fill(rows, shard: shard, positions: $0) }
                }
                let positions = feed.positions(shard: shard, places: places)
                #expect(streamed.rows(shard: shard, positions: positions) == expected.rows)
                let found = try batch(streamed, places.count) { try feed.fill($0, shard: shard, places: places) }
                #expect(found == expected, "epoch \(epoch), step \(step), shard \(shard)")
                rows += found.rows
              }
            }
            let own = (1..<3).flatMap { partition.runs(ofShard: $0).flatMap { $0.map { selection[$0] } } }
            #expect(rows.sorted() == own.sorted())
            taken.append(rows)
          }
          #expect(Set(taken).count == 3)
        }
      }
    }
  }

  @Test("A run that goes on in the middle of an epoch takes the same rows")
  func resumed() throws {
    try withTemporaryDirectory { directory in
      let split = try table(directory).split(.train)
      let partition = ShardPartition(sampleCount: 403, shardCount: 2, blockSize: 8, windowBlocks: 4)
      let (_, store) = try stores(split, .all(count: 403), partition, shards: 0..<2)
      let plan = EpochPlan(partition: partition, globalBatchSize: 30)
      func take(_ feed: any EpochFeed, from step: Int) throws -> [Int] {
        try (step..<plan.stepsPerEpoch + 3).flatMap { number in
          let (epoch, step) = number.quotientAndRemainder(dividingBy: plan.stepsPerEpoch)
          try feed.begin(epoch: epoch, step: step)
          return try (0..<2).flatMap { shard in
            let places = plan.positions(shard: shard, step: step)
            return try batch(store, places.count) { try feed.fill($0, shard: shard, places: places) }.rows
          }
        }
      }
      let whole = try take(store.epochFeed(plan, seed: 1, epochs: 2), from: 0)
      for step in [1, 5, plan.stepsPerEpoch - 1, plan.stepsPerEpoch] {
        let rest = try take(store.epochFeed(plan, seed: 1, epochs: 2), from: step)
        #expect(Array(whole.suffix(rest.count)) == rest && !rest.isEmpty)
      }
      // A feed that is told to begin elsewhere does.
      let feed = store.epochFeed(plan, seed: 1, epochs: 1)
      _ = try take(feed, from: 6)
      #expect(try take(feed, from: 0) == whole)
    }
  }

  @Test("Micro-batches that are longer than several windows", .timeLimit(.minutes(1)))
  func shortWindows() throws {
    try withTemporaryDirectory { directory in
      let split = try table(directory).split(.train)
      let partition = ShardPartition(sampleCount: 403, shardCount: 3, blockSize: 3, windowBlocks: 1)
      let (_, store) = try stores(split, .all(count: 403), partition, shards: 0..<3)
      let plan = EpochPlan(partition: partition, globalBatchSize: 100)
      let feed = store.epochFeed(plan, seed: 1, epochs: 1)
      var rows: [Int] = []
      for step in 0..<plan.stepsPerEpoch {
        try feed.begin(epoch: 0, step: step)
        for shard in 0..<3 {
          let places = plan.positions(shard: shard, step: step)
          rows += try batch(store, places.count) { try feed.fill($0, shard: shard, places: places) }.rows
        }
      }
      #expect(rows.sorted() == Array(0..<403))
    }
  }

  @Test("In order, and at random places, the rows are those of memory")
  func otherOrders() throws {
    try withTemporaryDirectory { directory in
      let split = try images(directory).split(.train)
      let partition = EvaluationPlan(sampleCount: 200, shardCount: 3, globalBatchSize: 24).partition
      for bufferRows in [1, 20, 1000] {
        let (memory, streamed) = try stores(
          split, .all(count: 200), partition, shards: 1..<3, bufferRows: bufferRows)
        let (expected, found) = (memory.orderedFeed(), streamed.orderedFeed())
        for block in partition.blocks(ofShards: 1..<3) {
          func take(_ store: ShardStore, _ feed: any SampleFeed) throws -> Batch {
            try batch(store, block.rows.count) { try feed.fill($0, shard: block.shard, places: block.positions) }
          }
          let own = try take(streamed, found)
          #expect(own == (try take(memory, expected)) && own.rows == Array(block.rows))
        }
        let positions: [Int32] = [9, 0, 33, 9, 2]
        func take(_ store: ShardStore) throws -> Batch {
          try batch(store, 5) { rows in
            try positions.withUnsafeBufferPointer { try store.fill(rows, shard: 2, positions: $0) }
          }
        }
        #expect(try take(streamed) == take(memory))
      }
    }
  }

  @Test("What is found out before training is the same, bit for bit", arguments: [1, 2, 3])
  func statistics(ranks: Int) throws {
    try withTemporaryDirectory { directory in
      for split in [try table(directory).split(.train), try images(directory).split(.train)] {
        let partition = ShardPartition(sampleCount: split.sampleCount, shardCount: 3, blockSize: 10, windowBlocks: 2)
        let assignment = ShardAssignment(shardCount: 3, rankCount: ranks)
        struct Found: Equatable, Sendable {
          var scalings: [FittedScaling]
          var targets: TargetTransform
          var kind: FeatureKind
          var fingerprint: DataFingerprint
          var hashes: [Int: UInt64]
        }
        func find(_ bufferRows: Int?) throws -> [Found] {
          try ThreadGroup.run(size: ranks) { communicator in
            let store = try ShardStore(
              source: split, selection: .all(count: split.sampleCount), partition: partition,
              shards: assignment.shards(ofRank: communicator.rank), targetCheck: FiniteNumbers(),
              streaming: bufferRows)
            let scalings = try [FeatureScaling.standard, .minMax, .auto, .unit].map {
              try $0.fit(to: store, over: assignment, communicator)
            }
            let hashes = try store.featureHashes()
            return Found(
              scalings: scalings, targets: try TargetScaling.standard.fit(to: store, over: assignment, communicator),
              kind: try store.featureKind(communicator), fingerprint: try DataFingerprint([store], communicator),
              hashes: Dictionary(uniqueKeysWithValues: zip(hashes.rows, hashes.hashes)))
          }
        }
        let memory = try find(nil)
        #expect(try find(17) == memory && find(1) == memory)
        #expect(memory[0].scalings[0].transform.offset.count > 1)
      }
    }
  }

  @Test("Spoiled rows are named where they are streamed too")
  func spoiledRows() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/spoiled.h5") { file in
        try file.write(
          "/train/x", shape: [100, 2], elements: (0..<200).map { $0 == 171 ? Float.nan : Float($0) })
        try file.write("/train/y", shape: [100], elements: (0..<100).map { Int32($0 == 93 ? -1 : $0 % 3) })
      }
      let split = try DataSource.open(path).split(.train)
      func load(_ selection: RowSelection) -> String {
        message {
          _ = try ShardStore(
            source: split, selection: selection,
            partition: ShardPartition(sampleCount: selection.count, shardCount: 2, blockSize: 4, windowBlocks: 2),
            shards: 0..<2, targetCheck: ClassIndices(count: nil), streaming: 12)
        }
      }
      #expect(load(.all(count: 100)).contains("/train/x row 85, value 1, is nan"))
      #expect(load(.rows(Array(0..<85) + Array(86..<100))).contains("/train/y row 93 has the label -1"))
      #expect(load(.rows((0..<100).filter { $0 != 85 && $0 != 93 })) == "no error")
    }
  }

  @Test("Of channels that memory has last the place is that in the file")
  func spoiledChannel() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/images.h5") { file in
        // Row 7, channel 2, pixel 11.
        try file.write(
          "/train/x", shape: [9, 3, 4, 5], elements: (0..<540).map { $0 == 7 * 60 + 51 ? Float.infinity : Float($0) })
        try file.write("/train/y", shape: [9], elements: (0..<9).map { Int32($0) })
      }
      let split = try DataSource.open(path).arranged(as: .images, .channelsFirst).split(.train)
      for bufferRows in [nil, 4] {
        let text = message {
          _ = try ShardStore(
            source: split, selection: .all(count: 9), partition: ShardPartition(sampleCount: 9, shardCount: 1),
            shards: 0..<1, targetCheck: FiniteNumbers(), streaming: bufferRows)
        }
        #expect(text.contains("/train/x row 7, value 51, is inf"))
      }
    }
  }

  @Test("A file that is cut off while it is read ends in an error that says so", .timeLimit(.minutes(1)))
  func truncated() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/long.h5") { file in
        try file.write("/train/y", shape: [20_000], elements: [UInt8](repeating: 1, count: 20_000))
        try file.write("/train/x", shape: [20_000, 32], elements: [Float](repeating: 1, count: 640_000))
      }
      let split = try DataSource.open(path).split(.train)
      let partition = ShardPartition(sampleCount: 20_000, shardCount: 1, blockSize: 100, windowBlocks: 5)
      let store = try ShardStore(
        source: split, selection: .all(count: 20_000), partition: partition, shards: 0..<1,
        targetCheck: FiniteNumbers(), streaming: 100)
      let plan = EpochPlan(partition: partition, globalBatchSize: 100)
      let feed = store.epochFeed(plan, seed: 1, epochs: 1)
      let text = message {
        for step in 0..<plan.stepsPerEpoch {
          if step == 3 { truncate(path, 1_000_000) }
          try feed.begin(epoch: 0, step: step)
          let places = plan.positions(shard: 0, step: step)
          _ = try batch(store, places.count) { try feed.fill($0, shard: 0, places: places) }
        }
      }
      #expect(text.contains("cannot read /train/x in \(path): the file ends before byte"))
    }
  }

  @Test("Windows fit the bound whatever the bound, the shards and the chunks")
  func plans() throws {
    try withTemporaryDirectory { directory in
      let split = try table(directory, rows: 5000).split(.train)
      let bytes = split.sampleByteCount
      #expect(bytes == 6 * 4 + 2 * 8)
      for shards in [1, 2, 4, 7] {
        for bound in [20_000, 50_000, 150_000, 1_000_000] {
          for rows in [RowSelection.all(count: 5000), .rows(Array(stride(from: 0, to: 5000, by: 2)))] {
            let plan = try StreamPlan(split, rows, shardCount: shards, bound: bound)
            #expect(2 * shards * plan.windowRows * bytes <= bound * 3 / 4)
            #expect(plan.blockSize <= max(1, rows.count / (16 * shards)))
            // Chunks of 16 rows are unpacked once where they can be.
            #expect(plan.blockSize < 16 || plan.blockSize % 16 == 0)
            #expect(try (plan.blockSize < 16) == (split.streamingDoubt(plan) != nil))
          }
        }
        #expect(
          message { _ = try StreamPlan(split, .all(count: 5000), shardCount: shards, bound: 800) }
            .hasPrefix("data.memory: 800 bytes do not hold two windows of 16 rows for each of"))
      }
    }
  }

  @Test func memoryLimits() throws {
    #expect(MemoryLimit("80MB")?.bytes(of: 1) == 80_000_000)
    #expect(MemoryLimit("1.5 GiB")?.bytes(of: 1) == 3 << 29)
    #expect(MemoryLimit("25%")?.bytes(of: 1000) == 250)
    #expect(MemoryLimit("0.5GB") == MemoryLimit("500MB"))
    for text in ["", "80", "lots", "0MB", "-1MB", "0%", "101%", "nan%", "-5%"] {
      #expect((MemoryLimit(text) == nil) == (text != "80"), "\(text)")
    }
  }
}
