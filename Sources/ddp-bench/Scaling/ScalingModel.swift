import Basics
import Collectives
import Foundation
import Settings
import Training

extension ScalingModel {
  /// Hosts of the table: for 8 to 1,024 ranks, or as many as were asked for.
  private func hosts(_ asked: Int?) -> [Int] {
    if let asked { return [asked] }
    return (3...10).map { 1 << $0 }.filter { $0 % ranksPerNode == 0 && $0 > ranksPerNode }.map { $0 / ranksPerNode }
  }

  /// Measures what is not given, on the ranks of this host, and prints the prediction. Collective.
  static func run(_ arguments: BenchArguments, _ ranks: MPICommunicator) throws {
    let measured = try arguments.stepTime != nil && arguments.bytes != nil ? nil : StepCost(arguments, ranks)
    guard ranks.isRoot else { return }
    guard let step = arguments.stepTime?.seconds ?? measured?.step, let bytes = arguments.bytes ?? measured?.bytes
    else {
      throw SettingsError("--step-time: expected --bytes too, what is exchanged, or a workload to measure")
    }
    let model = ScalingModel(
      step: step, backward: arguments.backwardTime?.seconds ?? measured?.backward ?? 0, bytes: Double(bytes),
      ranksPerNode: arguments.ranksPerNode ?? ranks.size, latency: arguments.latency?.seconds ?? 0,
      bandwidth: arguments.bandwidth?.bytesPerSecond ?? 0)
    guard model.backward <= model.step else {
      throw SettingsError("--backward-time: expected at most the step's time, of which it is a part")
    }
    let hosts = model.hosts(arguments.hosts)
    guard !hosts.isEmpty else {
      throw SettingsError(
        "--ranks-per-node \(model.ranksPerNode): no number of such hosts makes 8, 16, … or 1,024 ranks; say how many "
          + "hosts with --hosts N")
    }
    if !arguments.json { print(model.lines(hosts).joined(separator: "\n")) }
    print(model.json(hosts).line)
  }

  private func lines(_ hosts: [Int]) -> [String] {
    var table = TextTable([.right, .right, .right, .right, .right, .right], indentation: 2)
    table.add(["ranks", "hosts", "ms a step", "efficiency", "with overlap: ms", "efficiency"])
    for nodes in hosts {
      func cells(_ overlaps: Bool) -> [String] {
        [
          String(format: "%.2f", step(nodes: nodes, overlaps: overlaps) * 1e3),
          String(format: "%.1f %%", 100 * efficiency(nodes: nodes, overlaps: overlaps)),
        ]
      }
      table.add([grouped(nodes * ranksPerNode), grouped(nodes)] + cells(false) + cells(true))
    }
    let facts = String(
      format:
        "prediction: a step of %.2f ms on one host, %.2f of them backward; %.2f MB exchanged; %.1f µs, %.2f Gbit/s",
      step * 1e3, backward * 1e3, bytes * 1e-6, latency * 1e6, bandwidth * 8e-9)
    return [facts] + table.lines + ["  No host is slower than another here, and nothing else uses the network."]
  }

  private func json(_ hosts: [Int]) -> JSONValue {
    [
      "prediction": .array(
        hosts.map { nodes in
          [
            "ranks": .integer(nodes * ranksPerNode), "hosts": .integer(nodes),
            "step_ms": .number(step(nodes: nodes, overlaps: false) * 1e3),
            "efficiency": .number(efficiency(nodes: nodes, overlaps: false)),
            "overlapped_step_ms": .number(step(nodes: nodes, overlaps: true) * 1e3),
            "overlapped_efficiency": .number(efficiency(nodes: nodes, overlaps: true)),
          ]
        }),
      "step_ms": .number(step * 1e3), "backward_ms": .number(backward * 1e3), "bytes": .number(bytes),
      "latency_us": .number(latency * 1e6), "gbit_per_s": .number(bandwidth * 8e-9),
    ]
  }
}

/// What a step of a run takes on the ranks of this job.
struct StepCost {
  let step: Double
  let backward: Double
  let bytes: Int

  /// Collective.
  init(_ arguments: BenchArguments, _ ranks: MPICommunicator) throws {
    let run: TrainingRun
    guard arguments.workload == nil || arguments.config == nil else {
      throw SettingsError("--config: stands beside a workload; expected one of the two")
    }
    if let workload = arguments.workload {
      run = try WorkloadBench.run(workload, arguments, ranks)
    } else if let file = arguments.config {
      var settings = TrainArguments()
      settings.configurationFile = file
      run = try TrainingRun(settings, writesFiles: false, ranks: ranks)
    } else {
      throw SettingsError("scaling-model: expected a workload, --config FILE, or --step-time and --bytes")
    }
    let timer = StepTimer(run.trainer)
    let pilot = try timer.seconds(of: 10) / 10
    let count = try ranks.allGather([max(2, Int(arguments.seconds / 10 / pilot))])[0][0]
    // The fastest of ten rounds: what disturbs makes it slower, never faster.
    step = try (0..<10).map { _ in try timer.seconds(of: count) / Double(count) }.min() ?? pilot
    backward = try timer.split(of: count).seconds("backward")
    bytes = timer.exchangedBytes
  }
}
