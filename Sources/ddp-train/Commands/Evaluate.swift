import Basics
import Collectives
import Metrics
import Settings
import Training

/// `evaluate`: loss and metrics of a checkpoint on a split, as a table or as JSON.
package struct Evaluate: Command {
  package static let name = "evaluate"
  package static let operands = "CHECKPOINT [options]"
  package static let isDistributed = true
  package static let summary = "loss and metrics of a checkpoint"
  package static let discussion =
    "Prints loss and metrics of a checkpoint on one split. Of a run directory the best checkpoint is meant."
  package static let options = [
    Option(
      "--data", \Evaluate.arguments.data, "FILE", default: "as trained",
      "HDF5 file, directory, glob or text list of files; or files as those that its data were converted from"),
    Option("--split", \Evaluate.arguments.split, "train|val|test", default: "test", "the part of the data"),
    Option(flag: "--json", \Evaluate.json, "one JSON object instead of a table"),
  ]

  package var arguments = EvaluateArguments(checkpoint: "")
  package var json = false

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    arguments.checkpoint = try Self.checkpoint(words)
  }

  package func run() throws -> ExitCode {
    try DistributedProgram.withRanks { ranks in
      let result = try Self.showingProgress(isShown: ranks.isRoot) { try evaluate(ranks, $0) }
      guard ranks.isRoot else { return .done }
      for remark in result.remarks { Output.printError("ddp-train: warning: \(remark)") }
      for line in json ? [report(result).line] : lines(result) { try Output.print(line) }
      return .done
    }
  }

  private func evaluate(
    _ ranks: any Communicator, _ progress: @escaping (Double) -> Void
  ) throws -> EvaluationRun.Result {
    guard let given = arguments.data else {
      return try EvaluationRun.evaluate(arguments, ranks: ranks, progress: progress)
    }
    let data = try ForeignData(given, for: arguments.checkpoint, ranks, progress: progress)
    defer { data.remove() }
    var arguments = arguments
    arguments.data = data.path
    var result = try data.saying { try EvaluationRun.evaluate(arguments, ranks: ranks, progress: progress) }
    (result.data, result.remarks) = (data.name, data.notes + result.remarks.map(data.said))
    return result
  }

  // MARK: What it says

  /// Keys that every task has first; figures that are not defined are null.
  private func report(_ result: EvaluationRun.Result) -> JSONValue {
    let metrics = result.metrics
    var members: [JSONValue.Member] = [
      .init("checkpoint", .string(result.checkpoint)), .init("data", .string(result.data)),
      .init("split", .string(result.split)), .init("samples", .integer(metrics.sampleCount)),
      .init("step", .integer(result.step)), .init("loss", .finite(metrics.loss)),
      .init("accuracy", .optional(metrics.accuracy)),
    ]
    guard let report = metrics.report else { return .object(members) }
    if !metrics.decisionThresholds.isEmpty {
      members.append(.init("decision_threshold", .array(metrics.decisionThresholds.map(JSONValue.number))))
    }
    members.append(
      .init("metrics", .object(report.figures.map { JSONValue.Member($0.name, .finite($0.value)) })))
    if !report.classes.isEmpty {
      let classes = report.classes.map { $0.json(named: result.name($0.index)) }
      members.append(.init("classes", .array(classes)))
    }
    if let confusion = report.confusion {
      members.append(.init("confusion_matrix", .array(confusion.map { .array($0.map(JSONValue.count)) })))
    }
    return .object(members)
  }

  /// Head, figures, classes, and the confusion matrix of at most `confusionLimit` classes.
  private func lines(_ result: EvaluationRun.Result) -> [String] {
    let metrics = result.metrics
    var head = TextTable([.left(10), .left])
    head.add(["checkpoint", "\(result.checkpoint)  step \(grouped(result.step))"])
    head.add(["data", "\(result.data)  \(result.split)  \(grouped(metrics.sampleCount)) samples"])
    head.add(["loss", "\(shortNumber(metrics.loss))  \(result.lossName)"])
    head.add(["accuracy", metrics.accuracy.map(percentage) ?? "none: \(result.lossName) has no classes"])
    if !metrics.decisionThresholds.isEmpty {
      let shown = metrics.decisionThresholds.prefix(8).map(trimmedNumber).joined(separator: ", ")
      head.add(["yes above", shown + (metrics.decisionThresholds.count > 8 ? ", …" : "")])
    }
    for figure in metrics.report?.figures ?? [] where figure.name != "accuracy" {
      head.add([figure.name, figure.value.map(shortNumber) ?? "not defined"])
    }
    guard let report = metrics.report, !report.classes.isEmpty else { return head.lines }
    return head.lines + [""] + classLines(report, of: result) + confusionLines(report, of: result)
  }

  private func classLines(_ report: MetricReport, of result: EvaluationRun.Result) -> [String] {
    let hasRanking = report.classes.contains { $0.averagePrecision != nil }
    let names =
      ["class", "samples", "precision", "recall", "f1"] + (hasRanking ? ["roc_auc", "average_precision"] : [])
    var table = TextTable([result.names == nil ? .right : .left] + names.dropFirst().map { _ in .right })
    table.add(names)
    for item in report.classes {
      let ranking = hasRanking ? [item.rocAUC, item.averagePrecision].map { $0.map(shortNumber) ?? "–" } : []
      table.add(
        [result.label(item.index), countText(item.support)]
          + [item.precision, item.recall, item.f1].map(shortNumber) + ranking)
    }
    return table.lines
  }

  private func confusionLines(_ report: MetricReport, of result: EvaluationRun.Result) -> [String] {
    guard let confusion = report.confusion, confusion.count <= Self.confusionLimit else { return [] }
    var table = TextTable([result.names == nil ? .right : .left] + confusion.map { _ in .right })
    table.add([""] + confusion.indices.map(String.init))
    for (row, counts) in confusion.enumerated() {
      table.add([result.label(row)] + counts.map { Int(exactly: $0).map(String.init) ?? shortNumber($0) })
    }
    return ["", "label (row) and prediction (column)"] + table.lines
  }

  /// The most classes whose matrix fits a screen.
  private static let confusionLimit = 20
}

extension EvaluationRun.Result {
  /// The name of a class or output; nil where it has none.
  fileprivate func name(_ index: Int) -> String? {
    names.flatMap { $0.indices.contains(index) ? $0[index] : nil }
  }

  /// Its number, with its name behind where it has one.
  fileprivate func label(_ index: Int) -> String {
    guard let name = name(index) else { return String(index) }
    return "\(index) \(name.shownName.shortened(to: 24))"
  }
}

extension MetricReport.ClassFigures {
  fileprivate func json(named name: String?) -> JSONValue {
    [
      "class": .integer(index), "name": name.map(JSONValue.string) ?? .null, "samples": .count(support),
      "precision": .number(precision), "recall": .number(recall), "f1": .number(f1), "roc_auc": .optional(rocAUC),
      "average_precision": .optional(averagePrecision),
    ]
  }
}
