import Basics
import Collectives
import Foundation
import Settings
import Training

/// A study under way on all ranks: its directory, its groups, and the trials that have ended.
final class StudySession {
  let records: StudyRecords
  let groups: RankGroups
  /// The records of the trials that `study.jsonl` has, equal on all ranks.
  private(set) var finished: [JSONValue]
  /// On rank 0.
  private let hold: RunHold?
  private let isQuiet: Bool
  private var warned: Set<String> = []

  var isRoot: Bool { groups.world.isRoot }

  /// Opens the directory, or a new one, and makes the groups. Collective.
  ///
  /// - Parameters:
  ///   - description: what makes it this study and no other.
  ///   - file: of the study.
  ///   - inputs: the files that it reads.
  init(
    _ description: JSONValue, file: String, inputs: [String], options: StudyOptions, ranksPerTrial: Int?,
    trialsAtOnce: Int, ranks: MPICommunicator
  ) throws {
    StopSignal.waitForStep()
    var held: RunHold?
    let opened = try ranks.agree {
      let hold =
        try options.run.map { try RunHold(RunDirectory(path: $0, kind: .study)) }
        ?? RunHold(name: RunDirectory.name(ofData: file), kind: .study)
      held = hold
      let lines = try Self.open(hold, description, file: file, inputs: inputs, options: options)
      return [hold.directory.path] + lines
    }
    hold = held
    isQuiet = options.quiet
    records = StudyRecords(directory: RunDirectory(path: opened[0], kind: .study))
    finished = try opened.dropFirst().map { try JSON5Parser.parse($0, file: "rank 0") }
    groups = try RankGroups(ranks, ranksPerTrial: ranksPerTrial, trialsAtOnce: trialsAtOnce)
  }

  /// - Returns: the lines of `study.jsonl`.
  private static func open(
    _ hold: RunHold, _ description: JSONValue, file: String, inputs: [String], options: StudyOptions
  ) throws -> [String] {
    var records = StudyRecords(directory: hold.directory)
    var finished: [JSONValue] = [], notes: [String] = []
    // A study that has ended no trial is none: it may be mended and started again.
    let trace = records.isEmpty ? nil : hold.directory.traces.first
    let resumes = options.resumes && trace != nil
    if resumes {
      try records.check(description, file: file)
      finished = try records.read()
    } else if let trace {
      guard options.overwrite else { throw hold.used(trace) }
      if let input = inputs.first(where: hold.directory.holds) {
        throw Failure.usage("--overwrite would move \(input) away with \(hold.directory.path); give another --run DIR")
      }
      hold.setsAside = true
    }
    if options.resumes && trace == nil { notes.append("\(hold.directory.path) has no study: it starts anew") }
    notes += try hold.use()
    records = StudyRecords(directory: hold.directory)
    records.removeLeftovers(finished: finished.count)
    if !resumes { try records.writeDescription(description) }
    if let weakness = hold.weakness { Output.printError("ddp-train: warning: \(weakness)") }
    if !options.quiet { for note in notes { try Output.print(note) } }
    return finished.map(\.line)
  }

  /// Prints a line, on rank 0.
  func say(_ line: String) throws {
    if isRoot && !isQuiet { try Output.print(line) }
  }

  /// Warns of what a trial of rank 0 has found, once, however many trials find it.
  func warn(_ texts: [String]) {
    for text in texts where isRoot && warned.insert(text).inserted {
      Output.printError("ddp-train: warning: \(text)")
    }
  }

  /// What rank 0 makes, on all ranks.
  func fromRoot(_ body: () throws -> JSONValue) throws -> JSONValue {
    try JSON5Parser.parse(groups.world.agree { [try body().line] }[0], file: "rank 0")
  }

  // MARK: Trials

  /// One trial: its number, and the words that its record begins with, by which a record is known again.
  struct Job {
    let trial: Int
    let head: [JSONValue.Member]
  }

