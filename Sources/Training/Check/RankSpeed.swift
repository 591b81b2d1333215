import Basics
import Collectives
import DataPipeline
import Foundation
import NumericCore
import Settings

/// How fast a rank is, while all others are at the same work.
package struct RankSpeed: Codable, Sendable, Equatable {
  package let host: String
  /// Of a matrix product of 512 rows and columns, with the threads of the run: 10⁹ operations a second.
  package let product: Double
  /// Of a copy in memory that no cache holds, read and written: 10⁹ bytes a second.
  package let memory: Double
  /// Of the sum over all ranks, as a step has it: 10⁹ bytes of gradients a second. Equal on all but for noise.
  package let exchange: Double
  /// Of rows of the data, perhaps from the system's cache: 10⁹ bytes a second; nil where they are not or too few.
  package let reading: Double?

  package init(host: String, product: Double, memory: Double, exchange: Double, reading: Double?) {
    (self.host, self.product, self.memory) = (host, product, memory)
    (self.exchange, self.reading) = (exchange, reading)
  }

  private static let columns: [(name: String, heading: String, speed: @Sendable (RankSpeed) -> Double?)] = [
    ("matrix products", "GFLOP/s", { $0.product }), ("memory", "memory GB/s", { $0.memory }),
    ("exchange", "exchange GB/s", { $0.exchange }), ("reading data", "data GB/s", { $0.reading }),
  ]

  /// A table, a line a rank; nothing for none.
  static func lines(_ speeds: [RankSpeed]) -> [String] {
    guard !speeds.isEmpty else { return [] }
    var table = TextTable([.right, .left] + columns.map { _ in .right })
    table.add(["rank", "host"] + columns.map(\.heading))
    for (rank, speed) in speeds.enumerated() {
      table.add(
        ["\(rank)", speed.host.shortened(to: 20)] + columns.map { $0.speed(speed).map(shortNumber) ?? "–" })
    }
    return [""] + table.lines
  }

  /// A line for each thing in which one rank is slower than four fifths of the median; the exchange names no one, as
  /// all wait for all.
  package static func doubts(_ speeds: [RankSpeed]) -> [CheckFinding] {
    columns.filter { $0.name != "exchange" }.compactMap { column in
      let values = speeds.compactMap(column.speed)
      guard values.count == speeds.count, let odd = OddOneOut(values) else { return nil }
      return .warning(
        "rank \(odd.index) on \(speeds[odd.index].host) is slow in \(column.name): \(shortNumber(values[odd.index])) "
          + "\(column.heading.split(separator: " ").last ?? ""), the median rank \(shortNumber(odd.median)), and all "
          + "wait for it: see what else runs there")
    }
  }

  var json: JSONValue {
    [
      "host": .string(host), "gflops": .number(product), "memory_gb_per_s": .number(memory),
      "exchange_gb_per_s": .number(exchange), "data_gb_per_s": .optional(reading),
    ]
  }

  // MARK: Measuring

  /// Those of all ranks, in their launcher's order. Collective.
  ///
  /// - Parameters:
  ///   - data: nil where they cannot be read.
  ///   - layout: what the run exchanges; nil for 4 MB.
  static func measure(
    _ data: DataCheck.Opened?, layout: ExchangeLayout?, topology: Topology, ranks: any Communicator
  ) throws -> [RankSpeed] {
    try ranks.barrier()
    let product = productRate(seconds: 0.3) * 1e-9
    try ranks.barrier()
    let memory = memoryRate(seconds: 0.3, ranks: topology.node.size) * 1e-9
    let exchange = try exchangeRate(layout, topology) * 1e-9
    let answers = try RankAnswers(ranks) {
      RankSpeed(
        host: hostName, product: product, memory: memory, exchange: exchange,
        reading: try data.flatMap { try readingRate($0, topology, seconds: 0.3) }.map { $0 * 1e-9 })
    }
    return answers.values.compactMap(\.self)
  }

  /// Operations a second of the fastest of some matrix products.
  static func productRate(seconds: Double) -> Double {
    let size = 512
    let values = FlatBuffer<Float>((0..<size * size).map { Float($0 % 17) * 0.01 - 0.08 })
    let result = FlatBuffer<Float>(count: size * size)
    let a = Matrix(values.view, rows: size, columns: size), c = Matrix(result.view, rows: size, columns: size)
    let least = leastTime(seconds) { multiply(a, a, into: c) }
    return 2 * Double(size * size * size) / least
  }

  /// Bytes a second of copies between two buffers that are larger together than the ranks' share of the caches.
  private static func memoryRate(seconds: Double, ranks: Int) -> Double {
    let cache = max(sysconf(Int32(_SC_LEVEL3_CACHE_SIZE)), 0)
    let room = MemoryBudget.ofRanksHere / (8 * max(1, ranks))
    let bytes = max(1 << 20, min(max(32 << 20, 2 * cache / max(1, ranks)), 256 << 20, room))
    let source = FlatBuffer<Float>(count: bytes / 4), target = FlatBuffer<Float>(count: bytes / 4)
    source.view.update(repeating: 1)
    let least = leastTime(seconds) { copy(source.view, into: target.view) }
    return 2 * Double(bytes) / least
  }

  /// Bytes of gradients a second of the exchange. Collective.
  private static func exchangeRate(_ layout: ExchangeLayout?, _ topology: Topology) throws -> Double {
    let world = topology.world, count = min(layout?.parameterCount ?? 1 << 20, 1 << 24)
    let exchange = try SharedMemoryExchange(
      ExchangeLayout(parameterCount: max(1, count), statisticCount: 0, stateCount: 0),
      assignment: ShardAssignment(shardCount: world.size, rankCount: world.size), topology: topology)
    exchange.scalars(ofShard: world.rank).pointee = StepScalars(loss: 0, samples: 1)
    let update = NoUpdate()
    var least = Double.infinity
    // As many on all ranks.
    for _ in 0..<20 {
      let start = ContinuousClock.now
      _ = try exchange.step(update, clipNorm: nil)
      least = min(least, start.duration(to: .now).seconds)
    }
    try exchange.close()
    return Double(count) * 4 / least
  }

  /// Bytes a second of the rank's own rows, from the first on; nil where they are so few that opening the file takes
  /// longer.
  private static func readingRate(_ data: DataCheck.Opened, _ topology: Topology, seconds: Double) throws -> Double? {
    let split = try data.source.split(.train), start = ContinuousClock.now
    guard split.byteCount > Double(topology.world.size) * 1e6 else { return nil }
    let rows = split.sampleCount, rank = topology.world.rank, size = topology.world.size
    let own = rows * rank / size..<max(rows * rank / size + 1, rows * (rank + 1) / size)
    let piece = max(1, (1 << 24) / max(1, split.rowByteCount(.features)))
    var bytes = 0, first = own.lowerBound
    repeat {
      let last = min(first + piece, own.upperBound, rows)
      try split.forEachRun(.features, [first..<last]) { _, _, read in bytes += read.count }
      first = last < min(own.upperBound, rows) ? last : own.lowerBound
    } while start.duration(to: .now).seconds < seconds
    return Double(bytes) / start.duration(to: .now).seconds
  }

  private static func leastTime(_ seconds: Double, _ body: () -> Void) -> Double {
    let begin = ContinuousClock.now
    var least = Double.infinity
    repeat {
      let start = ContinuousClock.now
      body()
      least = min(least, start.duration(to: .now).seconds)
    } while begin.duration(to: .now).seconds < seconds
    return max(least, 1e-9)
  }
}
