import Basics
import Collectives
import Foundation
import NumericCore
import Settings
import Training

/// Times training steps of a workload through the same code as `ddp-train`, and beside them, in turn, a large matrix
/// product and the products that a step of a multi-layer perceptron contains.
enum WorkloadBench {
  private static let rounds = 15

  /// Sets up a run of a workload. Collective.
  static func run(_ workload: Workload, _ arguments: BenchArguments, _ ranks: MPICommunicator) throws -> TrainingRun {
    let shards = arguments.shards ?? ranks.size
    guard shards >= ranks.size else {
      throw SettingsError("--shards: expected at least \(ranks.size), the ranks, found \(shards)")
    }
    let path = NSTemporaryDirectory() + "ddp-bench-\(workload.name)-\(getuid()).h5"
    if ranks.isRoot { try SyntheticData.write(workload, to: path) }
    try ranks.barrier()
    let run = try TrainingRun(
      workload.arguments(data: path, ranks: ranks.size, shards: shards, precision: arguments.precision),
      writesFiles: false, ranks: ranks)
    try ranks.barrier()
    if ranks.isRoot { try FileManager.default.removeItem(atPath: path) }
    return run
  }

  /// Collective.
  ///
  /// - Returns: what this rank has measured.
  static func measure(
    _ workload: Workload, _ arguments: BenchArguments, _ ranks: MPICommunicator
  ) throws -> WorkloadReport {
    let run = try run(workload, arguments, ranks), timer = StepTimer(run.trainer)
    // All ranks take the same number of steps, decided by rank 0's clock before the timing starts.
    let pilot = try timer.seconds(of: 10) / 10
    let wanted = max(2, Int(arguments.seconds / 3 / pilot / Double(rounds)))
    let count = try ranks.allGather([wanted])[0][0]
    let product = SquareProduct(size: 1024)
    let shards = run.trainer.exchange.shards
    let microBatches = shards.map { run.trainer.plan.positions(shard: $0, step: 0).count }
    let twin = workload.sizes.map { GemmTwin(sizes: $0, microBatches: microBatches, precision: arguments.precision) }
    var report = WorkloadReport(
      workload: workload, ranks: ranks.size, shards: run.trainer.exchange.assignment.shardCount, timer: timer)
    for _ in 0..<rounds {
      try ranks.barrier()
      report.steps.append(try timer.seconds(of: count) / Double(count))
      try ranks.barrier()
      report.products.append(product.operations / (time(2, product.run) / 2))
      if let twin {
        try ranks.barrier()
        report.twins.append(time(count, twin.run) / Double(count))
        report.twinOperations = twin.operations
      }
      try ranks.barrier()
      report.splits.append(try timer.split(of: count))
    }
    report.allocations = try timer.allocations(in: count)
    report.count = rounds * count
    return report
  }
}
