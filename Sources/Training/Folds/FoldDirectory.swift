import Basics
import Collectives
import Foundation
import Settings

/// Where a cross-validation leaves its results: `config.json`, `folds.jsonl`, `predictions.h5` and `summary.json`.
/// Whose they are stands in `run.json`, and who writes them in `.lock`; until all folds are done, each has a file in
/// `folds/`.
///
/// Rank 0 looks and decides, and all do as it has decided.
package final class FoldDirectory {
  package let path: String
  /// Names the cross-validation: no other has the same.
  package let id: String
  /// What is to be said of the directory, one line each.
  package let notes: [String]
  /// On rank 0, which alone writes beside the files of folds.
  private let hold: RunHold?
  /// Whether it holds what an earlier job has begun.
  private let isResumed: Bool
  /// What is to be warned of.
  package let warnings: [String]

  package var foldsFile: String { path + "/folds.jsonl" }
  package var predictionsFile: String { path + "/predictions.h5" }
  package var summaryFile: String { path + "/summary.json" }
  private var partsDirectory: String { path + "/folds" }

  /// Makes the directory, or goes on in one of the same cross-validation. Collective.
  ///
  /// - Parameters:
  ///   - name: in that of the directory where the configuration names none.
  ///   - fingerprint: of the data.
  /// - Throws: where the directory is in use, holds something else, or was begun with other settings or data.
  package init(
    _ configuration: TrainingConfiguration, name: String, fingerprint: String, communicator: any Communicator
  ) throws {
    var hold: RunHold?
    let answer = try communicator.agree {
      let taken =
        try configuration.run.map { try RunHold(RunDirectory(path: $0, kind: .crossValidation)) }
        ?? RunHold(name: name, kind: .crossValidation)
      hold = taken
      return try Self.begin(configuration, name: name, fingerprint: fingerprint, in: taken)
    }
    (path, id, self.hold, isResumed) = (answer[0], answer[1], hold, answer[2] == "resumed")
    warnings = answer[3].isEmpty ? [] : [answer[3]]
    notes = Array(answer.dropFirst(4))
  }

  /// - Returns: the path, the name of the cross-validation, whether it is a new one, what is to be warned of, and what
  ///   is to be said.
  private static func begin(
    _ configuration: TrainingConfiguration, name: String, fingerprint: String, in hold: RunHold
  ) throws -> [String] {
    var notes: [String] = []
    var id = RunIdentity(name: name).id
    let trace = hold.directory.traces.first
    let isResumed = configuration.resume == .auto && trace != nil
    if isResumed, let trace {
      id = try stored(in: hold.directory, trace: trace, configuration, fingerprint)
      notes += try hold.use()
    } else {
      if configuration.resume == .auto { notes.append("\(hold.directory.path) holds nothing to go on from yet") }
      if let trace {
        guard configuration.overwrite else { throw hold.used(trace) }
        try refuseMoving(configuration, hold.directory)
        hold.setsAside = true
      }
      notes += try hold.use()
      let identity: JSONValue = [
        "id": .string(id), "kind": .string(kind), "data_fingerprint": .string(fingerprint),
      ]
      try write(identity.line, to: hold.directory.identityFile)
      var own = configuration
      (own.resume, own.run, own.overwrite, own.quiet) = (nil, nil, false, false)
      own.folds = own.folds ?? FoldSettings()
      try hold.directory.write(own)
    }
    let directory = hold.directory.path
    hold.directory.removeLeftovers()
    AtomicFile.removeLeftovers(in: directory + "/folds") { _ in true }
    return [directory, id, isResumed ? "resumed" : "new", hold.weakness ?? ""] + notes
  }

  private static let kind = "cross-validation"

  /// The name of the cross-validation that a directory holds.
  ///
  /// - Throws: where it holds none, or one of other settings or data.
  private static func stored(
    in directory: RunDirectory, trace: String, _ configuration: TrainingConfiguration, _ fingerprint: String
  ) throws -> String {
    let path = directory.path
    guard access(directory.identityFile, F_OK) == 0,
      let identity = try? JSON5Parser.parse(contentsOfFile: directory.identityFile),
      identity["kind"] == .string(kind), case .string(let id)? = identity["id"]?.content
    else {
      throw Failure.usage("\(path) holds no cross-validation (but \(trace)); give another directory with --run DIR")
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
    return id
  }

  private static func refuseMoving(_ configuration: TrainingConfiguration, _ directory: RunDirectory) throws {
    guard let data = try configuration.inputs.first(where: directory.holds) else { return }
    throw Failure.usage(
      "--overwrite would move the data \(data) away with \(directory.path); give another with --run DIR")
  }

  /// Takes back what has been written of a cross-validation that has no fold yet, so that a corrected one may begin in
  /// its place.
  ///
  /// - Returns: what is to be said of it.
  package func undo() -> String? {
    guard let hold, !isResumed else { return nil }
    // A fold that another group has finished is of use.
    let parts = (try? FileManager.default.contentsOfDirectory(atPath: partsDirectory)) ?? []
    guard parts.isEmpty else { return nil }
    rmdir(partsDirectory)
    return hold.undo(removing: [foldsFile, hold.directory.configurationFile, hold.directory.identityFile])
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
