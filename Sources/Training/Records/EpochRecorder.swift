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
    try table.write(kept)
  }

  func epoch(_ metrics: EpochMetrics, timing: JSONValue) throws {
    let line = metrics.json(timing: timing)
    try lines.append(line: line.line)
    // A run may have more epochs than memory is to be spent on: what was there is read again.
    if try !table.append(line) { try table.write(run.directory.lines(of: run.directory.metricsFile)) }
  }
}

/// A table of comma-separated values (RFC 4180) with a row for each epoch, its columns the keys of `metrics.jsonl`,
/// those of `timing` last as `timing.seconds` and so on.
struct MetricsTable {
  private let path: String
  private var file: AppendedFile
  private var columns: [String] = []

  init(_ path: String) { (self.path, file) = (path, AppendedFile(path)) }

  /// Writes the table of some epochs; of none there is none.
  mutating func write(_ lines: [JSONValue]) throws {
    let rows = lines.map(Self.cells)
    let all = rows.joined().map(\.column).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let isTiming = { (column: String) in column.hasPrefix("timing.") }
    columns = all.filter { !isTiming($0) } + all.filter(isTiming)
    guard !rows.isEmpty else {
      unlink(path)
      return
    }
    let texts = [columns.map(Self.quoted).joined(separator: ",")] + rows.map(text)
    try AtomicFile.write(Data(texts.map { $0 + "\n" }.joined().utf8), to: path, isOfRun: true)
    // The old one has no name any more.
    file = AppendedFile(path)
  }

  /// Adds an epoch.
  ///
  /// - Returns: false where it brings a column, as when a resumed run measures something else: the table has to be
  ///   written anew.
  func append(_ line: JSONValue) throws -> Bool {
    let row = Self.cells(of: line)
    guard row.allSatisfy({ columns.contains($0.column) }) else { return false }
    try file.append(line: text(row))
    return true
  }

  private static func cells(of line: JSONValue) -> [(column: String, text: String)] {
    func cells(_ members: [JSONValue.Member], _ prefix: String) -> [(column: String, text: String)] {
      members.flatMap { member in
        member.value.members.map { cells($0, prefix + member.key + ".") }
          ?? [(prefix + member.key, cell(member.value))]
      }
    }
    return cells(line.members ?? [], "")
  }

  private func text(_ row: [(column: String, text: String)]) -> String {
    columns.map { column in row.last { $0.column == column }?.text ?? "" }.joined(separator: ",")
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
