import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import NumericCore
import Testing

@Suite struct FeatureScalingTests {
  /// Columns: i, 3 − 2 i, the constant 0.1, and i² modulo 17.
  private func makeSplit(_ directory: String, rows: Int) throws -> SplitSource {
    let path = try makeFile(directory + "/a.h5") { file in
      var elements: [Double] = []
      for i in 0..<rows { elements += [Double(i), Double(3 - 2 * i), 0.1, Double(i * i % 17)] }
      try file.write("/X", shape: [rows, 4], elements: elements)
      try file.write("/y", shape: [rows], elements: [UInt8](repeating: 0, count: rows))
    }
    return try DataSource.open(path).split(.train)
  }

  private func fit(
    _ scaling: FeatureScaling, _ split: SplitSource, _ selection: RowSelection, shards: Int = 4, ranks: Int
  ) throws -> FeatureTransform {
    let assignment = ShardAssignment(shardCount: shards, rankCount: ranks)
    let transforms = try ThreadGroup.run(size: ranks) { communicator in
      let store = try ShardStore(
        source: split, selection: selection,
        partition: ShardPartition(sampleCount: selection.count, shardCount: shards),
        shards: assignment.shards(ofRank: communicator.rank), targetCheck: FiniteNumbers())
      return try scaling.fit(to: store, over: assignment, communicator).transform
    }
    #expect(transforms.allSatisfy { $0 == transforms[0] })
    return transforms[0]
  }

  @Test func standardInClosedForm() throws {
    try withTemporaryDirectory { directory in
      let n = 1001
      let transform = try fit(.standard, try makeSplit(directory, rows: n), .all(count: n), ranks: 1)
      // Mean (n − 1) / 2 and variance (n² − 1) / 12 of 0..<n.
      let deviation = (Double(n * n - 1) / 12).squareRoot()
      #expect(transform.kind == .standard)
      #expect(transform.offset[0] == 500)
      #expect(transform.factor[0] == Float(1 / deviation))
      #expect(transform.offset[1] == -997)
      #expect(transform.factor[1] == Float(1 / (2 * deviation)))
      // A constant is moved to zero exactly, although its sum is rounded.
      #expect(transform.offset[2] == 0.1)
      #expect(transform.factor[2] == 1)
      let squares = (0..<n).map { Double($0 * $0 % 17) }
      let mean = squares.reduce(0, +) / Double(n)
      let variance = squares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
      #expect(abs(transform.factor[3] - Float(1 / variance.squareRoot())) < 1e-7)
    }
  }

  @Test func minMaxInClosedForm() throws {
    try withTemporaryDirectory { directory in
      let transform = try fit(.minMax, try makeSplit(directory, rows: 101), .all(count: 101), ranks: 2)
      #expect(transform.offset == [0, -197, 0.1, 0])
      #expect(transform.factor == [Float(0.01), Float(0.005), 1, Float(1.0 / 16)])
    }
  }

  /// 101 times, an hour from the first to the last, in seconds since 1970: a `Float` there goes in steps of 128.
  @Test(arguments: [FeatureScaling.standard, .minMax], [true, false])
  func timesKeepTheirDigits(scaling: FeatureScaling, isInteger: Bool) throws {
    try withTemporaryDirectory { directory in
      let n = 101
      let path = try makeFile(directory + "/a.h5") { file in
        let times = (0..<n).map { 1_700_000_000 + 36 * Int64($0) }
        if isInteger {
          try file.write("/X", shape: [n, 2], elements: times.flatMap { [$0, -$0] })
        } else {
          try file.write("/X", shape: [n, 2], elements: times.flatMap { [Double($0) + 0.25, -Double($0)] })
        }
        try file.write("/y", shape: [n], elements: [UInt8](repeating: 0, count: n))
      }
      let split = try DataSource.open(path).split(.train)
      let transform = try fit(scaling, split, .all(count: n), shards: 1, ranks: 1)
      let store = try ShardStore(
        source: split, selection: .all(count: n), partition: ShardPartition(sampleCount: n, shardCount: 1),
        shards: 0..<1,
        targetCheck: FiniteNumbers())
      // Through the floats of a checkpoint, as after a resume.
      let parts = transform.offsetParts
      store.transform = FeatureTransform(
        kind: scaling, offset: parts[0].indices.map { i in parts.reduce(0) { $0 + Double($1[i]) } },
        factor: transform.factor)
      #expect(store.transform == transform)
      let x = FlatBuffer<Float>(count: 2 * n), y = FlatBuffer<Float>(count: n), ids = FlatBuffer<Int>(count: n)
      try (0..<Int32(n)).map { $0 }.withUnsafeBufferPointer {
        try store.fill(
          BatchRows(features: x.view, targets: y.view, sampleIDs: ids.view), shard: 0, positions: $0)
      }
      let deviation = (Double(n * n - 1) / 12).squareRoot()
      for i in 0..<n {
        let expected = scaling == .standard ? (Double(i) - 50) / deviation : Double(i) / 100
        #expect(abs(Double(x.view[2 * i]) - expected) < 1e-6)
        let mirrored = scaling == .standard ? -expected : 1 - expected
        #expect(abs(Double(x.view[2 * i + 1]) - mirrored) < 1e-6)
      }
    }
  }

