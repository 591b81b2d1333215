import Basics
import Collectives
import Training
import Foundation
import NumericCore
import Settings

// Times training steps of a workload through the same code as `ddp-train`, and beside them, in turn, the matrix
// products that a step contains; or single layers. See `BenchArguments`.

func bench(_ workload: Workload, _ arguments: BenchArguments, _ ranks: MPICommunicator) throws {
  let shards = arguments.shards ?? ranks.size, seconds = arguments.seconds
  guard shards >= ranks.size else {
    throw SettingsError("--shards: expected at least \(ranks.size), the ranks, found \(shards)")
  }
  let path = NSTemporaryDirectory() + "ddp-bench-\(workload.name)-\(getuid()).h5"
  if ranks.isRoot { try SyntheticData.write(workload, to: path) }
  try ranks.barrier()
  let run = try TrainingRun(
    workload.arguments(data: path, ranks: ranks.size, shards: shards), writesFiles: false, ranks: ranks)
  let trainer = run.trainer
  func step() throws {
    if trainer.progress.stepInEpoch == trainer.plan.stepsPerEpoch { trainer.progress.finishEpoch() }
    _ = try trainer.step()
  }
  let microBatches = trainer.exchange.shards.map { trainer.plan.positions(shard: $0, step: 0).count }
  let twin = GemmTwin(sizes: workload.sizes, microBatches: microBatches)

  // All ranks take the same number of steps, decided by rank 0's clock before the timing starts.
  let pilot = try seconds > 0 ? time(10, step) / 10 : 1
  let rounds = 15
  let count = try ranks.allGather([max(2, Int(seconds / 2 / pilot / Double(rounds)))])[0][0]
  var stepTimes: [Double] = [], gemmTimes: [Double] = []
  for _ in 0..<rounds {
    try ranks.barrier()
    stepTimes.append(try time(count, step) / Double(count))
    try ranks.barrier()
    gemmTimes.append(time(count, twin.run) / Double(count))
  }
  try ranks.barrier()
  guard ranks.isRoot else { return }
  try FileManager.default.removeItem(atPath: path)
  let ratios = zip(stepTimes, gemmTimes).map { $0 / $1 }
  let report: JSONValue = [
    "workload": .string(workload.name), "ranks": .integer(ranks.size), "shards": .integer(shards),
    "batch_per_rank": .integer(workload.batchPerRank), "blas": .string("\(BLAS.version) \(BLAS.coreName)"),
    "threads": .integer(BLAS.threads), "steps": .integer(rounds * count),
    "step_ms": .number(median(stepTimes) * 1e3), "sgemm_ms": .number(median(gemmTimes) * 1e3),
    "step_over_sgemm": .number(median(ratios)), "least": .number(ratios.min() ?? 0), "most": .number(ratios.max() ?? 0),
    "sgemm_gflops": .number(twin.operations / median(gemmTimes) * 1e-9),
    "samples_per_s": .number(Double(workload.batchPerRank * ranks.size) / median(stepTimes)),
  ]
  print(report.line)
}

/// Seconds that `count` calls take.
func time(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  for _ in 0..<count { try body() }
  return start.duration(to: .now).seconds
}

/// The middle value.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

DistributedProgram.main {
  let line = Array(CommandLine.arguments.dropFirst())
  if ScannedArguments.asksForHelp(line) {
    print(BenchArguments.help)
    return .done
  }
  let arguments = try BenchArguments(line)
  return try DistributedProgram.withMPI { ranks in
    switch arguments.subject {
    case .workload(let workload): try bench(workload, arguments, ranks)
    case .layers where ranks.isRoot:
      LayerBench.run()
      NormalizationBench.run()
    case .sequence where ranks.isRoot: SequenceBench.run()
    case .stream where ranks.isRoot: try StreamBench.run()
    case .exchange: try ExchangeBench.run(ranks, json: arguments.json)
    case .layers, .sequence, .stream: break
    }
    return .done
  }
}
