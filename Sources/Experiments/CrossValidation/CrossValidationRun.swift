public import Basics
public import Collectives
import DataPipeline
import Foundation
import Settings
public import Training

/// The command `cross-validate`: trains and tests every fold, side by side on groups of ranks, and keeps what each has
/// come to, so that one that was ended goes on with the folds that are missing.
public struct CrossValidationRun {
  public let configuration: TrainingConfiguration
  /// nil for as many groups as there are folds.
  public var ranksPerFold: Int?

  public init(_ configuration: TrainingConfiguration) { self.configuration = configuration }

  /// What it has come to; all ranks have the same.
  public struct Outcome: Sendable {
    /// `done`, or `preempted` where a signal has ended it early.
    public let exitCode: ExitCode
    public let result: CrossValidation
    public let directory: String
  }

  /// Collective over all ranks of the job.
  ///
  /// - Throws: a `UserFacingError` where configuration, data and directory do not fit together, and, when all has been
  ///   written, where a fold has failed.
  public func run(on ranks: MPICommunicator) throws -> Outcome {
    let configuration = try configuration.checked()
    try configuration.sentinel.requireNoRollback()
    if case .path(let path)? = configuration.resume {
      throw Failure.usage("--resume \(path): folds have no checkpoints; give --run DIR --resume auto")
    }
    if configuration.resume == .auto, configuration.run == nil {
      throw Failure.usage("--resume auto: which cross-validation? Name its directory with --run DIR")
    }
    let split = try FoldedSplit(configuration, ranks: ranks)
    let jobs = FoldJob.all(split)
    try checkSizes(jobs, of: split)
    let directory = try FoldDirectory(
      configuration, name: "\(split.name)-folds", fingerprint: split.fingerprint, communicator: ranks)
    var results = try finished(jobs, in: directory, ranks)
    let missing = jobs.filter { job in !results.contains { $0.isOf(job) } }
    let groups = try RankGroups(ranks, ranksPerTrial: ranksPerFold, trialsAtOnce: max(1, missing.count))
    let batches = stride(from: 0, to: missing.count, by: groups.count).map { first in
      missing[first..<min(first + groups.count, missing.count)]
    }
    var first = try batches.first.flatMap { try setUp($0, of: split, on: groups) }
    try directory.begin()
    var report = FoldReport(configuration, isShown: ranks.isRoot && !configuration.quiet, isRoot: ranks.isRoot)
    for warning in split.warnings + directory.warnings { report.warn(warning) }
    for note in directory.notes { try report.line(note) }
    try report.begin(split, directory: directory.path, ranks: ranks.size, groups: groups.count, done: results)
    var isStopped = false
    for batch in batches where !isStopped {
      let runner = try first.take() ?? setUp(batch, of: split, on: groups)
      for warning in try groups.gather(runner?.warnings ?? []).joined() { report.warn(warning) }
      let lines = try groups.map(Array(batch)) { job, _ in
        try runner?.result(file: directory.file(of: job))?.json.line ?? ""
      }
      isStopped = lines.contains("")
      for line in lines where !line.isEmpty {
        guard let result = FoldResult(try JSON5Parser.parse(line, file: directory.foldsFile)) else { continue }
        results.append(result)
        if ranks.isRoot { try directory.append(line) }
        try report.add(result)
      }
    }
    try groups.close()
    results.sort { ($0.repetition, $0.fold) < ($1.repetition, $1.fold) }
    let validation = CrossValidation(results)
    if isStopped {
      try report.line(
        "stopped by a signal after \(results.count) of \(plural(jobs.count, "fold")); go on by starting it in the same "
          + "way with --run \(directory.path) --resume auto")
      return Outcome(exitCode: .preempted, result: validation, directory: directory.path)
    }
    if ranks.isRoot {
      try finish(validation, split, directory)
      try report.end(validation, pooled: directory.pooledFigures, directory: directory.path)
    }
    try ranks.barrier()
    let failed = results.filter { $0.state == .failed }
    if let first = failed.first {
      throw Failure(
        "\(directory.path): \(failed.count) of \(plural(jobs.count, "fold")) failed, so that no mean is defined; "
          + (split.plans.count > 1 ? "repeat \(first.repetition), " : "") + "fold \(first.fold): "
          + (first.reason ?? "loss or gradient not finite"), exitCode: .numeric)
    }
    return Outcome(exitCode: .done, result: validation, directory: directory.path)
  }

  /// - Throws: where a fold has fewer samples to train on than shards, before hours of others.
  private func checkSizes(_ jobs: [FoldJob], of split: FoldedSplit) throws {
    guard let shards = configuration.shards else { return }
    for job in jobs {
      let count = split.plans[job.repetition][job.fold].train.count
      try job.naming(in: split) { try ShardPartition.validate(sampleCount: count, shardCount: shards) }
    }
  }

  /// The fold of a batch that falls to this rank's group; nil where none does, or a signal asks to end.
  private func setUp(
    _ batch: ArraySlice<FoldJob>, of split: FoldedSplit, on groups: RankGroups
  ) throws -> FoldRunner? {
    guard let job = batch.dropFirst(groups.index).first else { return nil }
    guard try !groups.group.allGather([StopSignal.isRequested]).contains(where: { $0.contains(true) }) else {
      return nil
    }
    return try FoldRunner(configuration, job, of: split, on: groups.group)
  }

