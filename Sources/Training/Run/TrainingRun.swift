import Checkpointing
import Collectives
import DataPipeline
import Basics
import Foundation
import HDF5Storage
import NeuralNetwork
import NumericCore
import Optimizers
import Settings

/// The command `train`: set up, train epoch by epoch, keep records and checkpoints, test once at the end.
///
/// A program may set up and run several, one after the other; each has the bits that it would have alone.
public final class TrainingRun {
  let configuration: TrainingConfiguration
  let topology: Topology
  let data: TrainingData
  /// For programs that take the steps themselves, such as a benchmark.
  package let trainer: Trainer
  let metadata: Checkpoint.Metadata
  let metrics: MetricSelection?
  let testMetrics: MetricSelection?
  let validator: Evaluator?
  /// nil where nothing is written.
  var directory: RunDirectory?
  let writesFiles: Bool
  /// On rank 0, where files are written.
  var hold: RunHold?
  let identity: RunIdentity?
  var notes: [String]
  package let warnings: [String]
  /// What is to be said of the weights that the run starts from.
  let initialNotes: [String]
  let console: Console
  /// Whether it is one of many runs of a job, of which its caller alone speaks.
  let isSilent: Bool
  let resumed: ResumePoint?
  var changes: [ResumeChange] = []
  var timer = RunTimer()
  /// Of all ranks, on each of them.
  var times = RunTimes()
  /// On rank 0.
  var stragglers = Stragglers()
  /// nil where none is asked for.
  var trace: RunTrace?
  var epochs: [EpochMetrics] = []
  /// Whether the result has the figures of all epochs, some 200 bytes each. A program that does not look at them trains
  /// for any number of epochs in the same memory.
  public var keepsEpochs = true
  /// On rank 0, where files are written.
  var writer: CheckpointWriter?
  /// On rank 0, where no file keeps the best epoch.
  var bestCheckpoint: Checkpoint?
  let isFold: Bool
  var isOver = false
  var visitTest: ((BufferView<Float>, BufferView<Int>) -> Void)?
  /// On rank 0, whether the launcher seems to be ending the job.
  var isBeingEnded = false
  var growth = LossGrowth()
  /// On rank 0, whether a loss of validation that is not finite has been told.
  var hasDoubtedValidation = false
  /// The last step after which all copies of the state were equal, and that of the last checkpoint written then.
  var agreedStep = 0
  var agreedCheckpoint: Int?
  /// On rank 0, which alone keeps records.
  var records: RunRecords?

  /// Called on every rank when the figures of an epoch are final; where it gives false, the run is done with that
  /// epoch. It must give the same on all ranks.
  package var afterEpoch: ((EpochMetrics) throws -> Bool)?
  /// Whether `afterEpoch` has ended the run.
  var isEnded = false
  /// Whether figures are taken after a step, from 1, beside those of the epochs; nil for never.
  package var isMeasured: ((_ step: Int) -> Bool)?
  package internal(set) var measurements: [StepMeasurement] = []
  var sumsSinceMeasurement = StepScalars()
  /// Whether the test split is evaluated at the end.
  package var tests = true

  var isRoot: Bool { topology.world.isRoot }

  init(_ start: RunStart, fold: Fold? = nil, topology: Topology, isSilent: Bool = false) throws {
    StopSignal.waitForStep()
    try StopSignal.checkBeforeFirstStep()
    if !start.writesFiles { try start.configuration.sentinel.requireNoRollback() }
    Watchdog.current?.setLimit(start.configuration.watchdog.seconds)
    let console = Console(topology.world.isRoot ? start.configuration.verbosity : .quiet, isSilent: isSilent)
    let setup = try TrainingSetup(
      start.configuration, extensions: start.extensions, resumed: start.resumed, fold: fold, topology: topology,
      progress: { console.progress($0) })
    console.clearBar()
    self.console = console
    (data, trainer, metadata) = (setup.data, setup.trainer, setup.metadata)
    (metrics, testMetrics, validator) = (setup.metrics, setup.testMetrics, setup.validator)
    (configuration, resumed, self.topology) = (start.configuration, start.resumed, topology)
    (directory, hold, identity) = (start.hold?.directory, start.hold, start.identity)
    writesFiles = start.writesFiles
    isFold = fold != nil
    (notes, warnings) = (start.notes, start.warnings + setup.warnings)
    self.isSilent = isSilent
    initialNotes = setup.initialNotes
    let room = CheckpointRoom(setup.trainer.exchange.layout), rule = start.configuration.checkpoint
    _ = try topology.world.agree {
      try hold.map { try room.require(in: $0.directory, rule) }
      return []
    }
    try restoreOrInitialize(setup.transfer)
  }

  /// Whether the data have a test split.
  package var hasTest: Bool { data.test != nil }
  /// Tells the training data from others, held-out samples included.
  package var dataFingerprint: String { metadata.data.fingerprint?.description ?? "" }

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
      targets: metadata.targetTransform, thresholds: thresholds)
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
    do { result = try train() } catch {
      // A checkpoint that is being written is of use, whatever ends the run.
      try? writer?.finish()
      guard let error = error as? Failure, error.exitCode == .numeric else { throw error }
      // All ranks have met it, and a program may go on with another run.
      conclude(failure: error)
      try writeTrace()
      try close()
      throw Failure(error.description + remedy, exitCode: error.exitCode)
    }
    try writeTrace()
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
    trace = isSilent ? nil : try RunTrace(configuration.log, topology)
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
    try writer?.finish()
    try tellNewsOfCheckpoints()
    if isRoot, trainer.isStoppedEarly, let rule = configuration.earlyStopping {
      try console.line(
        "stopped early after epoch \(trainer.progress.epoch): no better \(rule.metric.name) for "
          + "\(plural(rule.patience, "epoch"))"
      )
    }
    if let directory, let epoch = try forgetBestElsewhere(), isRoot {
      try console.warn(
        "\(directory.checkpoints.bestLink): is gone, with the checkpoint of epoch \(epoch), the best; what follows is "
          + "of the last one")
    }
    let review = review, survey = review?.makeSurvey()
    let test = tests ? try testBest(survey) : nil
    guard test != nil || data.test == nil || !tests else {
      if isRoot { try console.line("stopped by a signal before the end of the test; \(wayOn)") }
      return result(.preempted)
    }
    try summarize(test, try Timeline.wholeSpan(.report) { try conclude(review, survey, test) })
    return result(.done, test: test)
  }

  private func result(_ exitCode: ExitCode, test: SplitMetrics? = nil) -> TrainingResult {
    TrainingResult(
      exitCode: exitCode, epochs: epochs, best: trainer.progress.best, test: test, directory: directory)
  }
}
