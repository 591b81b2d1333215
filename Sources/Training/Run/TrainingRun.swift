import Checkpointing
import Collectives
import DataPipeline
import Basics
import Foundation
public import HDF5Storage
import NeuralNetwork
import NumericCore
import Optimizers
import Settings

/// The command `train`: set up, train epoch by epoch, keep records and checkpoints, test once at the end.
///
/// A program may set up and run several, one after the other; each has the bits that it would have alone.
public final class TrainingRun {
  private let configuration: TrainingConfiguration
  private let topology: Topology
  private let data: TrainingData
  /// For programs that take the steps themselves, such as a benchmark.
  package let trainer: Trainer
  private let metadata: Checkpoint.Metadata
  private let metrics: MetricSelection?
  private let testMetrics: MetricSelection?
  private let validator: Evaluator?
  /// nil where nothing is written.
  private var directory: RunDirectory?
  private let writesFiles: Bool
  /// On rank 0, where files are written.
  private var hold: RunHold?
  private let identity: RunIdentity?
  private var notes: [String]
  private let warnings: [String]
  /// What is to be said of the weights that the run starts from.
  private let initialNotes: [String]
  private let console: Console
  /// Whether it is one of many runs of a job, of which its caller alone speaks.
  private let isSilent: Bool
  private let resumed: ResumePoint?
  private var changes: [ResumeChange] = []
  private var timer = RunTimer()
  private var epochs: [EpochMetrics] = []
  /// On rank 0, where no file keeps the best epoch.
  private var bestCheckpoint: Checkpoint?
  private let isFold: Bool
  private var isOver = false
  private var visitTest: ((BufferView<Float>, BufferView<Int>) -> Void)?
  /// On rank 0, whether the launcher seems to be ending the job.
  private var isBeingEnded = false
  private var growth = LossGrowth()
  /// On rank 0, which alone keeps records.
  private var records: RunRecords?

  /// Called on every rank when the figures of an epoch are final; where it gives false, the run is done with that
  /// epoch. It must give the same on all ranks.
  package var afterEpoch: ((EpochMetrics) throws -> Bool)?
  /// Whether `afterEpoch` has ended the run.
  private var isEnded = false
  /// Whether figures are taken after a step, from 1, beside those of the epochs; nil for never.
  package var isMeasured: ((_ step: Int) -> Bool)?
  package private(set) var measurements: [StepMeasurement] = []
  private var sumsSinceMeasurement = StepScalars()
  /// Whether the test split is evaluated at the end.
  package var tests = true

  private var isRoot: Bool { topology.world.isRoot }

  // MARK: Set-up

  /// Sets up what a command line asks for. Collective over all ranks of the job.
  ///
  /// - Parameters:
  ///   - arguments: what a resumed run's leave out stays as its checkpoint has it.
  ///   - extensions: what they may name beside what ddp-train has.
  ///   - writesFiles: whether there is a run directory; without one the result of `run()` is all that is left of it.
  /// - Throws: as the other initializer does.
  public convenience init(
    _ arguments: TrainArguments, extensions: Extensions = Extensions(), writesFiles: Bool = true, ranks: MPICommunicator
  ) throws {
    let topology = try Topology(ranks)
    let request = StartRequest(
      configuration: try arguments.configuration(extensions: extensions),
      configurationFile: arguments.configurationFile, extensions: extensions,
      over: { try arguments.configuration(goingOnFrom: $0, extensions: extensions) })
    try self.init(
      RunStart(request, writesFiles: writesFiles, communicator: topology.world), topology: topology)
  }

