import Collectives
import NumericCore

/// Exchanges of many sizes against a plain sequential reference: bit for bit through shared memory and between nodes,
/// closely through `MPI_Allreduce`.
enum ExchangeCase {
  /// Below, at and above the size of a block.
  private static let parameterCounts = [1, 5, 4095, 4096, 4097, 20_000]
  /// None, some beside the parameters, and several blocks of their own.
  private static let statisticCounts = [0, 3, 9000]
  private static let steps = 5

  static func run(_ ranks: MPICommunicator) throws -> String {
    let topology = try Topology(ranks)
    let world = topology.world
    var combinations = 0
    for shardCount in max(1, world.size - 3)...max(9, world.size) {
      let assignment = ShardAssignment(shardCount: shardCount, rankCount: world.size)
      for (index, parameterCount) in parameterCounts.enumerated() {
        let layout = ExchangeLayout(
          parameterCount: parameterCount, statisticCount: statisticCounts[(index + shardCount) % 3],
          stateCount: 1 + (index / 2 + shardCount / 2) % 2,
          layerRanges: (index + shardCount / 3) % 3 == 0 ? layerRanges(parameterCount) : [],
          jointRanges: (index / 3 + shardCount) % 2 == 0 ? jointRanges(parameterCount) : [])
        let clipNorm = (index + shardCount) % 2 == 0 ? nil : 0.25
        let trial = ExchangeTrial(layout: layout, assignment: assignment, clipNorm: clipNorm, rank: world.rank)
        let shared = try SharedMemoryExchange(layout, assignment: assignment, topology: topology)
        try trial.run(shared, steps: steps, isExact: true)
        try publishing(shared, world)
        try disagreement(shared, copies: topology.nodeCount, world)
        try shared.close()
        try plainPath(layout, assignment, clipNorm, world)
        combinations += 1
      }
    }
    if topology.nodeCount > 1 {
      // More than are on the network at once, of each rank.
      let layout = ExchangeLayout(parameterCount: 2_500_000, statisticCount: 9000, stateCount: 1)
      let assignment = ShardAssignment(shardCount: world.size, rankCount: world.size)
      let trial = ExchangeTrial(layout: layout, assignment: assignment, clipNorm: nil, rank: world.rank)
      let shared = try SharedMemoryExchange(layout, assignment: assignment, topology: topology)
      try trial.run(shared, steps: steps, isExact: true)
      try shared.close()
      combinations += 1
    }
    return
      "exchange: \(world.size) ranks on nodes \(topology.nodeSizes), \(combinations) combinations of \(steps) steps"
  }

  /// Parameters of many sizes, some empty, with gaps between: within a block, up to one, and across several.
  private static func layerRanges(_ parameterCount: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    for size in [3, 0, 4093, 1, 700, 9000, 1 << 20] where start < parameterCount {
      let end = min(start + size, parameterCount)
      ranges.append(start..<end)
      start = end + (ranges.count % 2) * 5
    }
    return ranges
  }

  /// One inside a block and one across several, or all.
  private static func jointRanges(_ parameterCount: Int) -> [Range<Int>] {
    guard parameterCount > 4096 else { return [0..<parameterCount] }
    return [7..<130, 4000..<min(17_000, parameterCount - 1)]
  }

  /// One step of `MPI_Allreduce`, in the form of SGD: Adam's division would magnify what rounding differs by.
  private static func plainPath(
    _ layout: ExchangeLayout, _ assignment: ShardAssignment, _ clipNorm: Double?, _ world: MPICommunicator
  ) throws {
    var layout = layout
    layout.stateCount = 1
    let exchange = AllReduceExchange(layout, assignment: assignment, world: world)
    let trial = ExchangeTrial(layout: layout, assignment: assignment, clipNorm: clipNorm, rank: world.rank)
    try trial.run(exchange, steps: 1, isExact: false)
    try publishing(exchange, world)
    try disagreement(exchange, copies: world.size, world)
  }

  /// `broadcastState` makes rank 0's state everybody's, whatever the others had.
  private static func publishing(_ exchange: any Exchange, _ world: MPICommunicator) throws {
    let windows = [exchange.parameters, exchange.statistics] + exchange.optimizerState
    // On one node all see one copy: let everybody be done with it, and rank 0 be the last to write.
    try world.barrier()
    if !world.isRoot { for window in windows { window.update(repeating: -1) } }
    try world.barrier()
    let random = RandomSource(seed: 5)
    if world.isRoot {
      for (index, window) in windows.enumerated() { Values.fill(window, from: random, substream: index) }
    }
    try exchange.broadcastState()
    for (index, window) in windows.enumerated() {
      let expected = FlatBuffer<Float>(count: window.count)
      Values.fill(expected.view, from: random, substream: index)
      try expect(
        window.elementsEqual(expected.view),
        "rank \(world.rank): broadcastState left another value in flat buffer \(index)")
    }
    try world.barrier()
  }

  /// One bit of one copy altered is a disagreement, if there is another copy.
  private static func disagreement(_ exchange: any Exchange, copies: Int, _ world: MPICommunicator) throws {
    try expect(try exchange.replicasAgree(), "rank \(world.rank): equal replicas are said to differ")
    let windows = [exchange.parameters, exchange.optimizerState[exchange.optimizerState.count - 1]]
    for window in windows {
      let last = window.count - 1
      func flip() { window[last] = Float(bitPattern: window[last].bitPattern ^ 1) }
      if world.rank == world.size - 1 { flip() }
      try world.barrier()
      let agree = try exchange.replicasAgree()
      try expect(
        agree == (copies == 1), "rank \(world.rank): one of \(copies) copies was altered, replicasAgree says \(agree)")
      if world.rank == world.size - 1 { flip() }
      try world.barrier()
    }
  }
}
