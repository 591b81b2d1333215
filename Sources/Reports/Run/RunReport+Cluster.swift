import Settings

/// A time that `launch/supervise` started a run again: a line of `restarts.jsonl`.
public struct RestartRecord: Sendable, Equatable {
  /// As ISO 8601 has it, in UTC.
  public let time: String
  /// That the job had ended with.
  public let exitCode: Int
  /// That failed, or the last of which there was a record.
  public let step: Int?
  /// Hosts without which it was started.
  public let leftOut: [String]
  public let reason: String

  /// - Returns: nil for what is no line of `restarts.jsonl`.
  init?(_ value: JSONValue) {
    guard let time = value["time"]?.string, let exitCode = value["exit_code"]?.integer else { return nil }
    (self.time, self.exitCode, step) = (time, exitCode, value["step"]?.integer)
    leftOut = (value["left_out"]?.elements ?? []).compactMap(\.string)
    reason = value["reason"]?.string ?? ""
  }
}

extension RunReport {
  /// The ranks that all others have waited for, by `summary.json`.
  func slowRanks(_ run: RunRecord) -> HTML {
    let ranks = run.summary["timing"]?["stragglers"]?.elements ?? []
    guard !ranks.isEmpty else { return .nothing }
    var table = HTMLTable(["slow rank", "host", "epochs", "slow in"], numbersFrom: 4)
    for rank in ranks {
      table.add([
        rank["rank"]?.integer.map(String.init) ?? "–", rank["host"]?.string ?? "–",
        rank["epochs"]?.integer.map(String.init) ?? "–", rank["phase"]?.string ?? "–",
      ])
    }
    return .note("More than twice as long for their share of an epoch as the median rank:") + table.html
  }

  /// When and why a run was started again.
  func restarts(_ run: RunRecord) -> HTML {
    guard !run.restarts.isEmpty else { return .nothing }
    var table = HTMLTable(["time (UTC)", "step", "exit code", "reason"], numbersFrom: 4)
    for restart in run.restarts {
      let without = restart.leftOut.isEmpty ? "" : "; without \(restart.leftOut.joined(separator: ", "))"
      table.add([
        restart.time, restart.step.map(String.init) ?? "–", "\(restart.exitCode)", restart.reason + without,
      ])
    }
    return table.html
  }
}
