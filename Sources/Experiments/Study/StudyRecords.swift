import Basics
import Foundation
import Settings
import Training

/// What a study keeps: `study.json` says what it is, and `study.jsonl` has one line for each trial that has ended, in
/// their order. A trial that ends before those ahead of it waits in a file of its own in `trials`, so that a kill loses
/// no more than what is being trained.
struct StudyRecords: Sendable {
  let directory: RunDirectory
  var resultsFile: String { directory.path + "/study.jsonl" }
  var descriptionFile: String { directory.path + "/study.json" }
  var bestFile: String { directory.path + "/best.json5" }
  var pageFile: String { directory.path + "/study.html" }

  /// Where a trial may keep files of its own.
  func trialDirectory(_ trial: Int) -> String { directory.path + "/trials/" + Self.number(trial) }
  private func waitingFile(_ trial: Int) -> String { trialDirectory(trial) + ".json" }

  private static func number(_ trial: Int) -> String {
    let digits = String(trial)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// Whether the directory holds no more than what a study is that has ended no trial.
  var isEmpty: Bool {
    let waiting = (try? FileManager.default.contentsOfDirectory(atPath: directory.path + "/trials")) ?? []
    return waiting.isEmpty && directory.traces.allSatisfy { $0 == "study.json" }
  }

  // MARK: Reading

  /// The trials of `study.jsonl`, in their order. A last line that a kill has cut short is taken away.
  ///
  /// - Throws: where a line is damaged, or a trial is missing or stands twice.
  func read() throws -> [JSONValue] {
    guard access(resultsFile, F_OK) == 0 else { return [] }
    guard let text = try? String(contentsOfFile: resultsFile, encoding: .utf8) else {
      throw Failure.data("\(resultsFile): cannot be read as UTF-8 text; put back the file that was there")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let isCut = lines.popLast()?.isEmpty == false
    var records: [JSONValue] = []
    for (index, line) in lines.enumerated() {
      guard let record = try? JSON5Parser.parse(line, file: resultsFile), TrialResult(record) != nil,
        case .integer(let trial)? = record["trial"]?.content
      else {
        throw Failure.data(
          "\(resultsFile), line \(index + 1): is damaged, expected the record of a trial; take this line and those "
            + "behind it away to have their trials run again")
      }
      guard trial == index else {
        throw Failure.data(
          "\(resultsFile), line \(index + 1): is of trial \(trial), expected trial \(index); take this line and those "
            + "behind it away to have their trials run again")
      }
      records.append(record)
    }
    if isCut { try AtomicFile.write(Data(lines.map { $0 + "\n" }.joined().utf8), to: resultsFile, isOfRun: true) }
    return records
  }

  /// The record of a trial that has ended before those ahead of it; nil where there is none that is whole.
  func waiting(_ trial: Int) -> JSONValue? {
    guard let value = try? JSON5Parser.parse(contentsOfFile: waitingFile(trial)), TrialResult(value) != nil,
      value["trial"] == .integer(trial)
    else { return nil }
    return value
  }

  // MARK: Writing

  func keep(_ record: JSONValue, trial: Int) throws {
    try AtomicFile.write(Data((record.line + "\n").utf8), to: waitingFile(trial), isOfRun: true)
  }

  /// Puts trials behind those that `study.jsonl` has, then deletes what they had of their own.
  ///
  /// - Parameter first: the number of the first.
  func append(_ records: [JSONValue], first: Int) throws {
    for record in records { try directory.append(record.line, to: resultsFile, syncs: true) }
    for trial in first..<first + records.count { forget(trial) }
  }

  /// Deletes what a trial has of its own.
  func forget(_ trial: Int) {
    unlink(waitingFile(trial))
    try? FileManager.default.removeItem(atPath: trialDirectory(trial))
  }

  /// Deletes what kills have left: files under temporary names, and those of trials that `study.jsonl` has.
  func removeLeftovers(finished: Int) {
    directory.removeLeftovers()
    AtomicFile.removeLeftovers(in: directory.path + "/trials") { _ in true }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path + "/trials")) ?? [] {
      if let trial = Int(name.prefix { $0 != "." }), trial < finished { forget(trial) }
    }
  }

  func writeDescription(_ study: JSONValue) throws {
    try AtomicFile.write(Data((study.text + "\n").utf8), to: descriptionFile, isOfRun: true)
  }

  /// - Throws: where the study that the directory holds is another.
  func check(_ study: JSONValue, file: String) throws {
    guard let stored = try? JSON5Parser.parse(contentsOfFile: descriptionFile) else {
      throw Failure.data(
        "\(descriptionFile): is damaged or missing, so that it is not known what study this is; start in "
          + "another directory with --run DIR"
      )
    }
    guard let path = Self.difference(stored, study, path: "") else { return }
    throw Failure.usage(
      "\(file): has another \(path.isEmpty ? "study" : path) than the study in \(directory.path) was started with; "
        + "start a new one with --run DIR, or put back what it had (trials and minutes alone may change)")
  }

  /// The path of the first value that differs; nil where all are equal.
  private static func difference(_ a: JSONValue, _ b: JSONValue, path: String) -> String? {
    guard a != b else { return nil }
    guard let first = a.members, let second = b.members else { return path }
    for key in first.map(\.key) + second.map(\.key) {
      let own = path.isEmpty ? key : "\(path).\(key)"
      if let found = difference(a[key] ?? .null, b[key] ?? .null, path: own) { return found }
    }
    // The same keys in another order.
    return path
  }
}
