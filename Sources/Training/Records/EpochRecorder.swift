import Basics
import Foundation
import Settings

/// `metrics.jsonl`, a line for each epoch, and `metrics.csv`, the same as a table.
final class EpochRecorder: RunRecorder {
  private let run: RecordedRun
  private let lines: AppendedFile
  private var table: MetricsTable

  init(_ run: RecordedRun) {
    self.run = run
    lines = AppendedFile(run.directory.metricsFile)
    table = MetricsTable(run.directory.metricsTable)
  }

  func begin() throws {
    let (directory, progress) = (run.directory, run.trainer.progress)
    if !run.isResumed { directory.setAside(directory.metricsFile) }
    let kept = try directory.cutLines(of: directory.metricsFile) { line, number in
      if case .string(let owner)? = line["timing"]?["run"]?.content, !run.identity.owns(owner) {
        throw run.identity.foreign("\(directory.metricsFile), line \(number)", owner)
      }
      // A run that was stopped after the last step of an epoch has yet to end that epoch.
      guard case .integer(let step)? = line["step"]?.content, case .integer(let epoch)? = line["epoch"]?.content else {
        return false
      }
      return step <= progress.step && epoch <= progress.epoch
    }
    try table.begin(kept)
  }

  func epoch(_ metrics: EpochMetrics, timing: JSONValue) throws {
    let line = metrics.json(timing: timing)
    try lines.append(line: line.line)
    try table.append(line)
  }
}

/// A table of comma-separated values (RFC 4180) with a row for each epoch, its columns the keys of `metrics.jsonl`,
/// those of `timing` last as `timing.seconds` and so on.
struct MetricsTable {
  private let path: String
  private var file: AppendedFile
  private var columns: [String] = []
  private var rows: [[String: String]] = []

  init(_ path: String) { (self.path, file) = (path, AppendedFile(path)) }

  /// Writes the table of the epochs so far; of none there is none yet.
  mutating func begin(_ lines: [JSONValue]) throws {
    for line in lines { add(line) }
    if rows.isEmpty { unlink(path) } else { try write() }
  }

  /// Adds an epoch. The table is written anew where it brings a column, as when a resumed run measures something else.
  mutating func append(_ line: JSONValue) throws {
    let before = columns
    add(line)
    guard columns == before else { return try write() }
    try file.append(line: text(rows[rows.count - 1]))
  }

  private mutating func add(_ line: JSONValue) {
    var row: [String: String] = [:]
    func take(_ members: [JSONValue.Member], _ prefix: String) {
      for member in members {
        if let inner = member.value.members {
          take(inner, prefix + member.key + ".")
        } else {
          let column = prefix + member.key
          if !columns.contains(column) { columns.append(column) }
          row[column] = Self.cell(member.value)
        }
      }
    }
    take(line.members ?? [], "")
    let isTiming = { (column: String) in column.hasPrefix("timing.") }
    columns = columns.filter { !isTiming($0) } + columns.filter(isTiming)
    rows.append(row)
  }

  private func text(_ row: [String: String]) -> String { columns.map { row[$0] ?? "" }.joined(separator: ",") }

  private mutating func write() throws {
    let lines = [columns.map(Self.quoted).joined(separator: ",")] + rows.map(text)
    try AtomicFile.write(Data(lines.map { $0 + "\n" }.joined().utf8), to: path, isOfRun: true)
    // The old one has no name any more.
    file = AppendedFile(path)
  }

  /// Nothing for null, and numbers as JSON has them.
  private static func cell(_ value: JSONValue) -> String {
    switch value.content {
    case .null: ""
    case .string(let text): quoted(text)
    default: value.line
    }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = !text.contains { ",\"\r\n".contains($0) }
    return isPlain ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
