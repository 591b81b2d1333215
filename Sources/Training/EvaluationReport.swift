import Basics
import Configuration
import Metrics
import Settings

/// What `evaluate` says of a split, as a table and as JSON.
struct EvaluationReport {
  let checkpoint: String
  let step: Int
  let data: String
  let split: String
  let lossName: String
  let metrics: SplitMetrics

  /// Keys that every task has first; figures that are not defined are null.
  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("checkpoint", .string(checkpoint)), .init("data", .string(data)), .init("split", .string(split)),
      .init("samples", .integer(metrics.sampleCount)), .init("step", .integer(step)),
      .init("loss", .finite(metrics.loss)), .init("accuracy", .optional(metrics.accuracy)),
    ]
    guard let report = metrics.report else { return .object(members) }
    members.append(
      .init("metrics", .object(report.figures.map { JSONValue.Member($0.name, .finite($0.value)) })))
    if !report.classes.isEmpty {
      members.append(.init("classes", .array(report.classes.map(\.json))))
    }
    if let confusion = report.confusion {
      members.append(.init("confusion_matrix", .array(confusion.map { .array($0.map(JSONValue.integer)) })))
    }
    return .object(members)
  }

  /// The table: head, figures, classes, and the confusion matrix of at most `confusionLimit` classes.
  var lines: [String] {
    var rows = [
      ("checkpoint", "\(checkpoint)  step \(grouped(step))"),
      ("data", "\(data)  \(split)  \(grouped(metrics.sampleCount)) samples"),
      ("loss", "\(shortNumber(metrics.loss))  \(lossName)"),
      ("accuracy", metrics.accuracy.map(percentage) ?? "none: \(lossName) has no classes"),
    ]
    let report = metrics.report
    for figure in report?.figures ?? [] where figure.name != "accuracy" {
      rows.append((figure.name, figure.value.map(shortNumber) ?? "not defined"))
    }
    let width = max(12, (rows.map(\.0.count).max() ?? 0) + 2)
    var lines = rows.map { name, text in name + String(repeating: " ", count: width - name.count) + text }
    guard let report, !report.classes.isEmpty else { return lines }
    let hasRanking = report.classes.contains { $0.averagePrecision != nil }
    let head =
      ["class", "samples", "precision", "recall", "f1"] + (hasRanking ? ["roc_auc", "average_precision"] : [])
    lines += [""] + Self.columns([head] + report.classes.map { $0.cells(hasRanking: hasRanking) })
    if let confusion = report.confusion, confusion.count <= Self.confusionLimit {
      lines += ["", "label (row) and prediction (column)"]
      lines += Self.columns(
        [[""] + confusion.indices.map(String.init)]
          + confusion.enumerated().map { row, counts in [String(row)] + counts.map(String.init) })
    }
    return lines
  }

  /// The most classes whose matrix fits a screen.
  private static let confusionLimit = 20

  /// Cells in columns as wide as their widest, to the right.
  private static func columns(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.indices.map { String(repeating: " ", count: widths[$0] - row[$0].count) + row[$0] }.joined(separator: "  ")
    }
  }
}

extension MetricReport.ClassFigures {
  fileprivate var json: JSONValue {
    [
      "class": .integer(index), "samples": .integer(support), "precision": .number(precision),
      "recall": .number(recall),
      "f1": .number(f1), "roc_auc": .optional(rocAUC), "average_precision": .optional(averagePrecision),
    ]
  }

  fileprivate func cells(hasRanking: Bool) -> [String] {
    let ranking = hasRanking ? [rocAUC, averagePrecision].map { $0.map(shortNumber) ?? "–" } : []
    return [String(index), grouped(support), shortNumber(precision), shortNumber(recall), shortNumber(f1)] + ranking
  }
}

extension JSONValue {
  /// `value`, or null where it is none or not finite, which JSON cannot say.
  static func finite(_ value: Double?) -> JSONValue { .optional(value.flatMap { $0.isFinite ? $0 : nil }) }
}