  /// Sets up what a configuration asks for. Collective over all ranks of the job, with equal arguments on all.
  ///
  /// - Parameters:
  ///   - extensions: what it may name beside what ddp-train has.
  ///   - writesFiles: whether there is a run directory; without one the result of `run()` is all that is left of it.
  /// - Throws: a `SettingsError` where a property is out of its range or names what there is not; another
  ///   `UserFacingError` where configuration, data and model do not fit together, or the checkpoint to resume is
  ///   damaged or of another model.
  public convenience init(
    _ configuration: TrainingConfiguration, extensions: Extensions = Extensions(), writesFiles: Bool = true,
    ranks: MPICommunicator
  ) throws {
    let configuration = try configuration.checked(extensions)
    let topology = try Topology(ranks)
    let request = StartRequest(
      configuration: configuration, configurationFile: nil, extensions: extensions, over: { _ in configuration })
    try self.init(
      RunStart(request, writesFiles: writesFiles, communicator: topology.world), topology: topology)
  }

  /// Sets up one of many runs of a job, on a group of its ranks: it prints nothing, and its caller alone says what
  /// became of it. Collective over the group, with equal arguments on all.
  ///
  /// - Parameter fold: the rows of the training split that it is trained on, and those that it tests instead of the
  ///   test split, by all metrics of the task; nil for what the data says. Such a run writes no files.
  package convenience init(
    trial configuration: TrainingConfiguration, fold: Fold? = nil, writesFiles: Bool = false, ranks: MPICommunicator
  ) throws {
    precondition(fold == nil || !writesFiles, "a checkpoint would not know the fold's rows")
    let configuration = try configuration.checked()
    let topology = try Topology(ranks)
    let request = StartRequest(
      configuration: configuration, configurationFile: nil, extensions: Extensions(), over: { _ in configuration })
    try self.init(
      RunStart(request, writesFiles: writesFiles, communicator: topology.world), fold: fold, topology: topology,
      isSilent: true)
  }

  private init(_ start: RunStart, fold: Fold? = nil, topology: Topology, isSilent: Bool = false) throws {
    StopSignal.waitForStep()
    try StopSignal.checkBeforeFirstStep()
    let setup = try TrainingSetup(
      start.configuration, extensions: start.extensions, resumed: start.resumed, fold: fold, topology: topology)
    (data, trainer, metadata) = (setup.data, setup.trainer, setup.metadata)
    (metrics, testMetrics, validator) = (setup.metrics, setup.testMetrics, setup.validator)
    (configuration, resumed, self.topology) = (start.configuration, start.resumed, topology)
    (directory, hold, identity) = (start.hold?.directory, start.hold, start.identity)
    writesFiles = start.writesFiles
    isFold = fold != nil
    (notes, warnings) = (start.notes, start.warnings + setup.warnings)
    self.isSilent = isSilent
    console = Console(topology.world.isRoot ? configuration.verbosity : .quiet, isSilent: isSilent)
    initialNotes = (setup.data.matching?.notes ?? []) + (setup.transfer?.notes ?? [])
    try restoreOrInitialize(setup.transfer)
  }

  private func restoreOrInitialize(_ transfer: WeightTransfer?) throws {
    if let resumed {
      try resumed.check(metadata, of: data.source.path, mayChange: configuration.data.mayChange)
      // Also on the ranks whose copy is about to be overwritten: a checkpoint that does not fit is an error of all.
      if isRoot || trainer.exchange is AllReduceExchange { try resumed.checkpoint.restore(trainer, from: resumed.path) }
      trainer.progress = try resumed.checkpoint.progress(
        in: resumed.path, secondLoss: trainer.task.secondLoss?.key)
      try applyChanges(resumed)
      try forgetBestElsewhere()
    } else if isRoot {
      trainer.initializeState(transfer)
    }
    try trainer.exchange.broadcastState()
  }

  /// Finds what is another than before, and forgets what schedule and early stopping have made of the epochs so far
  /// where they go by other rules now.
  private func applyChanges(_ resumed: ResumePoint) throws {
    var now = metadata.configuration
    now.shards = configuration.shards ?? now.shards
    changes = try resumed.changes(to: now, progress: trainer.progress)
    func isOther(_ path: String) -> Bool { changes.contains { $0.path == path || $0.path.hasPrefix(path + ".") } }
    if isOther("schedule") || isOther("optimizer.learning_rate") { trainer.progress.plateau = nil }
    if isOther("early_stopping") { trainer.progress.earlyStopping = EarlyStoppingState() }
  }

