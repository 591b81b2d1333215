import Collectives
import Configuration
import DataPipeline
import Diagnostics
import NeuralNetwork
import NumericCore

/// The command `evaluate`: loss and metrics of a checkpoint on a split.
public enum EvaluationRun {
  /// Collective. Only rank 0 prints.
  public static func run(_ arguments: EvaluateArguments, ranks: MPICommunicator) throws {
    let trained = try TrainedModel(arguments.checkpoint)
    let samples = try trained.open(arguments.data, split: arguments.split, labelsRequired: true)
    let metrics = try makeEvaluator(trained, samples, ranks: ranks, measures: true).evaluate(trained.values)
    guard ranks.isRoot else { return }
    let report = EvaluationReport(
      checkpoint: arguments.checkpoint, step: trained.progress.step, data: samples.path, split: samples.name.rawValue,
      lossName: trained.facts.lossName, metrics: metrics)
    if arguments.json { return print(report.json.line) }
    for line in report.lines { print(line) }
  }

  /// An evaluator over the same shards, batches and held-out rows as in training, so that it gives the same bits.
  ///
  /// - Parameter measures: whether it computes metrics; then there have to be targets.
  static func makeEvaluator(
    _ trained: TrainedModel, _ samples: Samples, ranks: MPICommunicator, measures: Bool = false
  ) throws -> Evaluator {
    let facts = trained.facts
    guard ranks.size <= facts.shardCount else {
      throw TrainingError(
        "\(ranks.size) ranks are more than the \(facts.shardCount) shards of \(trained.path); start at most "
          + "\(facts.shardCount) ranks", exitCode: .usage)
    }
    BLAS.threads = facts.configuration.threads
    let objective = try trained.objective(samples.source)
    let assignment = ShardAssignment(shardCount: facts.shardCount, rankCount: ranks.size)
    let store = try ShardStore(
      source: samples.source, selection: samples.rows,
      dealing: ShardDealing(sampleCount: samples.rows.count, shardCount: assignment.shardCount),
      shards: assignment.shards(ofRank: ranks.rank),
      targetCheck: samples.source.targetType == nil ? .numbers : objective.targetCheck)
    if let limit = try trained.catalog.indexLimit(facts.configuration.model) { try store.checkIndices(below: limit) }
    store.transform = facts.transform
    return Evaluator(
      store, model: trained.model, objective: objective, batchSize: facts.configuration.batchSize,
      values: trained.values, assignment: assignment, communicator: ranks,
      metrics: measures ? MetricSelection(objective.metricTask(outputSize: trained.facts.outputSize)) : nil)
  }
}
