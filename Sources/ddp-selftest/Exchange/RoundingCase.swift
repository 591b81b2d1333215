import Collectives
import NumericCore

/// Gradients that go between nodes in bfloat16: every node has the same sums, and what rounding leaves out of one step
/// comes in the next, so that over many steps nothing is lost.
enum RoundingCase {
  private static let steps = 64

  static func run(_ ranks: MPICommunicator) throws -> String {
    let topology = try Topology(ranks)
    let world = topology.world
    // The second has more buckets than are on the network at once; a part of its elements is looked at.
    for (count, every, shardCount) in [
      (3 * 4096 + 17, 1, world.size), (3 * 4096 + 17, 1, world.size + 3), (2_500_000, 997, world.size),
    ] where every == 1 || topology.nodeCount > 1 {
      let assignment = ShardAssignment(shardCount: shardCount, rankCount: world.size)
      let layout = ExchangeLayout(parameterCount: count, statisticCount: 5, stateCount: 1)
      let exchange = try SharedMemoryExchange(
        layout, assignment: assignment, topology: topology, precision: .bfloat16)
      try sum(exchange, every: every, world, isRounded: topology.nodeCount > 1)
      try exchange.close()
    }
    return "rounding: \(world.size) ranks on nodes \(topology.nodeSizes), \(steps) steps"
  }

  /// - Parameter every: of how many elements one is looked at.
  private static func sum(
    _ exchange: SharedMemoryExchange, every: Int, _ world: MPICommunicator, isRounded: Bool
  ) throws {
    let (shards, count) = (exchange.assignment.shardCount, exchange.layout.parameterCount)
    let gradients = (0..<shards).map { shard in
      let gradient = FlatBuffer<Float>(count: count)
      Values.fill(gradient.view, from: RandomSource(seed: 9), substream: shard)
      return gradient
    }
    var once: [Float] = []
    for _ in 0..<steps {
      for shard in exchange.shards {
        copy(gradients[shard].view, into: exchange.gradients(ofShard: shard))
        exchange.batchStatistics(ofShard: shard).update(repeating: 1 / 3)
        exchange.scalars(ofShard: shard).pointee = StepScalars(loss: 0, samples: 1)
      }
      _ = try exchange.step(Accumulation(exchange), clipNorm: nil)
      if once.isEmpty { once = Array(exchange.parameters) }
    }
    try expect(try exchange.replicasAgree(), "rank \(world.rank): the nodes have different sums")
    // Sixteen bits are not enough for these sums.
    let isExact = stride(from: 0, to: count, by: every).allSatisfy { i in
      once[i] == ReferenceTree.sum(gradients.map { [$0.view[i]] })[0]
    }
    try expect(isExact != isRounded, "rank \(world.rank): the sums of one step are exact: \(isExact)")
    let third = ReferenceTree.sum((0..<shards).map { _ in [Float(1) / 3] })[0]
    try expect(
      exchange.statistics.allSatisfy { $0 == third }, "rank \(world.rank): running statistics were rounded")
    for i in stride(from: 0, to: count, by: every) {
      let terms = gradients.map { Double($0.view[i]) }
      let expected = terms.reduce(0, +), found = Double(exchange.optimizerState[0][i]) / Double(steps)
      // What is left over at the end: half a unit of each root's last place and of the sum's, once and not every step.
      let bound = terms.reduce(0) { $0 + abs($1) } * 0x1p-7 / Double(steps) + abs(expected) * 1e-5 + 1e-6
      try expect(
        abs(found - expected) <= bound,
        "rank \(world.rank): the mean of \(steps) sums of element \(i) is \(found), expected \(expected) ± \(bound)")
    }
  }

  /// Leaves the sum of a step in the parameters and adds it to the state.
  private final class Accumulation: StepUpdate {
    private let parameters: BufferView<Float>
    private let state: BufferView<Float>
    private let statistics: BufferView<Float>

    init(_ exchange: SharedMemoryExchange) {
      (parameters, state) = (exchange.parameters, exchange.optimizerState[0])
      statistics = exchange.statistics
    }

    func update(_ range: Range<Int>, gradient: BufferView<Float>, scale: Float) {
      for i in range {
        parameters[i] = gradient[i]
        state[i] += gradient[i]
      }
    }
    func updateStatistics(_ range: Range<Int>, sums: BufferView<Float>, scale: Float) {
      for i in range { statistics[i] = sums[i] }
    }
  }
}
