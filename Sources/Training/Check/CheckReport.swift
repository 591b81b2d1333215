import Basics
import Settings

/// What is wrong or doubtful before a run.
package struct CheckFinding: Sendable, Equatable {
  /// What, where, and what to do, in one line.
  package let text: String
  /// What a run would end with; nil for a warning.
  package let exitCode: ExitCode?

  package static func warning(_ text: String) -> CheckFinding { CheckFinding(text: text, exitCode: nil) }
  package static func fault(_ text: String, _ code: ExitCode) -> CheckFinding {
    CheckFinding(text: text, exitCode: code)
  }
}

/// One thing that was looked at.
package struct CheckRow: Sendable, Equatable {
  package let name: String
  /// What was found, in a few words.
  package let found: String
  package let findings: [CheckFinding]
  /// Whether it could not be looked at, because of a fault elsewhere.
  package let isSkipped: Bool

  package init(_ name: String, _ found: String, _ findings: [CheckFinding] = [], isSkipped: Bool = false) {
    (self.name, self.found, self.findings, self.isSkipped) = (name, found, findings, isSkipped)
  }

  static func skipped(_ name: String, _ reason: String) -> CheckRow { CheckRow(name, reason, isSkipped: true) }

  package var state: String {
    if findings.contains(where: { $0.exitCode != nil }) { return "fault" }
    return findings.isEmpty ? (isSkipped ? "–" : "ok") : "warning"
  }
}

/// What `check` has found, on every rank alike.
package struct CheckReport: Sendable {
  package private(set) var rows: [CheckRow] = []
  /// Of each rank; none where they were not asked for.
  package var speeds: [RankSpeed] = []

  mutating func add(_ row: CheckRow) { rows.append(row) }

  package var findings: [CheckFinding] { rows.flatMap(\.findings) }
  /// What a run would end with before its first step, by the first fault; `done` where it could start.
  package var exitCode: ExitCode { findings.lazy.compactMap(\.exitCode).first ?? .done }

  /// A table for people, of 80 columns.
  package var lines: [String] {
    var table = TextTable([.left(13), .left(7), .left], width: 80)
    for row in rows { table.add([row.name, row.state, row.found]) }
    return table.lines + RankSpeed.lines(speeds)
  }

  package var json: JSONValue {
    let checks = rows.map { row -> JSONValue in
      [
        "name": .string(row.name), "state": .string(row.isSkipped ? "skipped" : row.state),
        "found": .string(row.found),
        "findings": .array(
          row.findings.map { finding in
            [
              "text": .string(finding.text),
              "exit_code": .optional(finding.exitCode.map { Int($0.rawValue) }),
            ]
          }),
      ]
    }
    return .object(
      [.init("exit_code", .integer(Int(exitCode.rawValue))), .init("checks", .array(checks))]
        + (speeds.isEmpty ? [] : [.init("ranks", .array(speeds.map(\.json)))]))
  }
}
