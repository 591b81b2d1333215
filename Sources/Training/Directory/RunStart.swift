import Basics
import Checkpointing
import Collectives
import DataPipeline
import Foundation
import Settings

/// What a start asks for.
struct StartRequest {
  /// By defaults, the user's file and the command line, or as a program has set it: that alone says where results go.
  let configuration: TrainingConfiguration
  /// The file that it was read from.
  let configurationFile: String?
  let extensions: Extensions
  /// The same over the configuration of a run that is to go on.
  let over: (JSONValue) throws -> TrainingConfiguration
  /// Whether no run begins, and its directory stays as it is.
  var onlyLooks = false

  fileprivate var name: String {
    get throws { try configuration.name ?? RunDirectory.name(ofData: configuration.data.location.name) }
  }

  /// The files that it reads.
  fileprivate var inputs: [String] {
    get throws { try configuration.inputs + [configurationFile, initialFile].compactMap(\.self) }
  }

  /// The file whose weights it starts from.
  fileprivate var initialFile: String? {
    get throws { try configuration.initial.from.map(CheckpointDirectory.bestCheckpoint) }
  }
}

extension TrainingConfiguration {
  /// The files of the data, and what names them.
  package var inputs: [String] {
    get throws {
      let location = try data.location
      return try location.allFiles() + location.named
    }
  }
}

/// How a run begins: with which configuration, where its files go, and from which checkpoint it goes on.
struct RunStart {
  let configuration: TrainingConfiguration
  let extensions: Extensions
  let resumed: ResumePoint?
  let writesFiles: Bool
  /// Where files are written; on rank 0, which alone does.
  let hold: RunHold?
  let identity: RunIdentity?
  /// What is to be said of it, and warned of; on rank 0.
  let notes: [String]
  let warnings: [String]

  /// Collective: rank 0 looks and decides, and all do as it has decided, also where it finds an error.
  ///
  /// - Throws: where the directory holds a run already or is in use, or there is no checkpoint to go on from.
  init(_ request: StartRequest, writesFiles: Bool, communicator: any Communicator) throws {
    var choice = Choice()
    let chosen = try communicator.agree {
      choice = try Choice(request, writesFiles: writesFiles)
      return [choice.checkpoint ?? ""]
    }
    extensions = request.extensions
    resumed =
      chosen[0].isEmpty
      ? nil : try ResumePoint(chosen[0], refused: choice.refused, extensions: request.extensions)
    configuration = try resumed.map { try request.over($0.metadata.configuration.json) } ?? request.configuration
    self.writesFiles = writesFiles
    (hold, identity) = (choice.hold, choice.identity)
    (notes, warnings) = (choice.notes, choice.warnings)
  }
}

/// What rank 0 decides of a start.
private struct Choice {
  /// nil for a run from the beginning.
  var checkpoint: String?
  var refused: [any Error] = []
  var hold: RunHold?
  var identity: RunIdentity?
  var notes: [String] = []
  var warnings: [String] = []
}

extension Choice {
  init(_ request: StartRequest, writesFiles: Bool) throws {
    let configuration = request.configuration
    switch configuration.resume {
    case nil: if writesFiles { try begin(request) }
    case .path(let path): try resume(path, request, writesFiles: writesFiles)
    case .auto:
      guard let run = try configuration.run.map({ RunDirectory(path: $0) }) ?? newest(request) else {
        if writesFiles { try beginAnew(request) }
        return
      }
      if writesFiles { try take(RunHold(run, onlyLooks: request.onlyLooks)) }
      try findNewest(in: run)
      if checkpoint == nil {
        notes.append("\(run.path) has no checkpoint to go on from: the run starts anew")
        if writesFiles {
          try checkInputs(request, of: run)
          identity = RunIdentity(name: try request.name)
        }
      }
    }
  }

