import Basics
import Checkpointing
import Collectives
import DataPipeline
import Foundation
import NeuralNetwork
import NumericCore
import Settings

/// What a run says of itself before the first step: a name and what belongs to it, within 80 columns where paths allow.
enum RunHeader {
  /// Says all of it.
  ///
  /// - Parameters:
  ///   - changes: what is another than when the run began.
  ///   - warnings: those of the start.
  static func say(
    on console: Console, metadata: Checkpoint.Metadata, topology: Topology, data: TrainingData, trainer: Trainer,
    directory: RunDirectory?, resumed: ResumePoint?, initialNotes: [String], changes: [ResumeChange],
    warnings: [String]
  ) throws {
    for line in lines(
      configuration: metadata.configuration, topology: topology, data: data, trainer: trainer, directory: directory,
      resumed: resumed, initialNotes: initialNotes)
    { try console.line(line) }
    for remark in data.source.remarks { try console.warn(remark) }
    if let resumed, resumed.metadata.data.differs(from: metadata.data) {
      try console.warn("trained so far on other values than \(data.source.path) has now: data.may_change allows it")
    }
    let configuration = trainer.configuration
    let doubts = configuration.warnings(
      steps: configuration.epochs * trainer.plan.stepsPerEpoch, lossName: trainer.task.lossName)
    let remarks = Self.warnings(
      resumed: resumed, changes: changes, task: trainer.task, assignment: trainer.exchange.assignment)
    let rounding =
      trainer.isRounded(on: topology)
      ? [
        "exchange_precision: bfloat16 rounds what nodes exchange: other nodes"
          + (resumed == nil ? "" : ", and resuming, which forgets what rounding has left,") + " give other bits"
      ] : []
    let slowness =
      configuration.precision == .bfloat16 && !Processor.compiledFeatures.contains(.avx512BF16)
      ? ["precision: bfloat16 saves no time here, where the program was built for a CPU without AVX-512 BF16"] : []
    for warning in warnings + remarks + rounding + slowness + doubts { try console.warn(warning) }
  }

  static func lines(
    configuration: TrainingConfiguration, topology: Topology, data: TrainingData, trainer: Trainer,
    directory: RunDirectory?, resumed: ResumePoint?, initialNotes: [String]
  ) -> [String] {
    let exchange = trainer.exchange
    let kind =
      exchange is AllReduceExchange
      ? "MPI all-reduce"
      : topology.nodeCount > 1
        ? "shared memory and MPI" + (trainer.isRounded(on: topology) ? " in bfloat16" : "") : "shared memory"
    let splits = [("train", data.train), ("val", data.validation?.store), ("test", data.test?.store)].compactMap {
      name, store in store.map { "\(name) \(grouped($0.partition.sampleCount))" }
    }
    let source = data.train.source
    var rows: [(name: String, lines: [String])] = [
      ("ddp-train", ["\(programVersion), \(MPILibrary.version), \(BLAS.version)"]),
      (
        "ranks",
        [
          "\(plural(topology.world.size, "rank")) on \(plural(topology.nodeCount, "node")), \(kind), BLAS "
            + "\(BLAS.coreName) with "
            + "\(plural(BLAS.threads, "thread"))"
        ] + BLAS.kernelChoice.explanation + ((exchange as? SharedMemoryExchange)?.memoryNote.map { [$0] } ?? [])
      ),
      (
        "data",
        [
          data.source.path,
          splits.joined(separator: ", ") + ": \(source.featureShape) \(source.featureType.name), "
            + "\(trainer.task.outputText(data.outputSize).map { $0 + ", " } ?? "")scaling "
            + "\(data.transform.kind.rawValue)",
        ] + names(source.names) + (source.weightsPath.map { ["weights \($0.shownName)"] } ?? [])
          + data.streamLines(isResumed: resumed != nil) + data.source.notes
      ),
      ("targets", data.targetLines(trainer.task)),
      ("scaling", data.scalingLines),
      (
        "model",
        trainer.network.layerWords.flatMap(wrapped) + [
          "\(grouped(trainer.model.parameterLayout.elementCount)) parameters"
        ]
      ),
      (
        "training",
        [
          "\(trainer.task.lossName), \(trainer.network.optimizerText(configuration, rate: trainer.rates.base)) "
            + "(\(configuration.schedule.name)), seed \(configuration.seed)",
          "\(plural(configuration.epochs, "epoch")) of \(plural(trainer.plan.stepsPerEpoch, "step")), "
            + "\(plural(configuration.samplesPerStep, "sample")) a step over "
            + "\(plural(exchange.assignment.shardCount, "shard"))",
        ] + (configuration.precision == .bfloat16 ? ["products of factors in bfloat16, all else in float32"] : [])
      ),
    ]
    rows += trainer.network.selectionLines(configuration)
    if resumed == nil, let weights = configuration.initial.from {
      rows.append(("weights", [weights] + initialNotes))
    }
    if let directory { rows.append(("run", [directory.path])) }
    if let resumed {
      rows.append(
        ("resumed", [resumed.path, "after epoch \(trainer.progress.epoch), step \(grouped(trainer.progress.step))"]))
    }
    return rows.flatMap { name, lines in
      lines.enumerated().map { ($0 == 0 ? name : "").padding(toLength: 11, withPad: " ", startingAt: 0) + $1 }
    }
  }