  /// Keeps the best epoch so far only if its checkpoint will be in this run's directory: it is the one that is tested
  /// at the end.
  private func forgetBestElsewhere() throws {
    guard let best = trainer.progress.best, best.step != trainer.progress.step else { return }
    let isHere = isRoot && directory?.checkpoints.has(step: best.step) == true ? "here" : ""
    if try topology.world.broadcast(isHere, from: 0).isEmpty { trainer.progress.best = nil }
  }

  /// Has `take` called with the rows that this rank's shards take in each step.
  package func audit(_ take: @escaping (_ step: Int, _ rows: [Int]) -> Void) { trainer.auditRows = take }

  /// Has `take` called with the outputs [n, …] of each batch of test samples of this rank, and their rows [n].
  package func visitTest(_ take: @escaping (_ outputs: BufferView<Float>, _ rows: BufferView<Int>) -> Void) {
    visitTest = take
  }

  /// Writes outputs of the test samples, row by row, as `predict` would.
  package func write(_ outputs: [Float], rows: Int, to file: HDF5File) throws {
    let meaning = OutputMeaning(
      inputShape: metadata.inputShape, outputSize: metadata.outputSize, names: metadata.data.names,
      targets: metadata.targetTransform)
    let predictions = Predictions(
      outputs: outputs, rows: rows, shape: trainer.model.outputShapes[0], meaning: meaning)
    for array in trainer.task.arrays(predictions) { try array.write(to: file, rows: rows) }
  }

  // MARK: The run

  /// Trains to the end, or to a stop signal, and gives the run's memory back. Once, and collective.
  @discardableResult
  public func run() throws -> TrainingResult {
    guard !isOver else { throw Failure.usage("this run is over; set up another TrainingRun") }
    isOver = true
    let result: TrainingResult
    do { result = try train() } catch let error as Failure where error.exitCode == .numeric {
      // All ranks have met it, and a program may go on with another run.
      try close()
      throw Failure(error.description + remedy, exitCode: error.exitCode)
    }
    try close()
    return result
  }

  private func close() throws {
    hold = nil
    try trainer.exchange.close()
    try topology.close()
  }

  /// How to go on after a loss that is not finite.
  private var remedy: String {
    guard let directory else { return ", then start again" }
    return directory.checkpoints.isUsed
      ? ", then resume from the last checkpoint"
      : ", then start again with --overwrite: there is no checkpoint yet to go on from"
  }

  private func train() throws -> TrainingResult {
    try openDirectory()
    if isRoot {
      try openRecords()
      // A launcher has Ctrl-C itself.
      if console.hasTerminal, DistributedProgram.launchedRank == nil {
        StopSignal.answer(
          "stopping after this step" + (directory == nil ? "" : " and writing a checkpoint")
            + "; Ctrl-C again ends at once")
      }
    }
    if configuration.epochs == 0 && trainer.progress.step == 0 {
      guard try keepFirstWeights() else { return result(.preempted) }
    } else if isRoot && trainer.progress.epoch >= configuration.epochs {
      try console.line("all \(trainer.progress.epoch) epochs are done; to train on, give more with --epochs")
    }
    while !trainer.isFinished && !isEnded {
      guard try trainEpoch() else {
        try stop()
        return result(.preempted)
      }
    }
    if isRoot, trainer.isStoppedEarly, let rule = configuration.earlyStopping {
      try console.line(
        "stopped early after epoch \(trainer.progress.epoch): no better \(rule.metric.rawValue) for "
          + "\(plural(rule.patience, "epoch"))"
      )
    }
    let review =
      isSilent || directory == nil
      ? nil
      : RunReview(
        trainer: trainer, data: data, metadata: metadata, topology: topology, isIllustrated: configuration.log.report)
    let survey = review?.makeSurvey()
    let test = tests ? try testBest(survey) : nil
    guard test != nil || data.test == nil || !tests else {
      if isRoot { try console.line("stopped by a signal before the end of the test; \(wayOn)") }
      return result(.preempted)
    }
    try summarize(test, try conclude(review, survey, test))
    return result(.done, test: test)
  }