  /// The folds that are done already. Rank 0 looks.
  private func finished(
    _ jobs: [FoldJob], in directory: FoldDirectory, _ ranks: MPICommunicator
  ) throws -> [FoldResult] {
    guard directory.isResumed else { return [] }
    let lines = try ranks.agree {
      if directory.isFinished {
        let text = (try? String(contentsOfFile: directory.foldsFile, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").map(String.init)
        try check(lines, jobs, of: directory)
        let results = lines.compactMap { try? FoldResult(JSON5Parser.parse($0, file: directory.foldsFile)) }
        let tested = results.reduce(0) { $0 + ($1.state == .done ? $1.testCount : 0) }
        guard tested == 0 || FoldFile.isMerged(directory.predictionsFile, samples: tested) else {
          throw Failure.data(
            "\(directory.predictionsFile): is missing or damaged, though all folds are done; put it back, or start "
              + "anew with --overwrite")
        }
        return lines
      }
      let results = jobs.compactMap { job -> FoldResult? in
        FoldFile.result(in: directory.file(of: job)).flatMap { $0.isOf(job) ? $0 : nil }
      }
      // A kill may have come between the file of a fold and its line.
      let lines = results.map(\.json.line)
      try directory.write(lines: lines)
      return lines
    }
    return try lines.map { line in
      guard let result = FoldResult(try JSON5Parser.parse(line, file: directory.foldsFile)) else {
        throw Failure.data("\(directory.foldsFile): is damaged; give another directory with --run DIR")
      }
      return result
    }
  }

  /// - Throws: where the lines of a finished cross-validation are not one for each fold, in their order.
  private func check(_ lines: [String], _ jobs: [FoldJob], of directory: FoldDirectory) throws {
    let results = lines.map { line in
      (try? JSON5Parser.parse(line, file: directory.foldsFile)).flatMap(FoldResult.init)
    }
    let places = (0..<max(results.count, jobs.count)).first { index in
      index >= results.count || index >= jobs.count || results[index]?.isOf(jobs[index]) != true
    }
    if let place = places {
      throw Failure.data(
        "\(directory.foldsFile), line \(place + 1): is damaged or not of the fold that belongs there; put back the "
          + "file that was there, or start anew with --overwrite")
    }
  }

  /// Writes what all folds have come to. The files of the folds go last, when nothing needs them any more.
  private func finish(_ validation: CrossValidation, _ split: FoldedSplit, _ directory: FoldDirectory) throws {
    guard !directory.isFinished else { return directory.removeParts() }
    func file(_ result: FoldResult) -> String { directory.file(repeat: result.repetition, fold: result.fold) }
    try FoldFile.merge(validation.results, files: file, to: directory.predictionsFile)
    try directory.write(lines: validation.results.map(\.json.line))
    let pooled = try FoldFile.pool(validation.results, files: file)
    try directory.write(summary: validation.summary(split, pooled: pooled))
    directory.removeParts()
  }
}

extension FoldDirectory {
  /// The file of one fold.
  func file(of job: FoldJob) -> String { file(repeat: job.repetition + 1, fold: job.fold + 1) }

  /// What `summary.json` says of all samples together; nil for figures that are not defined.
  var pooledFigures: [String: Double?] {
    let members = (try? JSON5Parser.parse(contentsOfFile: summaryFile))?["pooled"]?.members ?? []
    return Dictionary(members.map { ($0.key, $0.value.finiteNumber) }) { first, _ in first }
  }
}

extension FoldResult {
  func isOf(_ job: FoldJob) -> Bool { repetition == job.repetition + 1 && fold == job.fold + 1 }
}

extension CrossValidation {
  /// The names of all figures, in the order of the first fold that has any.
  var names: [String] { results.first { !$0.figures.isEmpty }?.figures.map(\.name) ?? [] }

  /// The test samples of all folds, and of those that did not fail.
  var sampleCount: Int { results.reduce(0) { $0 + $1.testCount } }
  var testedCount: Int { results.reduce(0) { $0 + ($1.state == .done ? $1.testCount : 0) } }

  /// Of all folds.
  var skippedSteps: Int { results.reduce(0) { $0 + $1.skippedSteps } }

  /// What stands in `summary.json`; everything outside `timing` is equal between equal runs.
  func summary(_ split: FoldedSplit, pooled: PooledFigures) -> JSONValue {
    .object([
      .init("data", .string(split.path)), .init("samples", .integer(split.sampleCount)),
      .init("division", .string(split.text)), .init("repeats", .integer(split.plans.count)),
      .init("folds", .integer(split.plans[0].count)),
      .init("failed", .integer(results.count { $0.state == .failed })),
      .init("skipped_steps", .integer(skippedSteps)),
      .init("confidence", .number(FoldEstimate.confidence)),
      .init("interval", .string("Student's t with the variance of Nadeau and Bengio (2003)")),
      .init("test", .object(names.map { .init($0, estimate($0).json) })),
      .init("pooled", .object(pooled.figures.map { .init($0.name, .finite($0.value)) })),
      .init("timing", ["seconds_of_folds": .number(results.reduce(0) { $0 + $1.seconds })]),
    ])
  }
}