  /// From now on results go there.
  ///
  /// - Throws: where the directory is of a study or a cross-validation, which no run goes on from.
  private mutating func take(_ hold: RunHold, overwrites: Bool = false) throws {
    self.hold = hold
    let held = hold.directory.heldKind
    guard held == .run || overwrites else {
      throw Failure.usage(
        "\(hold.directory.path) holds a \(held.noun), no run; give another directory with --run DIR")
    }
    if let weakness = hold.weakness { warnings.append(weakness) }
  }

  // MARK: From the beginning

  private mutating func begin(_ request: StartRequest) throws {
    guard let run = request.configuration.run else { return try beginAnew(request) }
    try take(
      RunHold(RunDirectory(path: run), onlyLooks: request.onlyLooks), overwrites: request.configuration.overwrite)
    try refuseUsed(RunDirectory(path: run), request)
    identity = RunIdentity(name: try request.name)
  }

  /// In a directory of its own.
  private mutating func beginAnew(_ request: StartRequest, name: String? = nil) throws {
    let name = try name ?? request.name
    try take(RunHold(name: name))
    identity = RunIdentity(name: name)
  }

  /// A directory that holds a run is no place for another, unless the old one is to be set aside.
  private mutating func refuseUsed(_ run: RunDirectory, _ request: StartRequest) throws {
    guard let trace = run.traces.first, let hold else { return }
    guard request.configuration.overwrite else {
      try checkInputs(request, of: run)
      throw hold.used(trace)
    }
    if let data = try request.configuration.data.location.allFiles().first(where: { run.holds($0) }) {
      throw Failure.usage("--overwrite would move the data \(data) away with \(run.path); give another with --run DIR")
    }
    if let weights = try request.initialFile, run.holds(weights) {
      throw Failure.usage(
        "--overwrite would move the weights \(weights) away with \(run.path); give another with --run DIR")
    }
    hold.setsAside = true
  }

  /// - Throws: where the records of a run in a directory that has had none would replace what it reads.
  private func checkInputs(_ request: StartRequest, of run: RunDirectory) throws {
    guard try RunIdentity.read(in: run) == nil, !run.checkpoints.isUsed else { return }
    for input in try request.inputs {
      guard let record = run.records.first(where: { OutputTarget.isSameFile($0, input) }) else { continue }
      throw Failure.usage(
        "--run \(run.path): the run's \(record) would replace its own input \(input); give another directory")
    }
  }

  // MARK: From a checkpoint

  private mutating func resume(_ path: String, _ request: StartRequest, writesFiles: Bool) throws {
    let holding = CheckpointDirectory(holding: path)
    let checkpoints = URL(fileURLWithPath: holding?.path ?? path)
    let home = holding != nil ? checkpoints : checkpoints.deletingLastPathComponent()
    let inferred =
      home.lastPathComponent == "checkpoints" ? RunDirectory(path: home.deletingLastPathComponent().relativePath) : nil
    // A directory stands for its newest checkpoint.
    func choose() throws {
      guard let holding else { return checkpoint = path }
      try findNewest(in: inferred ?? RunDirectory(path: path), checkpoints: holding)
      if checkpoint == nil { throw CheckpointDirectory.noCheckpoint(in: path) }
    }
    guard writesFiles else { return try choose() }
    // Before a directory is made for what is not there.
    if holding == nil, access(path, R_OK) != 0 { _ = try Checkpoint.read(path) }
    let named = request.configuration.run.map { RunDirectory(path: $0) }
    guard let target = named ?? inferred else {
      try choose()
      // In `runs`, under a plain name, whatever the checkpoint says.
      let stored = try checkpoint.map { try ResumePoint($0, refused: [], extensions: request.extensions) }
      let data = try stored.map { try request.over($0.metadata.configuration.json).data.location.name }
      return try beginAnew(request, name: request.configuration.name ?? data.map { RunDirectory.name(ofData: $0) })
    }
    try take(RunHold(target, onlyLooks: request.onlyLooks), overwrites: request.configuration.overwrite)
    if let inferred, OutputTarget.isSameFile(target.path, inferred.path) {
      try choose()
      if let checkpoint, holding == nil { try identify(target, Checkpoint.read(checkpoint), at: checkpoint) }
    } else {
      try choose()
      try refuseUsed(target, request)
      identity = RunIdentity(name: RunDirectory.name(ofData: target.path))
    }
  }

