import Basics
import Collectives
import Foundation
import Settings

/// Where a cross-validation leaves its results: `config.json`, `folds.jsonl`, `predictions.h5` and `summary.json`.
/// Whose they are stands in `run.json`, and who writes them in `.lock`; until all folds are done, each has a file in
/// `folds/`.
///
/// Rank 0 looks and decides, and all do as it has decided. Nothing is made or renamed before `begin()`, so that a
/// configuration that no fold can be trained with leaves everything as it was.
package final class FoldDirectory {
  /// One that bears the time at which it is made has its name from `begin()` on.
  package private(set) var path: String
  /// Whether it holds what an earlier job has begun.
  package let isResumed: Bool
  /// What is to be said and warned of; on rank 0, from `begin()` on.
  package private(set) var notes: [String] = []
  package private(set) var warnings: [String] = []
  private let configuration: TrainingConfiguration
  private let identity: JSONValue
  private let communicator: any Communicator
  /// On rank 0, which alone writes beside the files of folds.
  private let hold: RunHold?

  package var foldsFile: String { path + "/folds.jsonl" }
  package var predictionsFile: String { path + "/predictions.h5" }
  package var summaryFile: String { path + "/summary.json" }
  private var partsDirectory: String { path + "/folds" }

  /// Takes hold of a directory that is there. Collective.
  ///
  /// - Parameters:
  ///   - name: in that of the directory where the configuration names none.
  ///   - fingerprint: of the data.
  /// - Throws: where the directory is in use, holds something else, or was begun with other settings or data.
  package init(
    _ configuration: TrainingConfiguration, name: String, fingerprint: String, communicator: any Communicator
  ) throws {
    var hold: RunHold?
    var isResumed = false
    let answer = try communicator.agree {
      let taken =
        try configuration.run.map { try RunHold(RunDirectory(path: $0, kind: .crossValidation)) }
        ?? RunHold(name: name, kind: .crossValidation)
      hold = taken
      isResumed = try Self.look(at: taken, configuration, fingerprint)
      return [taken.directory.path, isResumed ? "resumed" : "new"]
    }
    (path, self.isResumed, self.hold) = (answer[0], answer[1] == "resumed", hold)
    (self.configuration, self.communicator) = (configuration, communicator)
    identity = [
      "id": .string(RunIdentity(name: name).id), "kind": .string(Self.kind), "data_fingerprint": .string(fingerprint),
    ]
  }

  /// - Returns: whether to go on with what it holds.
  private static func look(
    at hold: RunHold, _ configuration: TrainingConfiguration, _ fingerprint: String
  ) throws -> Bool {
    guard let trace = hold.directory.traces.first else { return false }
    if configuration.resume == .auto {
      try checkStored(in: hold.directory, trace: trace, configuration, fingerprint)
      return true
    }
    guard configuration.overwrite else { throw hold.used(trace) }
    try refuseMoving(configuration, hold.directory)
    hold.setsAside = true
    return false
  }

  /// Makes the directory, or goes on in it. Collective: nothing is done before all ranks have come so far, and none
  /// goes on before it is done.
  package func begin() throws {
    try communicator.barrier()
    path = try communicator.agree {
      guard let hold else { return [path] }
      if configuration.resume == .auto && !isResumed { notes.append("\(path) holds nothing to go on from yet") }
      notes += try hold.use()
      path = hold.directory.path
      if !isResumed {
        try Self.write(identity.line, to: hold.directory.identityFile)
        var own = configuration
        (own.resume, own.run, own.overwrite, own.quiet) = (nil, nil, false, false)
        own.folds = own.folds ?? FoldSettings()
        try hold.directory.write(own)
        try write(lines: [])
      }
      hold.directory.removeLeftovers()
      AtomicFile.removeLeftovers(in: partsDirectory) { _ in true }
      if let weakness = hold.weakness { warnings.append(weakness) }
      return [path]
    }[0]
  }

  private static let kind = "cross-validation"

  /// - Throws: where a directory holds no cross-validation, or one of other settings or data.
  private static func checkStored(
    in directory: RunDirectory, trace: String, _ configuration: TrainingConfiguration, _ fingerprint: String
  ) throws {
    let path = directory.path
    guard access(directory.identityFile, F_OK) == 0,
      let identity = try? JSON5Parser.parse(contentsOfFile: directory.identityFile),
      identity["kind"] == .string(kind), case .string? = identity["id"]?.content
    else {
      let held = directory.heldKind
      let what =
        held == .crossValidation ? "nothing that says which cross-validation" : "a \(held.noun), no cross-validation"
      throw Failure.usage("\(path) holds \(what) (\(trace)); give another directory with --run DIR")
    }
    guard identity["data_fingerprint"] == .string(fingerprint) else {
      throw Failure.data(
        "\(path): was begun on other values than the data has now; give the same data, or another directory with --run "
          + "DIR")
    }
    var stored = try TrainingConfiguration(
      ResumeRule.withoutStart(JSON5Parser.parse(contentsOfFile: directory.configurationFile)))
    let free = ["exchange", "threads", "checkpoint", "data.path", "data.files"]
    // Said or not, the defaults are the same.
    stored.folds = stored.folds ?? FoldSettings()
    var configuration = configuration
    configuration.folds = configuration.folds ?? FoldSettings()
    let change = ResumeChange.between(stored, configuration).first { change in
      !free.contains { change.path == $0 || change.path.hasPrefix($0 + ".") }
    }
    if let change {
      throw Failure.usage(
        "\(path): a resumed cross-validation keeps \(change.path), found \(change.text); leave it out, or give another "
          + "directory with --run DIR")
    }
  }

  private static func refuseMoving(_ configuration: TrainingConfiguration, _ directory: RunDirectory) throws {
    guard let data = try configuration.inputs.first(where: directory.holds) else { return }
    throw Failure.usage(
      "--overwrite would move the data \(data) away with \(directory.path); give another with --run DIR")
  }

  // MARK: Files

  /// The file of one fold, both counted from 1.
  package func file(repeat number: Int, fold: Int) -> String { partsDirectory + "/\(number)-\(fold).h5" }

  /// Whether all folds are done, and what they came to has been written.
  package var isFinished: Bool { access(summaryFile, F_OK) == 0 }

  /// Removes the files of the folds, whose content stands elsewhere by now.
  package func removeParts() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: partsDirectory)) ?? [] {
      unlink(partsDirectory + "/" + name)
    }
    rmdir(partsDirectory)
  }

  /// Appends a line to `folds.jsonl`.
  package func append(_ line: String) throws { try RunDirectory(path: path).append(line, to: foldsFile) }

  /// Writes `folds.jsonl` anew.
  package func write(lines: [String]) throws { try Self.write(lines.joined(separator: "\n"), to: foldsFile) }

  /// Writes `summary.json`.
  package func write(summary: JSONValue) throws { try Self.write(summary.text, to: summaryFile) }

  private static func write(_ text: String, to file: String) throws {
    try AtomicFile.write(Data((text.isEmpty ? "" : text + "\n").utf8), to: file, isOfRun: true)
  }
}
