import Basics
public import Collectives
import DataPipeline
import NeuralNetwork
import NumericCore

/// What to evaluate.
public struct EvaluateArguments: Sendable, Equatable {
  /// A file, or a run directory, of which the best is meant.
  public var checkpoint: String
  /// nil for the data that the checkpoint was trained on.
  public var data: String?
  /// nil for the test split if there is one.
  public var split: String?

  public init(checkpoint: String, data: String? = nil, split: String? = nil) {
    (self.checkpoint, self.data, self.split) = (checkpoint, data, split)
  }
}

/// Loss and metrics of a checkpoint on a split.
public enum EvaluationRun {
  /// The metrics, and what they are of.
  package struct Result: Sendable {
    /// The file.
    package let checkpoint: String
    package let step: Int
    /// The file, directory, glob or list.
    package var data: String
    package let split: String
    package let lossName: String
    package let metrics: SplitMetrics
    /// Of classes or target columns, by index; nil where the training data had none.
    package let names: [String]?
    /// What a user should know of how the data were taken, one line each.
    package var remarks: [String]
  }

  /// Evaluates and prints nothing. Collective.
  ///
  /// - Parameter extensions: those of the program that trained the checkpoint.
  /// - Returns: the figures of the split, equal on every rank and on any number of ranks.
  /// - Throws: a `UserFacingError` where checkpoint or data are missing, damaged, or do not fit together.
  public static func metrics(
    _ arguments: EvaluateArguments, extensions: Extensions = Extensions(), ranks: MPICommunicator
  ) throws -> SplitMetrics {
    try evaluate(arguments, extensions: extensions, ranks: ranks).metrics
  }

  /// The same with more about it. Collective.
  ///
  /// - Parameter progress: is given the share of this rank's work that is done.
  package static func evaluate(
    _ arguments: EvaluateArguments, extensions: Extensions = Extensions(), ranks: any Communicator,
    progress: (Double) -> Void = { _ in }
  ) throws -> Result {
    StopSignal.endAtOnce()
    let trained = try TrainedModel(arguments.checkpoint, extensions: extensions)
    let samples = try trained.open(arguments.data, split: arguments.split, labelsRequired: true)
    let evaluator = try makeEvaluator(trained, samples, ranks: ranks, measures: true)
    guard let metrics = try evaluator.evaluate(trained.values, progress: progress) else {
      throw StopSignal.interruption
    }
    guard metrics.loss.isFinite else {
      throw Failure(
        "\(trained.path): the loss on \(samples.path) \(samples.name.rawValue) is \(shortNumber(metrics.loss)), "
          + "expected a finite number; its features or targets are far beyond those of training, or the weights are "
          + "useless",
        exitCode: .numeric)
    }
    return Result(
      checkpoint: trained.path, step: trained.progress.step, data: samples.path, split: samples.name.rawValue,
      lossName: trained.metadata.lossName,
      metrics: metrics, names: trained.outputNames ?? trained.labelTexts, remarks: samples.remarks)
  }

  /// An evaluator over the same shards, batches and held-out rows as in training, so that it gives the same bits.
  ///
  /// - Parameter measures: whether it computes metrics; then there have to be targets.
  static func makeEvaluator(
    _ trained: TrainedModel, _ samples: Samples, ranks: any Communicator, measures: Bool = false
  ) throws -> Evaluator {
    let metadata = trained.metadata
    BLAS.threads = metadata.configuration.threads
    let task = try trained.task(samples.source)
    let plan = EvaluationPlan(
      sampleCount: samples.rows.count, shardCount: metadata.shardCount,
      globalBatchSize: metadata.configuration.batchSize)
    let assignment = ShardAssignment(shardCount: metadata.shardCount, rankCount: ranks.size)
    let memory = try DataMemory(metadata.configuration.data.memory, bytes: samples.source.byteCount, ranks)
    // No rank may take memory before all have looked.
    if memory.streams { try samples.source.requireWhole() } else { try samples.source.requireMemory() }
    try ranks.barrier()
    let shards = assignment.shards(ofRank: ranks.rank)
    let store = try ShardStore(
      source: samples.source, selection: samples.rows, partition: plan.partition, shards: shards,
      targetCheck: samples.source.targetType == nil ? FiniteNumbers() : task.targetCheck,
      streaming: memory.bufferRows(samples.source, shardCount: metadata.shardCount, ownShards: shards.count))
    let indexCount = metadata.indexCount ?? metadata.outputSize
    if let limit = metadata.configuration.model.indexLimit(indexCount: indexCount) {
      try store.checkIndices(below: limit)
    }
    try metadata.data.checkUnits(of: store, scaledBy: metadata.transform, of: trained.path)
    try metadata.featureKind.map(store.checkKind)
    store.ignoredLabel = task.loss.ignoredLabel
    if measures { try store.requireWeight(ranks) }
    store.transform = metadata.transform
    if samples.source.targetType != nil { store.targetTransform = metadata.targetTransform }
    let metrics = MetricSelection(
      task.metricTask(outputSize: metadata.outputSize, targets: metadata.targetTransform), among: trained.metrics
    ).deciding(by: trained.progress.thresholds)
    return Evaluator(
      store, plan: plan, model: trained.model, task: task, values: trained.values, assignment: assignment,
      communicator: ranks, metrics: measures ? metrics : nil)
  }
}