  private func result(_ exitCode: ExitCode, test: SplitMetrics? = nil) -> TrainingResult {
    TrainingResult(
      exitCode: exitCode, epochs: epochs, best: trainer.progress.best, test: test, directory: directory)
  }

  /// One epoch: its steps, validation, a line of metrics, a checkpoint.
  ///
  /// - Returns: false where a stop was asked for between steps, or while validating.
  private func trainEpoch() throws -> Bool {
    timer.startEpoch()
    while trainer.progress.stepInEpoch < trainer.plan.stepsPerEpoch {
      let totals = try trainer.step(requestsStop: StopSignal.isRequested)
      timer.count(samples: totals.sums.samples)
      growth.begin(totals.sums.meanLoss, isResumed: resumed != nil)
      if isRoot { try afterStep(totals) }
      if totals.sums.stop > 0 { return false }
      guard try measure(totals.sums) else { return false }
    }
    timer.endSteps(exchange: trainer.takeExchangeSeconds())
    var validation: SplitMetrics?
    if let validator {
      let progress = console.progress("validation")
      guard let figures = try validator.evaluate(trainer.values, progress: progress) else { return false }
      validation = figures
    }
    guard try trainer.exchange.replicasAgree() else {
      throw Failure(
        "epoch \(trainer.progress.epoch + 1): the copies of the parameters differ between ranks, which must not "
          + "happen; check the nodes' memory and that all run the same program", exitCode: .replicas)
    }
    try endEpoch(validation)
    return true
  }

  /// Where there is nothing to train: figures and a checkpoint of the weights that the run starts from.
  ///
  /// - Returns: false where a stop was asked for meanwhile.
  private func keepFirstWeights() throws -> Bool {
    if type(of: trainer.task).whyNotEvaluated == nil {
      let evaluator =
        try validator
        ?? evaluator(
          of: data.trainForEvaluation(configuration, trainer.task), metrics: metrics)
      guard let figures = try evaluator.evaluate(trainer.values) else { return false }
      trainer.progress.best = TrainingProgress.Best(
        epoch: 0, step: 0, loss: figures.loss, accuracy: figures.accuracy)
    }
    if isRoot { try save(isBest: true) }
    return true
  }

  /// Takes in the sums of a step, and takes figures where they are wanted after it.
  ///
  /// - Returns: false where a stop was asked for meanwhile.
  private func measure(_ sums: StepScalars) throws -> Bool {
    guard let isMeasured else { return true }
    sumsSinceMeasurement += sums
    guard isMeasured(trainer.progress.step) else { return true }
    let validation = try validator?.evaluate(trainer.values)
    guard validation != nil || validator == nil else { return false }
    measurements.append(
      StepMeasurement(
        step: trainer.progress.step, sums: sumsSinceMeasurement, hasAccuracy: trainer.task.hasAccuracy,
        validation: validation))
    sumsSinceMeasurement = StepScalars()
    return true
  }

  private func afterStep(_ totals: StepTotals) throws {
    let progress = trainer.progress
    if let records, records.isDue(step: progress.step) {
      let figures = StepFigures(totals, of: trainer)
      try records.step(figures)
      try console.detail(figures.text)
    }
    let steps = trainer.plan.stepsPerEpoch
    console.progress(
      "epoch \(progress.epoch + 1)/\(configuration.epochs)", fraction: Double(progress.stepInEpoch) / Double(steps)
    ) { timer.text(progress, steps: steps, epochs: configuration.epochs) }
    let rule = configuration.checkpoint
    let isDue =
      (rule.everySteps > 0 && progress.step % rule.everySteps == 0)
      || (rule.everyMinutes > 0 && timer.secondsSinceCheckpoint >= rule.everyMinutes * 60)
    // A launcher that is told to end lets its ranks go on, in case they were stopped, a second before it ends them.
    isBeingEnded = DistributedProgram.launchedRank != nil && StopSignal.takeContinuation()
    // The end of an epoch has its own rule, and its checkpoint knows the validation figures.
    if (isDue || isBeingEnded) && progress.stepInEpoch < steps { try save(isBest: false) }
  }

