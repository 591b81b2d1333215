import Basics
import Checkpointing
import Foundation
internal import Reports
import Settings

/// Where a run leaves its results: `config.json`, `metrics.jsonl`, `metrics.csv`, `steps.jsonl`, `summary.json`,
/// `log.txt` and `checkpoints/`; whose they are stands in `run.json`, see `RunIdentity`, and who writes them in
/// `.lock`, see `RunHold`.
public struct RunDirectory: Sendable {
  public let path: String
  public var checkpoints: CheckpointDirectory { CheckpointDirectory(path: path + "/checkpoints") }
  public var metricsFile: String { path + "/metrics.jsonl" }
  /// The same as a table.
  public var metricsTable: String { path + "/metrics.csv" }
  public var stepsFile: String { path + "/steps.jsonl" }
  /// The directory of TensorBoard's event files.
  public var eventsDirectory: String { path + "/tensorboard" }
  public var logFile: String { path + "/log.txt" }
  var configurationFile: String { path + "/config.json" }
  var identityFile: String { path + "/run.json" }
  private var summaryFile: String { path + "/summary.json" }

  /// What it is of.
  package let kind: ResultsKind

  public init(path: String) { (self.path, kind) = (path, .run) }

  package init(path: String, kind: ResultsKind) { (self.path, self.kind) = (path, kind) }

  // MARK: By name

  /// Where runs are that name no directory.
  static let home = "runs"