  /// The newest checkpoint that is whole.
  private mutating func findNewest(in run: RunDirectory, checkpoints: CheckpointDirectory? = nil) throws {
    let newest = (checkpoints ?? run.checkpoints).newest()
    refused += newest.refused
    guard let found = newest.found else {
      if let error = newest.refused.first { throw error }
      return
    }
    let file = (checkpoints ?? run.checkpoints).file(step: found.step)
    try identify(run, found.checkpoint, at: file)
    checkpoint = file
  }

  /// Finds whose directory it is, and holds a checkpoint in it against that.
  private mutating func identify(_ run: RunDirectory, _ checkpoint: Checkpoint, at path: String) throws {
    if let stored = try RunIdentity.read(in: run) {
      try stored.check(checkpoint, at: path)
      identity = stored
    } else if let id = checkpoint.runID {
      identity = RunIdentity(id: id)
    } else {
      identity = RunIdentity(id: RunIdentity(name: RunDirectory.name(ofData: run.path)).id, ownsUnnamed: true)
    }
  }

  /// The newest run of this configuration among those that named no directory, equal but for what is incidental: in
  /// all settings, or else in those that file and options name.
  private mutating func newest(_ request: StartRequest) throws -> RunDirectory? {
    let (name, data) = (try request.name, try request.configuration.data.location.path)
    func changes(from old: TrainingConfiguration, to new: TrainingConfiguration) -> [ResumeChange] {
      var new = new
      new.data.path = data
      // What the run found out where it was left open.
      new.shards = new.shards ?? old.shards
      return ResumeChange.between(old, new).filter { $0.rule != .incidental }
    }
    let runs = RunDirectory.all(named: name).compactMap { run -> (run: RunDirectory, old: TrainingConfiguration)? in
      guard let stored = try? JSON5Parser.parse(contentsOfFile: run.configurationFile) else { return nil }
      return (try? TrainingConfiguration(ResumeRule.withoutStart(stored), extensions: request.extensions)).map {
        (run, $0)
      }
    }
    if let equal = runs.first(where: { changes(from: $0.old, to: request.configuration).isEmpty }) { return equal.run }
    var nearest: (run: RunDirectory, changes: [ResumeChange])?
    for (run, old) in runs {
      guard let new = try? request.over(old.json) else { continue }
      let changes = changes(from: old, to: new)
      if changes.isEmpty { return run }
      if nearest == nil { nearest = (run, changes) }
    }
    let difference =
      nearest.map { run, changes in
        let isKept = changes.contains { $0.rule == .kept }
        return "; \(run.path) has other settings (\(changes[0].text))"
          + (isKept ? "" : ": go on with it by --run \(run.path) --resume auto")
      } ?? ""
    notes.append("no run of this configuration in \(RunDirectory.home)/\(name)-…: it starts anew\(difference)")
    return nil
  }
}

extension Communicator {
  /// What rank 0 finds, on every rank: its texts, or its error. Collective.
  package func agree(_ body: () throws -> [String]) throws -> [String] {
    var message = JSONValue.null
    if isRoot {
      do {
        message = .array(try body().map { .string($0) })
      } catch let error as any UserFacingError {
        message = ["error": .string(error.description), "code": .integer(Int(error.exitCode.rawValue))]
      }
    }
    message = try JSON5Parser.parse(broadcast(message.line, from: 0), file: "rank 0")
    if case .string(let text)? = message["error"]?.content, case .integer(let code)? = message["code"]?.content {
      throw Failure(text, exitCode: ExitCode(rawValue: Int32(code)) ?? .data)
    }
    guard case .array(let texts) = message.content else { return [] }
    return texts.map { if case .string(let text) = $0.content { text } else { "" } }
  }
}
