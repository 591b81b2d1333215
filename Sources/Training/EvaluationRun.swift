import Collectives
import Configuration
import DataPipeline
import Basics
import NeuralNetwork
import NumericCore

/// The command `evaluate`: loss and metrics of a checkpoint on a split.
public enum EvaluationRun {
  /// Evaluates and, on rank 0 alone, prints. Collective.
  public static func run(_ arguments: EvaluateArguments, ranks: MPICommunicator) throws {
    let report = try report(arguments, CustomLayers(), ranks)
    guard ranks.isRoot else { return }
    for line in arguments.json ? [report.json.line] : report.lines { print(line) }
  }

  /// Evaluates and prints nothing. Collective.
  ///
  /// - Parameter customLayers: those that the checkpoint's model names.
  /// - Returns: the figures of the split, equal on every rank and on any number of ranks.
  /// - Throws: a `UserFacingError` where checkpoint or data are missing, damaged, or do not fit together.
  public static func metrics(
    _ arguments: EvaluateArguments, customLayers: CustomLayers = CustomLayers(), ranks: MPICommunicator
  ) throws -> SplitMetrics {
    try report(arguments, customLayers, ranks).metrics
  }

  private static func report(
    _ arguments: EvaluateArguments, _ customLayers: CustomLayers, _ ranks: MPICommunicator
  ) throws -> EvaluationReport {
    let trained = try TrainedModel(arguments.checkpoint, customLayers: customLayers)
    let samples = try trained.open(arguments.data, split: arguments.split, labelsRequired: true)
    let metrics = try makeEvaluator(trained, samples, ranks: ranks, measures: true).evaluate(trained.values)
    return EvaluationReport(
      checkpoint: arguments.checkpoint, step: trained.progress.step, data: samples.path, split: samples.name.rawValue,
      lossName: trained.facts.lossName, metrics: metrics)
  }

  /// An evaluator over the same shards, batches and held-out rows as in training, so that it gives the same bits.
  ///
  /// - Parameter measures: whether it computes metrics; then there have to be targets.
  static func makeEvaluator(
    _ trained: TrainedModel, _ samples: Samples, ranks: MPICommunicator, measures: Bool = false
  ) throws -> Evaluator {
    let facts = trained.facts
    guard ranks.size <= facts.shardCount else {
      throw Failure.usage(
        "\(ranks.size) ranks are more than the \(facts.shardCount) shards of \(trained.path); start at most "
          + "\(facts.shardCount) ranks")
    }
    BLAS.threads = facts.configuration.threads
    let task = try trained.task(samples.source)
    let plan = EvaluationPlan(
      sampleCount: samples.rows.count, shardCount: facts.shardCount, globalBatchSize: facts.configuration.batchSize)
    let assignment = ShardAssignment(shardCount: facts.shardCount, rankCount: ranks.size)
    let store = try ShardStore(
      source: samples.source, selection: samples.rows,
      dealing: plan.dealing,
      shards: assignment.shards(ofRank: ranks.rank),
      targetCheck: samples.source.targetType == nil ? FiniteNumbers() : task.targetCheck)
    let indexCount = facts.indexCount ?? facts.outputSize
    if let limit = facts.configuration.model.indexLimit(indexCount: indexCount) {
      try store.checkIndices(below: limit)
    }
    store.transform = facts.transform
    return Evaluator(
      store, plan: plan, model: trained.model, task: task, values: trained.values, assignment: assignment,
      communicator: ranks, metrics: measures ? MetricSelection(task.metricTask(outputSize: facts.outputSize)) : nil)
  }
}