  /// The directories of runs called `name` that were given none, the newest first; links are left out, which may lead
  /// anywhere.
  static func all(named name: String) -> [RunDirectory] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
    let own = names.filter { entry in
      guard entry.hasPrefix(name + "-"), entry.count == name.count + 16 else { return false }
      var status = stat()
      return lstat(home + "/" + entry, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
    return own.sorted(by: >).map { RunDirectory(path: home + "/" + $0) }
  }

  /// The name of runs on a data set, or of a run in a directory: the last part of the path, in plain characters.
  package static func name(ofData path: String) -> String {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let plain = String(name.prefix(64).map { $0.isLetter || $0.isNumber || "._-+".contains($0) ? $0 : "_" })
    return plain.allSatisfy { "._".contains($0) } ? "run" : plain
  }

  /// Why a name cannot be part of the name of a directory in `runs`; nil where it can.
  static func whyNoName(_ name: String) -> String? {
    guard !name.isEmpty, name.utf8.count <= 200, !name.hasPrefix("."),
      !name.unicodeScalars.contains(where: { $0 == "/" || $0.properties.generalCategory == .control })
    else { return "expected a plain name of at most 200 bytes, without slashes and not beginning with a point" }
    return nil
  }

  // MARK: What it holds

  /// The files of a run, a study or a cross-validation that are there, by name, however incomplete it is.
  package var traces: [String] {
    let all = Set(ResultsKind.allCases.flatMap(\.records)).subtracting(["log.txt"]).sorted()
    let names = all.filter { access(path + "/" + $0, F_OK) == 0 }
    return checkpoints.isUsed ? names + ["checkpoints"] : names
  }

  /// What it writes beside the files of its inner directory.
  var records: [String] { kind.records.map { path + "/" + $0 } }

  /// Whether a file lies in it, by whatever links, so that it would be moved with the directory.
  package func holds(_ file: String) -> Bool {
    func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    return real(file).hasPrefix(real(path) + "/")
  }

  /// Deletes what a process that was killed has left of the run's files under temporary names.
  package func removeLeftovers() {
    AtomicFile.removeLeftovers(in: path) { kind.records.contains($0) }
    AtomicFile.removeLeftovers(in: checkpoints.path, of: CheckpointDirectory.owns)
  }

  // MARK: Writing

  /// The innermost of the directories that lead to it, itself included, which is there.
  package var nearestPlace: String { Self.nearestPlace(path) }

  package static func nearestPlace(_ path: String) -> String {
    var place = path
    while access(place, F_OK) != 0 {
      guard let slash = place.lastIndex(of: "/") else { return "." }
      place = slash == place.startIndex ? "/" : String(place[..<slash])
    }
    return place
  }

  /// Makes the directory, and the one that it holds.
  ///
  /// - Parameter setting: what says where it is, for errors.
  func create(setting: String = "--run DIR") throws {
    func failure(_ verb: String, _ code: Int32) -> Failure { self.failure(verb, code, setting: setting) }
    let innermost = path + "/" + kind.innerDirectory
    var made = innermost.hasPrefix("/") ? "/" : ""
    for component in innermost.split(separator: "/") {
      made += component
      if mkdir(made, 0o777) != 0 && errno != EEXIST { throw failure("make", errno) }
      made += "/"
    }
    // What exists may still be a file, or someone else's.
    var status = stat()
    guard stat(innermost, &status) == 0 else { throw failure("make", errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw failure("make", ENOTDIR) }
    for directory in [path, innermost] where access(directory, W_OK) != 0 { throw failure("write to", errno) }
  }

  /// Renames the directory, with all that is in it.
  ///
  /// - Returns: where it is then.
  func setAside() throws -> String {
    let path = URL(fileURLWithPath: path).relativePath
    var date = Date(), old = ""
    repeat {
      old = "\(path).old-\(timestamp(date))"
      date += 1
    } while access(old, F_OK) == 0
    guard rename(path, old) == 0 else {
      throw Failure.data(
        "cannot rename \(path) to \(old): \(String(cString: strerror(errno))); move it yourself, or give another "
          + "with --run DIR")
    }
    return old
  }

  func failure(_ verb: String, _ code: Int32, setting: String = "--run DIR") -> Failure {
    Failure.data(
      "cannot \(verb) the run directory \(path): \(String(cString: strerror(code))); give another with \(setting)")
  }

  /// Writes `config.json`, from which the run can be repeated.
  func write(_ configuration: TrainingConfiguration) throws {
    try AtomicFile.write(Data((configuration.json.text + "\n").utf8), to: configurationFile, isOfRun: true)
  }

  /// Writes `summary.json`.
  func write(summary: JSONValue) throws {
    try AtomicFile.write(Data((summary.text + "\n").utf8), to: summaryFile, isOfRun: true)
  }

  /// Keeps those lines of a file of JSON that `keeps` says, as a resumed run will write the later ones again.
  ///
  /// - Parameter keeps: is given each line and its number, from 1; what cannot be read is dropped, such as half a line.
  /// - Returns: what was kept.
  @discardableResult
  func cutLines(of file: String, keeps: (_ line: JSONValue, _ number: Int) throws -> Bool) throws -> [JSONValue] {
    guard let bytes = FileManager.default.contents(atPath: file) else { return [] }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    var kept: [(text: Substring, value: JSONValue)] = []
    for (index, line) in lines.enumerated() {
      guard let value = try? JSON5Parser.parse(String(line), file: file), try keeps(value, index + 1) else { continue }
      kept.append((line, value))
    }
    try AtomicFile.write(Data(kept.map { $0.text + "\n" }.joined().utf8), to: file, isOfRun: true)
    return kept.map(\.value)
  }

  /// The lines of a file of records, those left out that are none.
  func lines(of file: String) -> [JSONValue] {
    let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n").compactMap { try? JSON5Parser.parse(String($0), file: file) }
  }

  /// Renames a record of a run that has left no checkpoint, since a run from the beginning has its own.
  func setAside(_ file: String) {
    var status = stat()
    guard lstat(file, &status) == 0, status.st_size > 0 else { return }
    let name = file.dropFirst(path.count + 1)
    var number = 1
    func aside() -> String { path + "/superseded-\(number == 1 ? "" : "\(number)-")\(name)" }
    while access(aside(), F_OK) == 0 { number += 1 }
    rename(file, aside())
  }

  /// Appends a line to a file, which is no link: whole, or not at all where the disk is full.
  ///
  /// - Parameter syncs: whether it is on the disk when this returns.
  package func append(_ line: String, to file: String, syncs: Bool = false) throws {
    let file = AppendedFile(file)
    try file.append(line: line)
    if syncs { try file.sync() }
  }
}

extension RunDirectory {
  /// What the files that are there are of.
  var heldKind: ResultsKind {
    let traces = traces
    func has(_ file: String) -> Bool { traces.contains(file) }
    return has("study.json") || has("study.jsonl") ? .study : has("folds.jsonl") ? .crossValidation : .run
  }
}
