public import Basics
public import Collectives
import Foundation
import Settings
import Training

/// A search under way, or one that goes on.
public final class TuneRun {
  private let study: TuneStudy
  private let session: StudySession
  private let clock = ContinuousClock.now

  /// Opens the study's directory. Collective over all ranks of the job.
  public init(_ study: TuneStudy, options: StudyOptions, ranks: MPICommunicator) throws {
    self.study = study
    session = try StudySession(
      study.description, file: study.base.file, inputs: study.base.inputs, options: options,
      ranksPerTrial: study.ranksPerTrial, trialsAtOnce: min(study.generation, study.trials), ranks: ranks)
  }

  /// Runs generation after generation, and says what they have come to. Collective.
  public func run() throws -> ExitCode {
    try session.say(
      "study    \(study.base.file): \(plural(study.trials, "trial")), \(study.goal.key), "
        + "sampler \(study.sampler.name), stopping \(study.stopping.name)")
    let ranks = session.groups.world.size
    try session.say(
      "ranks    \(ranks) in \(plural(session.groups.count, "group")), generations of \(study.generation)")
    try session.say("results  \(session.records.directory.path)")
    if !session.finished.isEmpty { try session.say("resumed  after \(plural(session.finished.count, "trial"))") }
    for record in session.finished {
      // A record that does not fit would lead the search astray.
      guard let parameters = record["parameters"], study.space.values(parameters) != nil else {
        throw Failure.data(
          "\(session.records.resultsFile): the parameters of trial \(record["trial"]?.line ?? "") do not fit the "
            + "study; take its line and those behind it away to have these trials run again")
      }
    }
    while try trainGeneration() {}
    try summarize()
    try session.close()
    return try session.exitCode()
  }

  // MARK: Generations

  /// - Returns: false where the study is over.
  private func trainGeneration() throws -> Bool {
    let done = session.finished.count
    guard done < study.trials else { return false }
    // The generation that the next trial belongs to: of a trial the same whenever the study was stopped.
    let first = done / study.generation * study.generation
    let chosen = try session.fromRoot { try choose(first: first) }
    guard case .array(let parameters) = chosen.content, first + parameters.count > done else { return false }
    let jobs = (done..<first + parameters.count).map { trial in
      StudySession.Job(trial: trial, head: [.init("parameters", parameters[trial - first])])
    }
    let earlier = session.finished.prefix(first).compactMap(TrialResult.init)
    let records =
      study.stopping is Halving
      ? try halve(jobs, beside: session.finished.dropFirst(first).compactMap(TrialResult.init))
      : try session.perform(jobs, announce: line) { try train($0, $1, after: earlier) }
    try session.append(records)
    return true
  }

  /// What the trials of a generation are to try, on rank 0; empty where nothing is left or the time is over.
  private func choose(first: Int) throws -> JSONValue {
    if let minutes = study.minutes, clock.duration(to: .now).seconds >= minutes * 60 { return [] }
    let size = min(study.generation, study.trials - first)
    let chosen = study.sampler.generation(
      of: size, after: session.finished.prefix(first).map(observation), space: study.space, seed: study.seed)
    return .array(chosen.map(study.space.json))
  }

  private func observation(_ record: JSONValue) -> Observation {
    let values = study.space.values(record["parameters"] ?? .null) ?? []
    guard let result = TrialResult(record), let best = study.goal.value(of: result) else {
      return Observation(values, score: nil)
    }
    return Observation(
      values, score: study.goal.score(best.value),
      stoppedAfter: result.state == .stopped ? result.epochs.count : nil)
  }

  private func train(
    _ job: StudySession.Job, _ group: MPICommunicator, after earlier: [TrialResult]
  ) throws -> [JSONValue.Member] {
    if study.goal.split == .folds { return members(try crossValidate(job, group)) }
    var runner = try runner(job)
    let (goal, rule) = (study.goal, study.stopping)
    let others = earlier.filter { $0.state != .failed }.map { (goal.scores($0.epochs), $0.state == .done) }
    let last = runner.configuration.epochs
    runner.isHopeless = { epochs in
      epochs.count < last && rule.ends(goal.scores(epochs), after: others.map { (scores: $0.0, isWhole: $0.1) })
    }
    return members(try runner.run(on: group))
  }

  /// Trains a trial on every fold; its figures are the means over them.
  private func crossValidate(_ job: StudySession.Job, _ group: MPICommunicator) throws -> TrialResult {
    let start = ContinuousClock.now
    let score = try CrossValidation.score(try runner(job).configuration, on: group)
    var result = TrialResult(state: .done)
    result.data = score.data
    result.warnings = score.warnings
    if let failed = score.results.first(where: { $0.state == .failed }) {
      (result.state, result.reason) = (.failed, "fold \(failed.fold): \(failed.reason ?? "")")
    }
    result.skippedInFolds = score.skippedSteps
    let names = score.results.first?.figures.map(\.name) ?? []
    result.test = .object(names.map { .init($0, .finite(score.estimate($0).mean)) })
    result.seconds = start.duration(to: .now).seconds
    return result
  }

