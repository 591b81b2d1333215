import Basics
import Checkpointing
import DataPipeline
import Foundation
import Metrics
import NeuralNetwork
import NumericCore

extension TrainingRun {
  /// Where there is nothing to train: figures and a checkpoint of the weights that the run starts from.
  ///
  /// - Returns: false where a stop was asked for meanwhile.
  func keepFirstWeights() throws -> Bool {
    if type(of: trainer.task).whyNotEvaluated == nil {
      let evaluator =
        try validator
        ?? evaluator(
          of: data.trainForEvaluation(configuration, trainer.task), metrics: metrics)
      guard let figures = try evaluator.evaluate(trainer.values) else { return false }
      trainer.progress.best = TrainingProgress.Best(
        epoch: 0, step: 0, loss: figures.loss, accuracy: figures.accuracy,
        figures: figures.figures(metrics?.names ?? []), thresholds: figures.thresholds)
      trainer.progress.thresholds = figures.thresholds
      if isRoot { try warn(ofLoss: figures, on: validator == nil ? "train" : "validation") }
    }
    if isRoot { try save(isBest: true) }
    return true
  }

  /// Warns where the loss on a split is no number, for which `evaluate` ends with an error.
  func warn(ofLoss figures: SplitMetrics, on split: String) throws {
    guard !figures.loss.isFinite else { return }
    try console.warn(
      "the \(split) loss is \(shortNumber(figures.loss)), expected a finite number: features or targets there are far "
        + "beyond those of training, or the weights are useless")
  }

  /// A checkpoint of this run, not one that has come in its place.
  func readOwn(_ path: String) throws -> Checkpoint {
    let checkpoint = try Checkpoint.read(path)
    try identity?.check(checkpoint, at: path)
    return checkpoint
  }

  /// Whether the test split is evaluated with the best epoch's weights, not the last one's. A fold without validation
  /// samples has nothing to choose by, unless it is told to stop early.
  package var testsBest: Bool {
    configuration.earlyStopping?.restoreBest ?? (!isFold || validator != nil)
  }

  /// Above which logits the answers of the run's result are yes, as validation has chosen them; empty for 0.
  var thresholds: [Float] { (testsBest ? trainer.progress.best?.thresholds : nil) ?? trainer.progress.thresholds }

  /// The test split is read once, with the best checkpoint, after everything has been chosen.
  ///
  /// - Returns: its figures, equal on all ranks; nil without a test split, and where a stop was asked for meanwhile.
  func testBest(_ survey: EvaluationSurvey?) throws -> SplitMetrics? {
    guard let split = data.test else { return nil }
    return try evaluator(of: split, metrics: testMetrics?.deciding(by: thresholds), restoreBest())
      .evaluate(trainer.values, progress: console.progress("test"), survey: survey) { outputs, rows in
        visitTest?(outputs, rows)
      }
  }

  /// - Parameter precision: that of other weights than those that are trained; nil for those.
  func evaluator(
    of split: EvaluatedSplit, metrics: MetricSelection?, _ precision: ProductPrecision? = nil
  ) -> Evaluator {
    Evaluator(
      split.store, plan: split.plan, model: precision.map(trainer.model.rounding(to:)) ?? trainer.model,
      task: trainer.task, values: trainer.values, assignment: trainer.exchange.assignment,
      communicator: topology.world, metrics: metrics)
  }

  /// Gives all ranks the weights of the best checkpoint, where the run is judged by it.
  ///
  /// - Returns: the precision that they are evaluated in. A run that was resumed may have come to them in another.
  func restoreBest() throws -> ProductPrecision {
    var precision = configuration.precision
    let best = testsBest ? trainer.progress.best : nil
    if isRoot, resumed != nil || best.map({ $0.step != trainer.progress.step }) == true {
      let path = directory.map { best == nil ? $0.checkpoints.latestLink : $0.checkpoints.bestLink }
      let values = trainer.values
      if let checkpoint = try path.map(readOwn) ?? (best == nil ? nil : bestCheckpoint) {
        try checkpoint.restoreEvaluated(
          trainer.model, parameters: values.parameters, statistics: values.statistics, from: path ?? "the best epoch")
        precision = checkpoint.precision
      }
    }
    try trainer.exchange.broadcastState()
    return try ProductPrecision(rawValue: topology.world.broadcast(precision.rawValue, from: 0)) ?? precision
  }

