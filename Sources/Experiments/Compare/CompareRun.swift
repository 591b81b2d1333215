public import Basics
public import Collectives
import Foundation
import Settings
import Training

/// A comparison under way, or one that goes on.
public final class CompareRun {
  private let study: CompareStudy
  private let session: StudySession

  /// Opens the study's directory. Collective over all ranks of the job.
  public init(_ study: CompareStudy, options: StudyOptions, ranks: MPICommunicator) throws {
    self.study = study
    session = try StudySession(
      study.description, file: study.file, inputs: study.inputs, options: options,
      ranksPerTrial: study.ranksPerTrial, trialsAtOnce: study.variations.count * study.seeds.count, ranks: ranks)
  }

  /// Trains every configuration with every seed, and prints what they have come to. Collective.
  public func run() throws -> ExitCode {
    let (variations, seeds) = (study.variations, study.seeds)
    try session.say(
      "study    \(study.file): \(plural(variations.count, "configuration")), \(plural(seeds.count, "seed")) each, "
        + study.goals[0].key)
    try session.say(
      "ranks    \(session.groups.world.size) in \(plural(session.groups.count, "group"))")
    try session.say("results  \(session.records.directory.path)")
    let all = variations.indices.flatMap { variation in seeds.map { (variation, $0) } }
    if !session.finished.isEmpty { try session.say("resumed  after \(plural(session.finished.count, "trial"))") }
    for (record, job) in zip(session.finished, jobs(all)) where !job.head.allSatisfy({ record[$0.key] == $0.value }) {
      throw Failure.data(
        "\(session.records.resultsFile): trial \(job.trial) is not of the study; take its line and those behind it "
          + "away to have these trials run again")
    }
    let open = Array(jobs(all).dropFirst(session.finished.count))
    try session.append(try session.perform(open, announce: line) { try train($0, all[$0.trial], $1) })
    if session.isRoot {
      let tables = CompareTables(study, session.finished)
      for line in tables.lines { try session.say(line) }
      try session.writePage(ComparePage(study, tables).text)
      try session.say("results  \(session.records.resultsFile)")
      try session.say("page     \(session.records.pageFile)")
    }
    try session.close()
    return try session.exitCode()
  }

  private func jobs(_ all: [(variation: Int, seed: UInt64)]) -> [StudySession.Job] {
    all.enumerated().map { trial, item in
      StudySession.Job(
        trial: trial,
        head: [
          .init("configuration", .string(study.variations[item.variation].name)),
          .init("seed", .integer(Int(item.seed))),
        ])
    }
  }

  private func train(
    _ job: StudySession.Job, _ item: (variation: Int, seed: UInt64), _ group: MPICommunicator
  ) throws -> [JSONValue.Member] {
    var runner = TrialRunner(try study.variations[item.variation].configuration(seed: item.seed))
    runner.goal = study.goals[0]
    runner.tests = study.goals.contains { $0.split == .test }
    if let checkpoints = study.checkpoints, checkpoints.isByStep {
      runner.isMeasured = { checkpoints.isMeasured($0) }
    }
    var result = try runner.run(on: group)
    session.warn(result.warnings)
    let best = study.goals[0].value(of: result)
    if best == nil && result.state != .failed {
      (result.state, result.reason) = (.failed, "\(study.goals[0].key) is not finite")
    }
    return [.init("value", .optional(best?.value)), .init("epoch", .optional(best?.epoch))]
      + (result.json.members ?? [])
  }

  /// One trial.
  private func line(_ record: JSONValue) -> String? {
    guard let result = TrialResult(record), case .string(let name)? = record["configuration"]?.content else {
      return nil
    }
    let figure = record["value"]?.finiteNumber.map { "\(study.goals[0].key) \(shortNumber($0))" } ?? result.reason ?? ""
    let table = TextTable([.right(9), .left(28), .left(14), .left])
    let epochs = result.state == .failed ? "failed" : plural(result.epochs.count, "epoch")
    return table.line([
      "trial \(record["trial"]?.line ?? "")", figure, epochs, "\(name), seed \(record["seed"]?.line ?? "")",
    ])
  }
}