  @Test(arguments: [FeatureScaling.standard, .minMax])
  func theSameBitsOnAnyNumberOfRanks(scaling: FeatureScaling) throws {
    try withTemporaryDirectory { directory in
      let split = try makeSplit(directory, rows: 1001)
      let expected = try fit(scaling, split, .all(count: 1001), shards: 7, ranks: 1)
      for ranks in 2...7 {
        #expect(try fit(scaling, split, .all(count: 1001), shards: 7, ranks: ranks) == expected)
      }
    }
  }

  /// Rows that were split off for validation must not count.
  @Test func onlyTheSelectedRowsCount() throws {
    try withTemporaryDirectory { directory in
      let split = try makeSplit(directory, rows: 201)
      let transform = try fit(.minMax, split, .rows(Array(50..<151)), ranks: 1)
      #expect(transform.offset[0] == 50)
      #expect(transform.factor[0] == Float(0.01))
    }
  }

  @Test func unitDividesByTheRangeOfTheType() {
    #expect(FeatureTransform.unit(.uint8).factor == [Float(1.0 / 255)])
    #expect(FeatureTransform.unit(.int16).factor == [Float(1.0 / 32_767)])
    #expect(FeatureTransform.unit(.float32).factor == [1])
    #expect(FeatureTransform.unit(.uint8).offset == [0])
    #expect(FeatureScaling.allCases.map(\.rawValue) == ["auto", "none", "unit", "standard", "min_max"])
  }

  // MARK: Chosen by the data

  private func choice(
    _ type: ElementType, _ shape: Shape, _ range: (Double, Double), alike: Bool = true, channels: Int? = nil,
    use: FeatureUse = .plain, validMaximum: Double? = nil
  ) -> ScalingChoice.Method {
    let count = shape.elementCount
    return ScalingChoice(
      type: type, shape: shape, validMaximum: validMaximum, channels: channels, use: use,
      minimum: [Double](repeating: range.0, count: count),
      maximum: (0..<count).map { alike || $0 == 0 ? range.1 : range.0 + (range.1 - range.0) / 100 }
    ).method
  }

  @Test func autoDividesPixels() {
    #expect(choice(.uint8, [28, 28], (0, 255)) == .divided(by: 255))
    #expect(choice(.uint8, [28, 28], (0, 200), alike: false) == .divided(by: 255))
    #expect(choice(.uint8, [8, 8], (0, 16)) == .divided(by: 16))
    #expect(choice(.uint8, [8, 8], (0, 12), validMaximum: 16) == .divided(by: 16))
    #expect(choice(.uint8, [784], (0, 255)) == .divided(by: 255))
    #expect(choice(.uint16, [8, 8], (0, 4095)) == .divided(by: 4095))
    #expect(choice(.uint16, [8, 8], (0, 60_000)) == .divided(by: 65_535))
    #expect(choice(.float32, [8, 8], (0, 1)) == .asIs)
    #expect(choice(.float32, [8, 8], (-1, 1)) == .asIs)
    #expect(choice(.float32, [784], (0, 1)) == .asIs)
    #expect(choice(.float64, [8, 8], (0, 255)) == .divided(by: 255))
  }

  @Test func autoStandardizesOtherFeatures() {
    #expect(choice(.float32, [13], (0, 1)) == .columns)
    #expect(choice(.uint8, [13], (0, 90)) == .columns)
    #expect(choice(.uint8, [400], (0, 90), alike: false) == .columns)
    #expect(choice(.int16, [8, 8, 1], (-1000, 3000), channels: 1) == .channels(1))
    #expect(choice(.float32, [50, 3], (-20, 40), channels: 3) == .channels(3))
    #expect(choice(.float32, [50, 3], (-20, 40)) == .columns)
    #expect(choice(.int8, [12], (0, 1)) == .asIs)
    #expect(choice(.int32, [12], (0, 99), use: .indices) == .asIs)
    #expect(choice(.float32, [12], (-3, 9), use: .fromZeroToOne) == .range)
    #expect(choice(.float32, [12], (0, 0.5), use: .fromZeroToOne) == .asIs)
  }

