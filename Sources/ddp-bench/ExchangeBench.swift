import Basics
import Collectives
import Foundation
import NumericCore
import Settings

/// Times the exchange of a step beside one `MPI_Allreduce` of as many bytes, in turn, from 4 KiB to 64 MiB: what the
/// gradients of small and large models take. All ranks of a job take part.
enum ExchangeBench {
  private static let sizes = stride(from: 12, through: 26, by: 2).map { 1 << $0 }
  private static let rounds = 15
  /// Of one round of one of the two.
  private static let seconds = 0.02
  private static let table = TextTable([.right(10), .right(16), .right(16), .right(10)], gap: 0)

  /// Prints a table, or a JSON line for each size.
  static func run(_ ranks: MPICommunicator, json: Bool) throws {
    guard ranks.size > 1 else {
      throw Failure("exchange: there is nothing to exchange on 1 rank; start it by mpirun -np 2", exitCode: .usage)
    }
    let topology = try Topology(ranks)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    if ranks.isRoot && !json {
      print(
        "\(MPILibrary.version), \(plural(ranks.size, "rank")) on \(plural(topology.nodeCount, "node")), "
          + "\(plural(cores, "core")) here; microseconds of one sum, medians of \(rounds) rounds")
      print(table.line(["bytes", "exchange", "MPI_Allreduce", "ratio"]))
    }
    for bytes in sizes {
      let times = try measure(bytes, topology)
      guard ranks.isRoot else { continue }
      let ratio = median(zip(times.mpi, times.exchange).map { $0 / $1 })
      if json {
        let line: JSONValue = [
          "exchange": .string(topology.nodeCount == 1 ? "shared" : "between nodes"), "ranks": .integer(ranks.size),
          "nodes": .integer(topology.nodeCount), "cores": .integer(cores), "bytes": .integer(bytes),
          "us": .number(median(times.exchange) * 1e6), "mpi_allreduce_us": .number(median(times.mpi) * 1e6),
          "ratio": .number(ratio),
        ]
        print(line.line)
      } else {
        print(
          table.line([
            "\(bytes)", String(format: "%.1f", median(times.exchange) * 1e6),
            String(format: "%.1f", median(times.mpi) * 1e6), String(format: "%.2f", ratio),
          ]))
      }
    }
    try topology.close()
  }

  /// Seconds of one sum in each round.
  private static func measure(_ bytes: Int, _ topology: Topology) throws -> (exchange: [Double], mpi: [Double]) {
    let world = topology.world, count = bytes / MemoryLayout<Float>.stride
    let layout = ExchangeLayout(parameterCount: count, statisticCount: 0, stateCount: 0)
    let exchange = try SharedMemoryExchange(
      layout, assignment: ShardAssignment(shardCount: world.size, rankCount: world.size), topology: topology)
    exchange.scalars(ofShard: world.rank).pointee = StepScalars(loss: 0, samples: 1)
    let buffer = FlatBuffer<Float>(count: count), update = NoUpdate()
    let sums: [() throws -> Void] = [
      { _ = try exchange.step(update, clipNorm: nil) }, { try world.allReduceSum(buffer.view) },
    ]
    var times: [[Double]] = [[], []]
    // As many calls on all ranks, by rank 0's clock.
    let calls = try sums.map { sum in
      _ = try time(2, sum)
      return try world.allGather([max(2, Int(seconds / (try time(3, sum) / 3)))])[0][0]
    }
    for _ in 0..<rounds {
      for (index, sum) in sums.enumerated() {
        try world.barrier()
        times[index].append(try time(calls[index], sum) / Double(calls[index]))
      }
    }
    try exchange.close()
    return (times[0], times[1])
  }
}
