import Basics
import Foundation
import NumericCore
import Settings
import Training

/// What was measured of a workload, on rank 0.
struct WorkloadReport {
  let workload: Workload
  let ranks: Int
  let shards: Int
  let precision: ProductPrecision
  let parameters: Int
  /// Floating-point operations of a step on one rank.
  let operations: Double
  /// Seconds of a step, one number a round; so are the others.
  var steps: [Double] = []
  /// Operations a second of a 1024³ matrix product.
  var products: [Double] = []
  /// Seconds of the matrix products of a multi-layer perceptron's step alone; none for another model.
  var twins: [Double] = []
  var twinOperations = 0.0
  var splits: [StepSplit] = []
  /// Of a step that does not begin an epoch.
  var allocations = 0.0
  /// Steps that were timed.
  var count = 0

  init(workload: Workload, ranks: Int, shards: Int, timer: StepTimer) {
    (self.workload, self.ranks, self.shards) = (workload, ranks, shards)
    let model = timer.trainer.model
    precision = model.precision
    parameters = model.parameterLayout.count
    operations = Double(model.trainingOperations * workload.batchPerRank)
  }

  var samplesPerSecond: Double { Double(workload.batchPerRank * ranks) / median(steps) }
  /// Of the rate of the large matrix product, what the model's own operations reach.
  var shareOfLimit: Double { median(zip(steps, products).map { operations / $0 / $1 }) }

  /// The median of each part of a step, in seconds.
  var split: [(name: String, seconds: Double)] {
    splits[0].parts.indices.map { part in
      (splits[0].parts[part].name, median(splits.map { $0.parts[part].seconds }))
    }
  }

  /// A table for people.
  var lines: [String] {
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    var table = TextTable([.left, .right, .right], indentation: 2)
    table.add(["part of a step", "ms", "%"])
    let whole = split.reduce(0) { $0 + $1.seconds }
    for part in split {
      table.add([part.name, number(part.seconds * 1e3, 3), number(100 * part.seconds / whole, 1)])
    }
    let spread = (steps.max() ?? 0) / (steps.min() ?? 1)
    var facts = [
      ("samples a second", "\(grouped(Int(samplesPerSecond))), slowest round \(number(spread, 2)) times the fastest"),
      ("a step", "\(number(median(steps) * 1e3, 3)) ms of \(workload.batchPerRank) samples on each rank"),
      (
        "arithmetic",
        "\(number(operations * 1e-9, 3)) GFLOP a step and rank, \(percentage(shareOfLimit)) of the "
          + "\(number(median(products) * 1e-9, 1)) GFLOP/s of a 1024³ product"
      ),
    ]
    if !twins.isEmpty {
      facts.append(("beside its products", "\(number(median(ratios), 3)) times as long as they alone"))
    }
    facts.append(("allocations", "\(number(allocations, 2)) a step"))
    let head =
      "\(workload.name), \(workload.summary): \(plural(ranks, "rank")), \(plural(shards, "shard")), "
      + (precision == .bfloat16 ? "bfloat16" : "\(BLAS.version) \(BLAS.coreName)")
    return [head] + facts.map { "  " + $0.0.padding(toLength: 21, withPad: " ", startingAt: 0) + $0.1 } + table.lines
  }

  private var ratios: [Double] { zip(steps, twins).map { $0 / $1 } }

  /// The same for scripts.
  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("workload", .string(workload.name)), .init("ranks", .integer(ranks)), .init("shards", .integer(shards)),
      .init("precision", .string(precision.rawValue)), .init("batch_per_rank", .integer(workload.batchPerRank)),
      .init("parameters", .integer(parameters)),
      .init("blas", .string("\(BLAS.version) \(BLAS.coreName)")), .init("threads", .integer(BLAS.threads)),
      .init("steps", .integer(count)), .init("step_ms", .number(median(steps) * 1e3)),
      .init("samples_per_s", .number(samplesPerSecond)),
      .init("samples_per_s_least", .number(Double(workload.batchPerRank * ranks) / (steps.max() ?? 1))),
      .init("samples_per_s_most", .number(Double(workload.batchPerRank * ranks) / (steps.min() ?? 1))),
    ]
    if !twins.isEmpty {
      members += [
        .init("sgemm_ms", .number(median(twins) * 1e3)), .init("step_over_sgemm", .number(median(ratios))),
        .init("least", .number(ratios.min() ?? 0)), .init("most", .number(ratios.max() ?? 0)),
        .init("sgemm_gflops", .number(twinOperations / median(twins) * 1e-9)),
      ]
    }
    members += [
      .init("gflop_per_step", .number(operations * 1e-9)), .init("limit_gflops", .number(median(products) * 1e-9)),
      .init("share_of_limit", .number(shareOfLimit)),
      .init("split_ms", .object(split.map { .init($0.name, .number($0.seconds * 1e3)) })),
      .init("allocations_per_step", .number(allocations)),
    ]
    return .object(members)
  }
}
