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