  /// A time, a fraction, 0 or 1, and a constant, as double.
  private func makeTable(_ directory: String, rows: Int) throws -> SplitSource {
    let path = try makeFile(directory + "/a.h5") { file in
      var elements: [Double] = []
      for i in 0..<rows { elements += [1.7e9 + Double(i), Double(i % 7) / 7, Double(i % 2), 5] }
      try file.write("/X", shape: [rows, 4], elements: elements)
      try file.write(
        "/y", shape: [rows], elements: (0..<rows).map { (i: Int) -> Double in 1e5 + Double(i * i % 101) / 1e3 })
    }
    return try DataSource.open(path).split(.train)
  }

  @Test func autoStandardizesColumnsAndLeavesZeroAndOne() throws {
    try withTemporaryDirectory { directory in
      let split = try makeTable(directory, rows: 700)
      let transform = try fit(.auto, split, .all(count: 700), shards: 5, ranks: 1)
      #expect(transform.kind == .standard)
      #expect(abs(transform.offset[0] - 1.7e9 - 349.5) < 1e-6)
      #expect(transform.offset[2...] == [0, 5] && transform.factor[2...] == [1, 1])
      #expect(abs(1 / Double(transform.factor[0]) - (Double(700 * 700 - 1) / 12).squareRoot()) < 1e-4)
      for ranks in 2...5 { #expect(try fit(.auto, split, .all(count: 700), shards: 5, ranks: ranks) == transform) }
    }
  }

  @Test(arguments: [FeatureScaling.auto, .none, .unit, .standard, .minMax])
  func booleansStayZeroAndOne(scaling: FeatureScaling) throws {
    try withTemporaryDirectory { directory in
      let path = try makeFile(directory + "/a.h5") { file in
        try file.write("/X", shape: [60, 2], elements: (0..<120).map { Int8($0 * $0 % 7 % 2) })
        try file.write("/y", shape: [60], elements: [UInt8](repeating: 0, count: 60))
      }
      let transform = try fit(scaling, DataSource.open(path).split(.train), .all(count: 60), ranks: 2)
      #expect(transform.offset == [0] && transform.factor == [1])
    }
  }

  /// Targets that differ by thousandths beyond 10⁵ come back from the floats of training and of a checkpoint.
  @Test func targetsKeepTheirDigits() throws {
    try withTemporaryDirectory { directory in
      let n = 707
      let split = try makeTable(directory, rows: n)
      @Sendable func store(_ shards: Range<Int>) throws -> ShardStore {
        try ShardStore(
          source: split, selection: .all(count: n), partition: ShardPartition(sampleCount: n, shardCount: 3),
          shards: shards, targetCheck: FiniteNumbers())
      }
      let transforms = try (1...3).map { ranks in
        let assignment = ShardAssignment(shardCount: 3, rankCount: ranks)
        return try ThreadGroup.run(size: ranks) { communicator in
          try TargetScaling.standard.fit(
            to: store(assignment.shards(ofRank: communicator.rank)), over: assignment, communicator)
        }[0]
      }
      #expect(transforms.allSatisfy { $0 == transforms[0] })
      let whole = try ShardStore(
        source: split, selection: .all(count: n), partition: ShardPartition(sampleCount: n, shardCount: 1),
        shards: 0..<1, targetCheck: FiniteNumbers())
      whole.targetTransform = transforms[0]
      let x = FlatBuffer<Float>(count: 4 * n), y = FlatBuffer<Float>(count: n), ids = FlatBuffer<Int>(count: n)
      try (0..<Int32(n)).map { $0 }.withUnsafeBufferPointer {
        try whole.fill(
          BatchRows(features: x.view, targets: y.view, sampleIDs: ids.view), shard: 0, positions: $0)
      }
      let squares = y.view.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(squares / Double(n) - 1) < 1e-5)
      for (i, value) in transforms[0].inverted(Array(y.view)).enumerated() {
        #expect(abs(value - 1e5 - Double(i * i % 101) / 1e3) < 1e-7)
      }
    }
  }
}
