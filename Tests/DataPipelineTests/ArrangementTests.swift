import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import NumericCore
import Testing

@Suite("Samples with their channels last") struct ArrangementTests {
  /// A file of `rows` samples of `shape`, whose values count from zero on.
  private func makeSource(_ directory: String, rows: Int = 5, _ shape: [Int]) throws -> DataSource {
    let count = rows * shape.reduce(1, *)
    let path = try makeFile("\(directory)/\(shape.map(String.init).joined(separator: "x")).h5") { file in
      try file.write("/X", shape: [rows] + shape, elements: (0..<count).map { Int32($0) })
      try file.write("/y", shape: [rows], elements: [Int32](repeating: 0, count: rows))
    }
    return try DataSource.open(path)
  }

  private func store(_ source: DataSource, rows: Int = 5) throws -> ShardStore {
    try ShardStore(
      source: source.split(.train), selection: .all(count: rows),
      partition: ShardPartition(sampleCount: rows, shardCount: 1),
      shards: 0..<1, targetCheck: FiniteNumbers())
  }

  private func features(_ store: ShardStore, _ positions: [Int32]) throws -> [Float] {
    let x = FlatBuffer<Float>(count: positions.count * store.source.featureShape.elementCount)
    let y = FlatBuffer<Float>(count: positions.count)
    let ids = FlatBuffer<Int>(count: positions.count)
    try positions.withUnsafeBufferPointer {
      try store.fill(
        BatchRows(features: x.view, targets: y.view, sampleIDs: ids.view), shard: 0, positions: $0)
    }
    return Array(x.view)
  }

  @Test(
    "Shapes and order",
    arguments: [
      (InputLayout.images, ChannelLayout.auto, [6, 5], [6, 5, 1], false),
      (.images, .channelsFirst, [6, 5], [6, 5, 1], false),
      (.images, .auto, [3, 6, 5], [6, 5, 3], true), (.images, .auto, [1, 6, 5], [6, 5, 1], true),
      (.images, .auto, [4, 6, 5], [6, 5, 4], true), (.images, .auto, [6, 5, 3], [6, 5, 3], false),
      // The first extent is not smaller than the others.
      (.images, .auto, [3, 3, 1], [3, 3, 1], false), (.images, .auto, [4, 4, 3], [4, 4, 3], false),
      (.images, .channelsFirst, [6, 5, 3], [5, 3, 6], true), (.images, .channelsLast, [3, 6, 5], [3, 6, 5], false),
      (.images, .channelsFirst, [7, 6, 5], [6, 5, 7], true),
      (.sequences, .auto, [6], [6, 1], false), (.sequences, .auto, [6, 2], [6, 2], false),
      (.sequences, .channelsFirst, [2, 6], [6, 2], true),
      (.rows, .auto, [7, 6, 5], [7, 6, 5], false), (.rows, .channelsFirst, [3, 6, 5], [3, 6, 5], false),
    ])
  func arranges(form: InputLayout, layout: ChannelLayout, stored: [Int], expected: [Int], isTransposed: Bool) throws {
    try withTemporaryDirectory { directory in
      let source = try makeSource(directory, stored).arranged(as: form, layout)
      #expect(try source.split(.train).featureShape == Shape(expected))
      let size = stored.reduce(1, *)
      // The naive twin.
      var rows: [Float] = []
      for row in [3, 0] {
        for element in 0..<size {
          let channels = expected[expected.count - 1]
          let (pixel, channel) = element.quotientAndRemainder(dividingBy: channels)
          rows.append(Float(row * size + (isTransposed ? channel * (size / channels) + pixel : element)))
        }
      }
      #expect(try features(store(source), [3, 0]) == rows)
    }
  }

  @Test("A transform found on transposed samples has the order of memory")
  func transformsFollow() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile("\(directory)/a.h5") { file in
        try file.write("/X", shape: [2, 2, 3, 1], elements: [Float]([0, 1, 2, 10, 20, 30, 4, 5, 6, 50, 60, 70]))
        try file.write("/y", shape: [2], elements: [Int32(0), 1])
      }
      let source = try DataSource.open(path).arranged(as: .images, .channelsFirst)
      let store = try store(source, rows: 2)
      let transform = try FeatureScaling.minMax.fit(
        to: store, over: ShardAssignment(shardCount: 1, rankCount: 1), SingleProcess()
      ).transform
      #expect(transform.offset == [0, 10, 1, 20, 2, 30])
      store.transform = transform
      #expect(try features(store, [1]) == [Float](repeating: 1, count: 6))
    }
  }

  @Test func whatCannotBeGuessedIsAsked() throws {
    try withTemporaryDirectory { directory in
      let ambiguous = try makeSource(directory, [7, 6, 5])
      let text = message { _ = try ambiguous.arranged(as: .images, .auto) }
      #expect(text.contains("7x6x5.h5: /X row 0: samples of 7×6×5 do not show where the channels are"))
      #expect(text.contains("data.layout=channels_first"))
      let row = try makeSource(directory, [30])
      #expect(message { _ = try row.arranged(as: .images, .auto) }.contains("expected samples of [H, W]"))
      #expect(message { _ = try row.arranged(as: .rows, .auto) } == "no error")
      let deep = try makeSource(directory, [2, 2, 2, 2])
      #expect(message { _ = try deep.arranged(as: .images, .channelsLast) }.contains("found 2×2×2×2"))
      #expect(message { _ = try deep.arranged(as: .sequences, .auto) }.contains("expected samples of [T] or [T, F]"))
    }
  }

  @Test("A value that is not finite is named where it stands in the file")
  func spoiledValues() throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile("\(directory)/a.h5") { file in
        try file.write("/X", shape: [1, 3, 4, 5], elements: (0..<60).map { $0 == 23 ? Float.nan : 0 })
        try file.write("/y", shape: [1], elements: [Int32(0)])
      }
      let source = try DataSource.open(path).arranged(as: .images, .auto)
      #expect(message { _ = try store(source, rows: 1) }.contains("/X row 0, value 23, is nan"))
    }
  }
}
