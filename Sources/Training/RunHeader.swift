import Collectives
import Configuration
import DataPipeline
import Foundation
import NumericCore

/// What a run says of itself before the first step.
enum RunHeader {
  static func lines(
    configuration: TrainingConfiguration, topology: Topology, data: TrainingData, trainer: Trainer,
    directory: RunDirectory, resumed: ResumePoint?
  ) -> [String] {
    let exchange = trainer.exchange
    func splitText(_ name: String, _ store: ShardStore?) -> String? {
      store.map { "\(name) \(grouped($0.dealing.sampleCount))" }
    }
    let train = data.train.source
    let splits = [splitText("train", data.train), splitText("val", data.validation), splitText("test", data.test)]
    let kind = exchange is AllReduceExchange ? "MPI all-reduce" : topology.nodeCount > 1 ? "shared memory and MPI" : "shared memory"
    let model = trainer.model
    let shape = model.summary.map { $0.parameterCount > 0 ? "\($0.type) \($0.outputShape)" : $0.type }
    let rows = [
      (
        "ddp-train", "\(programVersion)  \(MPILibrary.version)  \(BLAS.version)"
      ),
      (
        "ranks",
        "\(plural(topology.world.size, "rank")) on \(plural(topology.nodeCount, "node"))  \(kind)  BLAS \(BLAS.coreName), "
          + "\(plural(BLAS.threads, "thread")) a rank"
      ),
      (
        "data",
        "\(data.source.path)  \(splits.compactMap { $0 }.joined(separator: ", "))  \(train.featureShape) \(train.featureType.name), "
          + "\(data.outputSize) \(trainer.objective.isClassification ? "classes" : "outputs"), scaling \(data.transform.kind.rawValue)"
      ),
      ("model", "\(shape.joined(separator: " → "))  \(grouped(model.parameterLayout.elementCount)) parameters"),
      (
        "training",
        "\(trainer.objective.name), \(configuration.optimizer.name) at \(shortNumber(configuration.optimizer.learningRate)) "
          + "(\(configuration.schedule.name.rawValue)), \(plural(configuration.epochs, "epoch")) of "
          + "\(plural(trainer.plan.stepsPerEpoch, "step")), seed \(configuration.seed)"
      ),
      (
        "batch",
        "\(configuration.batchSize) samples over \(plural(exchange.assignment.shardCount, "shard"))"
      ),
      ("run", directory.path),
      resumed.map { ("resumed", "\($0.path)  after epoch \(trainer.progress.epoch), step \(grouped(trainer.progress.step))") },
    ]
    return rows.compactMap { $0 }.map { name, text in name.padding(toLength: 10, withPad: " ", startingAt: 0) + text }
  }

  static func warnings(resumed: ResumePoint?) -> [String] {
    var warnings: [String] = []
    let environment = ProcessInfo.processInfo.environment
    if let core = environment["OPENBLAS_CORETYPE"], ["haswell", "zen", "sandybridge"].contains(core.lowercased()),
      (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("avx512f") == true
    {
      warnings.append(
        "OPENBLAS_CORETYPE=\(core) keeps OpenBLAS from its AVX-512 kernels on this CPU, which are up to twice as fast; unset it")
    }
    guard let resumed else { return warnings }
    for error in resumed.refused { warnings.append("not resumed from a newer checkpoint: \(error)") }
    let attributes = resumed.checkpoint.attributes
    if let core = attributes["blas_core"]?.text, core != BLAS.coreName {
      warnings.append("trained so far with BLAS core \(core), now \(BLAS.coreName): the bits will not be those of one run")
    }
    if let threads = attributes["blas_threads"]?.integer, threads != BLAS.threads {
      warnings.append("trained so far with \(threads) BLAS threads, now \(BLAS.threads): the bits will not be those of one run")
    }
    return warnings
  }

  private static func plural(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }
}