  private func runner(_ job: StudySession.Job, directory: String? = nil) throws -> TrialRunner {
    var runner = TrialRunner(
      try study.base.configuration(SearchSpace.settings(job.head[0].value)), directory: directory)
    runner.goal = study.goal
    return runner
  }

  /// What a record has beside its head: the figure that it is judged by, and all others.
  private func members(_ result: TrialResult) -> [JSONValue.Member] {
    session.warn(result.warnings)
    var result = result
    let best = study.goal.value(of: result)
    if best == nil && result.state != .failed {
      (result.state, result.reason) = (.failed, "\(study.goal.key) is not finite")
    }
    return [.init("value", .optional(best?.value)), .init("epoch", .optional(best?.epoch))]
      + (result.json.members ?? [])
  }

  /// Trains a generation in rounds, of which only the best trials go on, each from its own directory.
  ///
  /// - Parameter recorded: those of the generation that `study.jsonl` has, where a kill or fewer trials have divided
  ///   it.
  private func halve(_ jobs: [StudySession.Job], beside recorded: [TrialResult]) throws -> [JSONValue] {
    guard let rule = study.stopping as? Halving else { return [] }
    let longest = try jobs.map { try runner($0).configuration.epochs }.max() ?? 1
    var records: [Int: JSONValue] = [:]
    var alive = jobs
    var before = 0
    for pause in rule.rungs(before: longest).map(Optional.some) + [nil] {
      let results = try session.perform(alive, keeps: false, announce: pause == nil ? line : { _ in nil }) {
        job, group in
        var runner = try runner(job, directory: session.records.trialDirectory(job.trial))
        runner.pause = pause
        var result = try runner.run(on: group)
        result.seconds += records[job.trial]?["timing"]?["seconds"]?.finiteNumber ?? 0
        return members(result)
      }
      for (job, record) in zip(alive, results) { records[job.trial] = record }
      guard let pause else { break }
      // Those that came so far, and those that failed on the way from the round before.
      let others = recorded.filter { result in
        result.epochs.count >= (result.state == .failed ? before : pause)
      }.map { score($0.epochs.count >= pause ? $0.after(pause) : $0) }
      before = pause
      let survivors = rule.survivors(others + results.map { score(TrialResult($0)) })
        .filter { $0 >= others.count }.map { $0 - others.count }
      for (index, job) in alive.enumerated() where !survivors.contains(index) {
        guard let record = records[job.trial], var result = TrialResult(record) else { continue }
        if result.state == .done { result.state = .stopped }
        records[job.trial] = .object([.init("trial", .integer(job.trial))] + job.head + members(result))
        if let record = records[job.trial], let line = line(record) { try session.say(line) }
      }
      alive = survivors.map { alive[$0] }
    }
    return jobs.compactMap { records[$0.trial] }
  }

  /// Less is better; nil where the trial has failed.
  private func score(_ result: TrialResult?) -> Double? {
    guard let result, result.state != .failed else { return nil }
    return study.goal.value(of: result).map { study.goal.score($0.value) }
  }

  // MARK: What it says

  /// One trial.
  private func line(_ record: JSONValue) -> String? {
    guard let result = TrialResult(record), let values = study.space.values(record["parameters"] ?? .null) else {
      return nil
    }
    let figure = record["value"]?.finiteNumber.map { "\(study.goal.key) \(shortNumber($0))" } ?? result.reason ?? ""
    let table = TextTable([.right(9), .left(28), .left(14), .left])
    let length = study.goal.split == .folds ? shortTime(result.seconds) : plural(result.epochs.count, "epoch")
    let epochs = result.state == .failed ? "failed" : length
    return table.line(["trial \(record["trial"]?.line ?? "")", figure, epochs, study.text(values)])
  }

  /// The table, `best.json5` and the page.
  private func summarize() throws {
    guard session.isRoot else { return }
    let ranking = TuneRanking(study, session.finished)
    for line in ranking.lines { try session.say(line) }
    try session.writePage(TunePage(study, session.finished, ranking).text)
    if let best = ranking.best {
      let configuration = try StudyBase.laying(
        SearchSpace.settings(best["parameters"] ?? .null), over: study.base.value)
      let head =
        "// Trial \(best["trial"]?.line ?? "") of \(study.base.file.onOneLine): \(study.goal.key) "
        + "\(best["value"]?.line ?? "")\n"
      try AtomicFile.write(
        Data((head + configuration.withoutNulls.text + "\n").utf8), to: session.records.bestFile, isOfRun: true)
      try session.say("best     \(session.records.bestFile)")
    }
    try session.say("results  \(session.records.resultsFile)")
    try session.say("page     \(session.records.pageFile)")
  }
}

extension JSONValue {
  /// The same without members that are null, which stand for defaults.
  fileprivate var withoutNulls: JSONValue {
    guard let members else { return self }
    return .object(members.filter { !$0.value.isNull }.map { .init($0.key, $0.value.withoutNulls) })
  }
}
