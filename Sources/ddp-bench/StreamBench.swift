import Basics
import CZlib
import DataPipeline
import Foundation
import HDF5Storage
import NumericCore
import Settings

/// Times the reading of streamed samples on one rank: 784-byte rows, as of MNIST, from the page cache, stored in one
/// piece and in compressed chunks, the latter beside zlib alone on the same bytes.
enum StreamBench {
  private static let rows = 400_000
  private static let chunkRows = 334
  private static let width = 784

  /// Prints one JSON line for each way of storing.
  static func run() throws {
    let directory = NSTemporaryDirectory() + "ddp-bench-stream-\(getuid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for gzip in [nil, 4] as [Int?] {
      let path = directory + "/rows.h5"
      try write(path, gzip: gzip)
      let source = try DataSource.open(path).split(.train)
      var line: [JSONValue.Member] = [
        .init("stream", .string(gzip == nil ? "contiguous" : "gzip")), .init("rows", .integer(rows)),
        .init("bytes_per_row", .integer(width)), .init("read_rows_per_second", .number(try readRate(source))),
        .init("batch_rows_per_second", .number(try batchRate(source))),
      ]
      if gzip != nil { line.append(.init("zlib_rows_per_second", .number(inflateRate()))) }
      print(JSONValue.object(line).line)
    }
  }

  /// Strokes on an empty ground: a fifth of the pixels, as in MNIST.
  private static func chunk(_ index: Int) -> [UInt8] {
    var generator = RandomSource.Generator(source: RandomSource(seed: 5).stream(.synthesis, index % 16))
    var bytes = [UInt8](repeating: 0, count: chunkRows * width)
    for row in 0..<chunkRows {
      for _ in 0..<16 {
        let start = 60 + Int(generator.next(upperBound: 650))
        for pixel in 0..<10 { bytes[row * width + start + pixel] = UInt8(generator.next(upperBound: 256)) }
      }
    }
    return bytes
  }

  private static func write(_ path: String, gzip: Int?) throws {
    let file = try HDF5File.create(path)
    let x = try file.createDataset(
      "/train/x", shape: [rows, width], elementType: .uint8, chunkShape: gzip == nil ? nil : [chunkRows, width],
      gzipLevel: gzip)
    for start in stride(from: 0, to: rows, by: chunkRows) {
      let count = min(chunkRows, rows - start)
      try chunk(start / chunkRows).withUnsafeBytes { bytes in
        try x.write(rows: start..<start + count, from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * width)]))
      }
    }
    try file.write("/train/y", shape: [rows], elements: (0..<rows).map { UInt8($0 % 10) })
    try file.close()
  }

  private static func store(_ source: SplitSource) throws -> ShardStore {
    let plan = try StreamPlan(source, .all(count: rows), shardCount: 4, bound: 80_000_000)
    return try ShardStore(
      source: source, selection: .all(count: rows),
      partition: ShardPartition(
        sampleCount: rows, shardCount: 4, blockSize: plan.blockSize, windowBlocks: plan.windowBlocks), shards: 0..<4,
      targetCheck: ClassIndices(count: 10),
      streaming: StreamPlan.bufferRows(source, shardCount: 4, ownShards: 4, bound: 80_000_000))
  }

  /// Rows a second into memory, in the order of the file.
  private static func readRate(_ source: SplitSource) throws -> Double {
    let store = try store(source)
    return try rate { try store.forEachBlock { _ in } }
  }

  /// Rows a second into batches of scaled floating-point numbers, in the order of an epoch.
  private static func batchRate(_ source: SplitSource) throws -> Double {
    let store = try store(source), plan = EpochPlan(partition: store.partition, globalBatchSize: 128)
    store.transform = .unit(.uint8)
    let x = FlatBuffer<Float>(count: 64 * width), y = FlatBuffer<Float>(count: 64), ids = FlatBuffer<Int>(count: 64)
    let feed = store.epochFeed(plan, seed: 1, epochs: 100)
    var epoch = 0
    return try rate {
      for step in 0..<plan.stepsPerEpoch {
        try feed.begin(epoch: epoch, step: step)
        for shard in 0..<4 {
          let places = plan.positions(shard: shard, step: step)
          let batch = BatchRows(
            features: x.view.view(first: places.count * width), targets: y.view.view(first: places.count),
            sampleIDs: ids.view.view(first: places.count))
          try feed.fill(batch, shard: shard, places: places)
        }
      }
      epoch += 1
    }
  }

  /// Rows a second that zlib inflates, on one thread and with nothing else to do.
  private static func inflateRate() -> Double {
    let packed = (0..<16).map { index in
      let bytes = chunk(index)
      var size = compressBound(UInt(bytes.count))
      var output = [UInt8](repeating: 0, count: Int(size))
      compress2(&output, &size, bytes, UInt(bytes.count), 4)
      return Array(output.prefix(Int(size)))
    }
    var output = [UInt8](repeating: 0, count: chunkRows * width)
    return rate {
      for index in 0..<rows / chunkRows {
        var size = UInt(output.count)
        uncompress(&output, &size, packed[index % 16], UInt(packed[index % 16].count))
      }
    }
  }

  /// The best of five: what disturbs makes it slower, never faster.
  private static func rate(_ pass: () throws -> Void) rethrows -> Double {
    let seconds = try (0..<5).map { _ in try time(1, pass) }
    return Double(rows) / (seconds.min() ?? 1)
  }
}