  private func endEpoch(_ validation: SplitMetrics?) throws {
    let progress = trainer.progress
    let metrics = EpochMetrics(
      progress, learningRate: trainer.learningRate(stepInEpoch: progress.stepInEpoch), validation: validation,
      task: trainer.task, metricNames: self.metrics?.names ?? [])
    epochs.append(metrics)
    let isBest = trainer.finishEpoch(metrics.candidate)
    isEnded = try afterEpoch?(metrics) == false
    guard isRoot else { return }
    timer.endEpoch()
    let timing = JSONValue.object((timer.json.members ?? []) + [.init("run", .optional(identity?.id))])
    try records?.epoch(metrics, timing: timing)
    let isMarked = isBest && trainer.task.ranksEpochs
    try console.line(table.line(metrics, timer, isBest: isMarked), isMarked ? .best : .plain)
    try console.detail(timer.text)
    if let warning = growth.warning(metrics) { try console.warn(warning) }
    let isLast = trainer.isFinished || isEnded
    let rule = configuration.checkpoint
    let isDue =
      (rule.everyEpochs > 0 && trainer.progress.epoch % rule.everyEpochs == 0)
      || (rule.everySteps > 0 && progress.step % rule.everySteps == 0)
    if isBest || isLast || isDue { try save(isBest: isBest) }
  }

  private func save(isBest: Bool) throws {
    let step = trainer.progress.step
    if let directory {
      func write() throws {
        var checkpoint = Checkpoint(trainer, metadata: metadata)
        checkpoint.runID = identity?.id
        try directory.checkpoints.save(checkpoint, step: step, isBest: isBest, keep: configuration.checkpoint.keep)
      }
      if !((isBeingEnded || StopSignal.isRequested) && OutlivingWork.run(write)) { try write() }
    } else if isBest {
      bestCheckpoint = Checkpoint(trainer, metadata: metadata)
    }
    timer.checkpointSaved()
  }

  /// Ends early on all ranks, with a whole checkpoint.
  private func stop() throws {
    if isRoot {
      if trainer.progress.stepInEpoch > 0 { try save(isBest: false) }
      try console.line("stopped by a signal after step \(trainer.progress.step); \(wayOn)")
    }
    try topology.world.barrier()
  }

  /// How a stopped run goes on.
  private var wayOn: String {
    directory.map {
      "\($0.checkpoints.latestLink) is complete, go on with --run \($0.path) --resume auto"
    } ?? "nothing is kept of it"
  }

  // MARK: Beginning and end

  /// Makes the directory, whose name only now is sure.
  private func openDirectory() throws {
    guard writesFiles else { return }
    let path = try topology.world.agree {
      guard let hold else { return [] }
      notes += try hold.use()
      return [hold.directory.path]
    }
    directory = path.first.map { RunDirectory(path: $0) }
  }

  private func openRecords() throws {
    let progress = trainer.progress, resumesBest = resumed != nil && progress.best?.step == progress.step
    let recorded = RecordedRun(
      directory, identity, trainer: trainer, data: data, metadata: metadata, isResumed: resumed != nil)
    records = RunRecords(recorded, configuration: configuration, stepsPerEpoch: trainer.plan.stepsPerEpoch)
    if let directory, let identity {
      directory.removeLeftovers()
      try identity.write(in: directory)
      try records?.begin()
      if resumed != nil {
        directory.checkpoints.setAside(after: progress.step)
        // A run that goes on in another directory begins there with the checkpoint that it took.
        if !directory.checkpoints.has(step: progress.step) { try save(isBest: resumesBest) }
        try directory.checkpoints.repairLinks(latest: progress.step, best: progress.best?.step)
      }
      try directory.write(metadata.configuration)
      try console.startLog(in: directory)
    } else if resumesBest {
      try save(isBest: true)
    }
    for note in notes { try console.line(note) }
    try RunHeader.say(
      on: console, metadata: metadata, topology: topology, data: data, trainer: trainer, directory: directory,
      resumed: resumed, initialNotes: initialNotes, changes: changes, warnings: warnings)
    guard !trainer.isFinished else { return }
    try console.line(table.heading, .heading)
  }

