import Basics
import Checkpointing
public import Collectives
import DataPipeline
import Foundation
import NeuralNetwork
import Optimizers
import Settings

extension TrainingRun {
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
    guard configuration.log.trace == nil else {
      throw Failure.usage("log.trace: a trace is of one training run; leave it out of folds and trials")
    }
    let topology = try Topology(ranks)
    let request = StartRequest(
      configuration: configuration, configurationFile: nil, extensions: Extensions(), over: { _ in configuration })
    try self.init(
      RunStart(request, writesFiles: writesFiles, communicator: topology.world), fold: fold, topology: topology,
      isSilent: true)
  }

  // MARK: Where it starts

  func restoreOrInitialize(_ transfer: WeightTransfer?) throws {
    if let resumed {
      try resumed.check(
        samples: metadata.sampleCount, metadata.data, of: data.source.path, mayChange: configuration.data.mayChange)
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
    agreedStep = trainer.progress.step
    if resumed != nil { agreedCheckpoint = agreedStep }
  }

  /// Finds what is another than before, and forgets what schedule and early stopping have made of the epochs so far
  /// where they go by other rules now.
  func applyChanges(_ resumed: ResumePoint) throws {
    var now = metadata.configuration
    now.shards = configuration.shards ?? now.shards
    changes = try resumed.changes(to: now, progress: trainer.progress)
    func isOther(_ path: String) -> Bool { changes.contains { $0.path == path || $0.path.hasPrefix(path + ".") } }
    if isOther("schedule") || isOther("optimizer.learning_rate") { trainer.progress.plateau = nil }
    if isOther("early_stopping") { trainer.progress.earlyStopping = EarlyStoppingState() }
  }

  /// Keeps the best epoch so far only if its checkpoint will be in this run's directory: it is the one that is tested
  /// at the end.
  ///
  /// - Returns: the epoch, where its checkpoint is not there.
  @discardableResult
  func forgetBestElsewhere() throws -> Int? {
    guard let best = trainer.progress.best, best.step != trainer.progress.step else { return nil }
    let isHere = isRoot && directory?.checkpoints.has(step: best.step) == true ? "here" : ""
    guard try topology.world.broadcast(isHere, from: 0).isEmpty else { return nil }
    trainer.progress.best = nil
    return best.epoch
  }

  // MARK: Files

  /// Makes the directory, whose name only now is sure.
  func openDirectory() throws {
    guard writesFiles else { return }
    let path = try topology.world.agree {
      guard let hold else { return [] }
      try checkCopies(of: hold)
      notes += try hold.use()
      return [hold.directory.path]
    }
    directory = path.first.map { RunDirectory(path: $0) }
  }

  /// The directory of the copies of this run's checkpoints; nil where none are asked for.
  private func copyDirectory(of directory: RunDirectory) -> RunDirectory? {
    configuration.checkpoint.copyTo.map { place in
      RunDirectory(path: "\(place)/\(URL(fileURLWithPath: directory.path).lastPathComponent)")
    }
  }

  /// Looks at the directory of the copies before that of the run is made or renamed. Where the run goes on from one of
  /// them, they are its own; where it takes another's place, that one's are renamed too.
  private func checkCopies(of hold: RunHold) throws {
    guard hold.isNamed, let directory = copyDirectory(of: hold.directory), let identity else { return }
    let copies = directory.checkpoints
    func place(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    let isResumedFrom = resumed.map { place($0.path).hasPrefix(place(copies.path) + "/") } ?? false
    if !isResumedFrom, let newest = copies.newest().found, !identity.owns(newest.checkpoint.runID) {
      guard hold.setsAside else { throw identity.foreign(copies.file(step: newest.step), newest.checkpoint.runID) }
      notes.append("the copies that were in \(directory.path) are now in \(try directory.setAside())")
    }
    try directory.create(setting: "checkpoint.copy_to=DIR")
  }

  private func openCopies(of directory: RunDirectory) throws -> CheckpointDirectory? {
    guard let directory = copyDirectory(of: directory) else { return nil }
    try directory.create(setting: "checkpoint.copy_to=DIR")
    directory.checkpoints.setAside(after: trainer.progress.step)
    return directory.checkpoints
  }

  /// - Parameter isResumed: whether the records go on at `trainer.progress`.
  func beginRecords(isResumed: Bool) {
    let recorded = RecordedRun(
      directory, identity, trainer: trainer, data: data, metadata: metadata, isResumed: isResumed)
    records = RunRecords(recorded, configuration: configuration, stepsPerEpoch: trainer.plan.stepsPerEpoch)
  }

  func openRecords() throws {
    let progress = trainer.progress, resumesBest = resumed != nil && progress.best?.step == progress.step
    beginRecords(isResumed: resumed != nil)
    if let directory, let identity {
      directory.removeLeftovers()
      try identity.write(in: directory)
      try records?.begin()
      let writer = CheckpointWriter(
        directory.checkpoints, rule: configuration.checkpoint, points: returnPoints,
        copies: try openCopies(of: directory))
      self.writer = writer
      if resumed != nil {
        directory.checkpoints.setAside(after: progress.step)
        // A run that goes on in another directory begins there with the checkpoint that it took.
        if !directory.checkpoints.has(step: progress.step) { try save(isBest: resumesBest) }
        try writer.finish()
        try directory.checkpoints.repairLinks(latest: progress.step, best: progress.best?.step)
        writer.prune(upTo: progress.step)
      } else if configuration.sentinel.rollsBack, configuration.epochs > 0 {
        // So that there is always one to go back to.
        try save(isBest: false)
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
}