  /// What looks the run over; nil where nothing would be told of it.
  var review: RunReview? {
    isSilent || directory == nil
      ? nil
      : RunReview(
        trainer: trainer, data: data, metadata: metadata, topology: topology, isIllustrated: configuration.log.report,
        thresholds: thresholds)
  }

  /// Says what the records show of a run that ends with a loss that is not finite, and writes its page.
  func conclude(failure: Failure) {
    guard isRoot, let directory, let review else { return }
    do {
      let conclusion = try RunConclusion(
        directory, material: review.material(failure: failure), writesReport: configuration.log.report,
        rows: trainer.rows(of:))
      try conclusion.writeReport(summary: .null)
      for line in RunSummary.lines(of: conclusion) { try console.line(line) }
    } catch {
      // What ended the run is what must be told.
      try? console.warn("there is no report: \(error)")
    }
  }

  /// Looks the run over once more, on the test split or, where there is none, on the validation split.
  ///
  /// - Parameter survey: of the test's evaluation; empty without a test split.
  /// - Returns: on rank 0 of a run that writes files.
  func conclude(
    _ review: RunReview?, _ survey: EvaluationSurvey?, _ test: SplitMetrics?
  ) throws -> RunConclusion? {
    guard let review, let directory else { return nil }
    var figures = test
    if data.test == nil, let validator, let split = data.validation {
      let precision = try restoreBest()
      let judge =
        precision == configuration.precision ? validator : evaluator(of: split, metrics: metrics, precision)
      figures = try judge.evaluate(trainer.values, progress: console.progress("report"), survey: survey)
    }
    return try review.material(figures == nil ? nil : survey, figures).map {
      try RunConclusion(
        directory, material: $0, writesReport: configuration.log.report, rows: trainer.rows(of:))
    }
  }

  /// What has held this run up; nil where it has taken no step.
  private var bottleneck: Bottleneck? {
    Bottleneck(
      times,
      Bottleneck.Place(
        ranks: topology.world.size, nodes: topology.nodeCount, ranksPerNode: topology.nodeSizes.max() ?? 1,
        threads: BLAS.threads, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
        shards: trainer.exchange.assignment.shardCount))
  }

  /// Writes the trace, if there is one. Collective.
  func writeTrace() throws {
    if let said = try trace?.write() { try console.line("trace      " + said) }
    trace = nil
  }

  /// Writes and prints what the run has come to.
  func summarize(_ test: SplitMetrics?, _ conclusion: RunConclusion?) throws {
    guard isRoot else { return }
    let best = trainer.progress.best
    let summary = RunSummary(
      best: best, progress: trainer.progress, precision: configuration.precision, test: test,
      metricNames: metrics?.names ?? [],
      goals: configuration.bestBy.map { [MetricName(stringLiteral: $0.name)] } ?? [],
      isValidated: validator != nil, directory: directory,
      isBestTested: testsBest && best != nil, conclusion: conclusion, seconds: timer.total,
      exposedSeconds: topology.world.size > 1 ? timer.totalExposed : nil, bottleneck: bottleneck,
      stragglers: stragglers)
    if let test { try warn(ofLoss: test, on: "test") }
    try records?.end(epoch: (testsBest ? best?.epoch : nil) ?? trainer.progress.epoch, test: test)
    if let directory {
      let written = summary.json(in: directory)
      try directory.write(summary: written)
      try conclusion?.writeReport(summary: written)
    }
    for line in summary.lines { try console.line(line) }
  }
}