  private var table: EpochTable {
    EpochTable(configuration, task: trainer.task, metrics: metrics?.names ?? [], hasValidation: validator != nil)
  }

  /// A checkpoint of this run, not one that has come in its place.
  private func readOwn(_ path: String) throws -> Checkpoint {
    let checkpoint = try Checkpoint.read(path)
    try identity?.check(checkpoint, at: path)
    return checkpoint
  }

  /// Whether the test split is evaluated with the best epoch's weights, not the last one's. A fold without validation
  /// samples has nothing to choose by, unless it is told to stop early.
  package var testsBest: Bool {
    configuration.earlyStopping?.restoreBest ?? (!isFold || validator != nil)
  }

  /// The test split is read once, with the best checkpoint, after everything has been chosen.
  ///
  /// - Returns: its figures, equal on all ranks; nil without a test split, and where a stop was asked for meanwhile.
  private func testBest(_ survey: EvaluationSurvey?) throws -> SplitMetrics? {
    guard let split = data.test else { return nil }
    try restoreBest()
    return try evaluator(of: split, metrics: testMetrics)
      .evaluate(trainer.values, progress: console.progress("test"), survey: survey) { outputs, rows in
        visitTest?(outputs, rows)
      }
  }

  private func evaluator(of split: EvaluatedSplit, metrics: MetricSelection?) -> Evaluator {
    Evaluator(
      split.store, plan: split.plan, model: trainer.model, task: trainer.task, values: trainer.values,
      assignment: trainer.exchange.assignment, communicator: topology.world, metrics: metrics)
  }

  /// Gives all ranks the weights of the best checkpoint, where the run is judged by it.
  private func restoreBest() throws {
    if isRoot, testsBest, let best = trainer.progress.best,
      best.step != trainer.progress.step
    {
      let path = directory?.checkpoints.bestLink
      let values = trainer.values
      try (path.map(readOwn) ?? bestCheckpoint)?.restoreEvaluated(
        trainer.model, parameters: values.parameters, statistics: values.statistics, from: path ?? "the best epoch")
    }
    try trainer.exchange.broadcastState()
  }

  /// Looks the run over once more, on the test split or, where there is none, on the validation split.
  ///
  /// - Parameter survey: of the test's evaluation; empty without a test split.
  /// - Returns: on rank 0 of a run that writes files.
  private func conclude(
    _ review: RunReview?, _ survey: EvaluationSurvey?, _ test: SplitMetrics?
  ) throws -> RunConclusion? {
    guard let review, let directory else { return nil }
    var figures = test
    if data.test == nil, let validator {
      try restoreBest()
      figures = try validator.evaluate(trainer.values, progress: console.progress("report"), survey: survey)
    }
    return try review.material(figures == nil ? nil : survey, figures).map {
      try RunConclusion(
        directory, material: $0, writesReport: configuration.log.report, rows: trainer.rows(of:))
    }
  }

  /// Writes and prints what the run has come to.
  private func summarize(_ test: SplitMetrics?, _ conclusion: RunConclusion?) throws {
    guard isRoot, let best = trainer.progress.best else { return }
    let summary = RunSummary(
      best: best, progress: trainer.progress, test: test, metricNames: metrics?.names ?? [],
      isValidated: validator != nil, directory: directory,
      isBestTested: testsBest, conclusion: conclusion, seconds: timer.total)
    try records?.end(best: best, test: test)
    if let directory {
      let written = summary.json(in: directory)
      try directory.write(summary: written)
      try conclusion?.writeReport(summary: written)
    }
    for line in summary.lines { try console.line(line) }
  }
}