  /// Runs trials side by side, one group each, but for those that have ended before a kill. Collective.
  ///
  /// - Parameters:
  ///   - body: gives the rest of a trial's record, equal on all ranks of the group.
  ///   - announce: what is said of a record.
  /// - Returns: the records in the order of the jobs, equal on all ranks; they are kept, but not in `study.jsonl` yet.
  func perform(
    _ jobs: [Job], keeps: Bool = true, announce: (JSONValue) -> String?,
    _ body: (Job, MPICommunicator) throws -> [JSONValue.Member]
  ) throws -> [JSONValue] {
    try groups.map(jobs) { job, group in
      var text = ""
      if group.isRoot, let waiting = records.waiting(job.trial),
        job.head.allSatisfy({ waiting[$0.key] == $0.value })
      {
        text = waiting.line
      }
      text = try group.broadcast(text, from: 0)
      guard text.isEmpty else { return text }
      let record = JSONValue.object(
        [.init("trial", .integer(job.trial))] + job.head + (try naming(job.trial) { try body(job, group) }))
      if group.isRoot {
        if keeps { try records.keep(record, trial: job.trial) }
        if !isQuiet, let line = announce(record) { try Output.print(line) }
      }
      return record.line
    }.map { try JSON5Parser.parse($0, file: "trial") }
  }

  /// Puts the next trials into `study.jsonl`. Collective.
  ///
  /// - Throws: where the data have changed since an earlier trial; nothing is then put there.
  func append(_ new: [JSONValue]) throws {
    var first: [String: (trial: String, data: String)] = [:]
    for record in finished + new {
      guard let data = record["data"]?.plainText, let trial = record["trial"]?.line else { continue }
      let known = first[Self.reading(record), default: (trial, data)]
      first[Self.reading(record)] = known
      guard known.data == data else {
        throw Failure.data(
          "\(records.directory.path): the data of trial \(trial) have other values than those of trial \(known.trial); "
            + "put back the data that the study began with, or start another with --run DIR")
      }
    }
    if isRoot { try records.append(new, first: finished.count) }
    finished += new
    guard isRoot else { return }
    for record in new {
      let skipped = TrialResult(record)?.skippedSteps ?? 0
      guard skipped > 0 else { continue }
      Output.printError(
        "ddp-train: warning: trial \(record["trial"]?.line ?? ""): \(plural(skipped, "update")) left out")
    }
  }

  /// What decides which data a trial reads, and how: of a comparison its configuration, of a search the parts of it
  /// that have a say in that.
  private static func reading(_ record: JSONValue) -> String {
    let parameters = (record["parameters"]?.members ?? []).filter { parameter in
      ["data", "model", "loss"].contains { parameter.key.split(separator: ".").first.map(String.init) == $0 }
    }
    return (record["configuration"] ?? .null).line + JSONValue.object(parameters).line
  }

  /// Writes `study.html`, on rank 0.
  func writePage(_ text: String) throws {
    if isRoot { try AtomicFile.write(Data(text.utf8), to: records.pageFile, isOfRun: true) }
  }

  /// That of the study: `numeric` where all trials have failed.
  func exitCode() throws -> ExitCode {
    let failed = finished.compactMap(TrialResult.init).filter { $0.state == .failed }
    guard let first = failed.first, failed.count == finished.count else { return .done }
    throw Failure(
      "\(records.directory.path): all \(plural(failed.count, "trial")) failed, so that none is the best; the first: "
        + (first.reason ?? "loss or gradient not finite"), exitCode: .numeric)
  }

  /// Frees the groups. Collective.
  func close() throws { try groups.close() }

  private func naming<Result>(_ trial: Int, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as Failure where error.exitCode == .preempted {
      throw Failure(
        "stopped by a signal; the trials that have ended are kept: go on with --run \(records.directory.path) "
          + "--resume auto", exitCode: .preempted)
    } catch let error as CollectiveError { throw error } catch let error as any UserFacingError {
      throw Failure("trial \(trial): \(error.description)", exitCode: error.exitCode)
    }
  }
}
