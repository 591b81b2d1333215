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
    let metrics = try makeEvaluator(trained, samples, ranks: ranks).evaluate(trained.values)
    guard ranks.isRoot else { return }
    let report: JSONValue = [
      "checkpoint": .string(arguments.checkpoint), "data": .string(samples.path), "split": .string(samples.name.rawValue),
      "samples": .integer(metrics.sampleCount), "step": .integer(trained.progress.step),
      "loss": .number(metrics.loss), "accuracy": .optional(metrics.accuracy),
    ]
    if arguments.json { return print(report.line) }
    let table = [
      ("checkpoint", "\(arguments.checkpoint)  step \(grouped(trained.progress.step))"),
      ("data", "\(samples.path)  \(samples.name.rawValue)  \(grouped(metrics.sampleCount)) samples"),
      ("loss", "\(shortNumber(metrics.loss))  \(trained.facts.lossName)"),
      ("accuracy", metrics.accuracy.map(percentage) ?? "none: \(trained.facts.lossName) has no classes"),
    ]
    for (name, text) in table { print(name.padding(toLength: 12, withPad: " ", startingAt: 0) + text) }
  }

  /// An evaluator over the same shards, batches and held-out rows as in training, so that it gives the same bits.
  static func makeEvaluator(
    _ trained: TrainedModel, _ samples: Samples, ranks: MPICommunicator
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
    store.transform = facts.transform
    return Evaluator(
      store, model: trained.model, objective: objective, batchSize: facts.configuration.batchSize,
      values: trained.values, assignment: assignment, communicator: ranks)
  }
}
