import Collectives
import Settings

/// One thing that `ddp-bench` measures: a subject has a name on the command line and a file of its own.
struct Subject: Sendable {
  let name: String
  /// For `--help`.
  let summary: String
  /// Whether all ranks take part; else rank 0 alone measures.
  let isCollective: Bool
  /// Whether the name of a workload may follow.
  let takesWorkload: Bool
  let run: @Sendable (BenchArguments, MPICommunicator) throws -> Void

  init(
    _ name: String, _ summary: String, isCollective: Bool = false, takesWorkload: Bool = false,
    run: @escaping @Sendable (BenchArguments, MPICommunicator) throws -> Void
  ) {
    (self.name, self.summary, self.isCollective, self.run) = (name, summary, isCollective, run)
    self.takesWorkload = takesWorkload
  }

  /// In the order of `--help`.
  static let all =
    Workload.all.map { workload in
      Subject(workload.name, workload.summary, isCollective: true) { try bench(workload, $0, $1) }
    } + [
      Subject("layers", "convolutions beside a large matrix product, normalization beside a copy; two tables") { _, _ in
        LayerBench.run()
        NormalizationBench.run()
      },
      Subject("sequence", "sequence layers beside a large matrix product; a JSON line each") { _, _ in
        SequenceBench.run()
      },
      Subject("stream", "reading samples that are streamed, beside zlib alone; two JSON lines") { _, _ in
        try StreamBench.run()
      },
      Subject(
        "exchange", "the sum of a step beside MPI_Allreduce, 4 KiB to 64 MiB, over all ranks; a table, or --json",
        isCollective: true
      ) { try ExchangeBench.run($1, json: $0.json) },
      Subject(
        "scaling-model", "predicts a workload's weak scaling over hosts: scaling-model WORKLOAD, or --config FILE",
        isCollective: true, takesWorkload: true
      ) { try ScalingModel.run($0, $1) },
    ]

  /// Measures a workload, or writes the files that ddp-train needs for it.
  private static func bench(_ workload: Workload, _ arguments: BenchArguments, _ ranks: MPICommunicator) throws {
    if let directory = arguments.files {
      if ranks.isRoot {
        try workload.write(
          in: directory, ranks: ranks.size, shards: arguments.shards ?? ranks.size, precision: arguments.precision)
      }
      return
    }
    let report = try WorkloadBench.measure(workload, arguments, ranks)
    guard ranks.isRoot else { return }
    if !arguments.json { print(report.lines.joined(separator: "\n")) }
    print(report.json.line)
  }
}
