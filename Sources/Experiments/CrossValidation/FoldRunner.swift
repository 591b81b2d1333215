import Basics
import Collectives
import DataPipeline
import Metrics
import Training

/// Trains and tests one fold on a group of ranks.
struct FoldRunner {
  private let job: FoldJob
  private let fold: Fold
  private let group: MPICommunicator
  private let run: TrainingRun
  private let start = ContinuousClock.now

  /// Sets up the training: what does not fit together is found here. Collective over the group.
  init(
    _ configuration: TrainingConfiguration, _ job: FoldJob, of split: FoldedSplit, on group: MPICommunicator
  ) throws {
    (self.job, self.group) = (job, group)
    fold = split.plans[job.repetition][job.fold]
    run = try job.naming(in: split) { [fold] in
      try TrainingRun(trial: Self.placed(configuration, job), fold: fold, ranks: group)
    }
  }

  /// What a user should know of the fold, one line each; on the group's first rank.
  var warnings: [String] { run.warnings }

  /// Trains and tests, once. Collective over the group.
  ///
  /// - Parameter file: where the group's first rank leaves the result and the outputs of the test samples; nil for
  ///   nowhere.
  /// - Returns: the same on all its ranks; nil where a signal asked to end.
  func result(file: String? = nil) throws -> FoldResult? {
    var result = FoldResult(
      repetition: job.repetition + 1, fold: job.fold + 1, trainCount: fold.train.count, testCount: fold.test.count)
    var outputs: [Float] = [], rows: [Int] = []
    var sums: MetricSums?
    run.visitTest { values, ids in
      outputs += values
      rows += ids
    }
    do {
      let outcome = try run.run()
      guard outcome.exitCode != .preempted, let test = outcome.test else { return nil }
      result.epochs = outcome.epochs.count
      result.skippedSteps = outcome.epochs.reduce(0) { $0 + $1.skippedSteps }
      result.testedEpoch = run.testsBest ? outcome.best?.epoch : outcome.epochs.last?.epoch
      sums = test.report?.sums
      result.figures = [.init("loss", test.loss)]
      if let accuracy = test.accuracy { result.figures.append(.init("accuracy", accuracy)) }
      result.figures += (test.report?.figures ?? []).filter { figure in
        !result.figures.contains { $0.name == figure.name }
      }.map { .init($0.name, $0.value) }
      if !test.loss.isFinite { (result.state, result.reason) = (.failed, "the loss of its test samples is not finite") }
    } catch let error as Failure where error.exitCode == .numeric {
      result.state = .failed
      // What to do about it is no matter of a fold.
      result.reason = error.description.components(separatedBy: ", expected finite")[0]
    }
    result.seconds = start.duration(to: .now).seconds
    if let file {
      let all = try Self.gather(outputs, rows, fold.test, group)
      if group.isRoot { try FoldFile.write(result, sums: sums, rows: fold.test, outputs: all, of: run, to: file) }
      try group.barrier()
    }
    return result
  }

  /// The configuration of a fold, whose seed is another in each repeat.
  private static func placed(_ configuration: TrainingConfiguration, _ job: FoldJob) -> TrainingConfiguration {
    var placed = configuration
    (placed.run, placed.resume, placed.name, placed.overwrite, placed.quiet) = (nil, nil, nil, false, true)
    placed.seed = (configuration.seed &+ UInt64(job.repetition)) & UInt64(Int64.max)
    placed.folds = nil
    return placed
  }

  /// The outputs of all ranks in the order of the rows. Collective.
  private static func gather(
    _ outputs: [Float], _ rows: [Int], _ order: [Int], _ group: MPICommunicator
  ) throws -> [Float] {
    let (rows, outputs) = (try group.allGather(rows), try group.allGather(outputs))
    let count = rows.reduce(0) { $0 + $1.count }
    guard count > 0 else { return [] }
    let width = outputs.reduce(0) { $0 + $1.count } / count
    let places = Dictionary(uniqueKeysWithValues: zip(order, 0...))
    var all = [Float](repeating: 0, count: order.count * width)
    for (rows, values) in zip(rows, outputs) {
      for (index, row) in rows.enumerated() {
        guard let place = places[row] else { continue }
        all.replaceSubrange(place * width..<(place + 1) * width, with: values[index * width..<(index + 1) * width])
      }
    }
    return all
  }
}