  /// What columns and classes are called, a line each.
  private static func names(_ names: DataNames) -> [String] {
    [("columns", names.columns), ("classes", names.classes), ("targets", names.classes == nil ? names.targets : nil)]
      .compactMap { noun, list in list.map { "\(noun) \(listing($0, limit: 8))" } }
  }

  /// The words, joined by arrows, on lines of at most 69 characters.
  private static func wrapped(_ words: [String]) -> [String] {
    var lines: [String] = []
    for (index, word) in words.enumerated() {
      let text = word + (index < words.count - 1 ? " →" : "")
      if let line = lines.last, line.count + 1 + text.count <= 69 {
        lines[lines.count - 1] += " " + text
      } else {
        lines.append(text)
      }
    }
    return lines
  }

  /// - Parameter changes: what is another than when the run began.
  static func warnings(
    resumed: ResumePoint?, changes: [ResumeChange], task: any LearningTask, assignment: ShardAssignment
  ) -> [String] {
    var warnings: [String] = []
    if let warning = BLAS.kernelChoice.warning { warnings.append(warning) }
    if let warning = task.reading?.warning { warnings.append(warning) }
    if let warning = idleRanks(assignment, isResumed: resumed != nil) { warnings.append(warning) }
    return warnings + Self.warnings(resumed: resumed, changes: changes)
  }

  /// What a run that goes on from a checkpoint warns of.
  static func warnings(resumed: ResumePoint?, changes: [ResumeChange]) -> [String] {
    guard let resumed else { return [] }
    var warnings: [String] = []
    if !changes.isEmpty {
      warnings.append("goes on with other settings than before: \(changes.map(\.text).joined(separator: ", "))")
    }
    for error in resumed.refused { warnings.append("not resumed from a newer checkpoint: \(error)") }
    let attributes = resumed.checkpoint.attributes
    if let core = attributes["blas_core"]?.text, core != BLAS.coreName {
      warnings.append(
        "trained so far with BLAS core \(core), now \(BLAS.coreName): the bits will not be those of one run")
    }
    if let threads = attributes["blas_threads"]?.integer, threads != BLAS.threads {
      warnings.append(
        "trained so far with \(threads) BLAS threads, now \(BLAS.threads): the bits will not be those of one run")
    }
    return warnings
  }

  /// A warning of ranks that have nothing to compute; nil where there are none.
  static func idleRanks(_ assignment: ShardAssignment, isResumed: Bool) -> String? {
    let (ranks, shards) = (assignment.rankCount, assignment.shardCount)
    guard ranks > shards else { return nil }
    return "\(ranks) ranks are more than the \(plural(shards, "shard")): \(ranks - shards) of them hold no samples and "
      + "only sum and update; "
      + (isResumed
        ? "a resumed run keeps its shards, so start \(plural(shards, "rank"))"
        : "--shards \(ranks) gives each a part of the batch, and changes the bits of the result once")
  }
}
