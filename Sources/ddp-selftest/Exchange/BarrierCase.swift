import Collectives
import NumericCore

/// Thousands of steps with hardly any work, so that every interleaving of fast and slow ranks comes up: a rank that
/// passes a barrier too early reads or overwrites what belongs to another step.
enum BarrierCase {
  private static let steps = 4000

  static func run(_ ranks: MPICommunicator) throws -> String {
    let topology = try Topology(ranks)
    let world = topology.world
    let layout = ExchangeLayout(parameterCount: 2 * 4096 + 1, statisticCount: 1, stateCount: 1)
    let assignment = ShardAssignment(shardCount: world.size, rankCount: world.size)
    let exchange = try SharedMemoryExchange(layout, assignment: assignment, topology: topology)
    // Whole numbers, whose sums are exact in any order: what is under test is when, not how, they are added.
    let ends = [0, 4096, 2 * 4096]
    for step in 1...steps {
      let gradient = exchange.gradients(ofShard: world.rank)
      for i in ends { gradient[i] = Float(step % 1000 + world.rank + i % 7) }
      exchange.batchStatistics(ofShard: world.rank)[0] = Float(step % 1000)
      let value = Double(step + world.rank)
      var scalars = StepScalars(loss: value, correct: value, samples: step + world.rank)
      (scalars.stop, scalars.secondLoss) = (value, value)
      exchange.scalars(ofShard: world.rank).pointee = scalars
      let totals = try exchange.step(
        Assignment(parameters: exchange.parameters, statistics: exchange.statistics),
        clipNorm: step % 2 == 0 ? nil : 1e12)
      let ranksSum = world.size * (world.size - 1) / 2
      try expect(
        totals.sums.loss == Double(step * world.size + ranksSum) && totals.sums.secondLoss == totals.sums.loss,
        "rank \(world.rank): step \(step) gave the totals \(totals)")
      for i in ends {
        let expected = Float((step % 1000 + i % 7) * world.size + ranksSum)
        try expect(
          exchange.parameters[i] == expected,
          "rank \(world.rank): step \(step) left \(exchange.parameters[i]) in parameter \(i), expected \(expected)")
      }
      try expect(
        exchange.statistics[0] == Float(step % 1000 * world.size),
        "rank \(world.rank): step \(step) left the statistic \(exchange.statistics[0])")
    }
    try exchange.close()
    return "barrier: \(world.size) ranks on nodes \(topology.nodeSizes), \(steps) steps"
  }

  /// Leaves the plain sums, and zeroes the elements that no shard fills.
  private final class Assignment: StepUpdate {
    private let parameters: BufferView<Float>
    private let statistics: BufferView<Float>

    init(parameters: BufferView<Float>, statistics: BufferView<Float>) {
      (self.parameters, self.statistics) = (parameters, statistics)
    }

    func update(_ range: Range<Int>, gradient: BufferView<Float>, scale: Float) {
      for i in range { parameters[i] = gradient[i] }
    }
    func updateStatistics(_ range: Range<Int>, sums: BufferView<Float>, scale: Float) {
      for i in range { statistics[i] = sums[i] }
    }
  }
}
