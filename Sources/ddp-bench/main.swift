import Basics
import Collectives
import Configuration
import Foundation
import NumericCore
import Settings
import Training

// Times training steps of a workload through the same code as `ddp-train`, and beside them, in turn, the matrix products that
// a step contains. One JSON line, from rank 0:
//
//   mpirun -np 2 ddp-bench mlp [--shards V] [--seconds T]
//
// or single layers beside a large matrix product, as a table:
//
//   ddp-bench layers
//
// or sequence layers, a JSON line each:
//
//   ddp-bench sequence

let usage =
  "usage: ddp-bench \(Workload.all.map(\.name).joined(separator: "|")) [--shards V] [--seconds T], or ddp-bench layers|sequence"

func bench(_ arguments: [String], _ ranks: MPICommunicator) throws {
  let (workload, shards, seconds) = try parse(arguments, ranks: ranks.size)
  let path = NSTemporaryDirectory() + "ddp-bench-\(workload.name)-\(getuid()).h5"
  if ranks.isRoot { try SyntheticData.write(workload, to: path) }
  try ranks.barrier()
  let run = try TrainingRun(workload.arguments(data: path, ranks: ranks.size, shards: shards), ranks: ranks)
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

func parse(_ arguments: [String], ranks: Int) throws -> (Workload, shards: Int, seconds: Double) {
  guard let name = arguments.first, let workload = Workload.all.first(where: { $0.name == name }),
    arguments.count % 2 == 1
  else { throw Failure.usage(usage) }
  var shards = ranks, seconds = 6.0
  for index in stride(from: 1, to: arguments.count, by: 2) {
    switch (arguments[index], Int(arguments[index + 1]), Double(arguments[index + 1])) {
    case ("--shards", let value?, _) where value >= ranks: shards = value
    case ("--seconds", _, let value?) where value > 0: seconds = value
    default: throw Failure.usage(usage)
    }
  }
  return (workload, shards, seconds)
}

/// Seconds that `count` calls take.
func time(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  for _ in 0..<count { try body() }
  let elapsed = start.duration(to: .now).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

/// The middle value.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

DistributedProgram.run { ranks in
  let arguments = Array(CommandLine.arguments.dropFirst())
  if arguments == ["layers"] {
    if ranks.isRoot {
      LayerBench.run()
      NormalizationBench.run()
    }
  } else if arguments == ["sequence"] {
    if ranks.isRoot { SequenceBench.run() }
  } else {
    try bench(arguments, ranks)
  }
  return .done
}
