import Basics
import Metrics
import NumericCore
import Settings

/// What a finished run amounts to: `summary.json`, and the last lines on the screen.
struct RunSummary {
  /// nil where its checkpoint is gone.
  let best: TrainingProgress.Best?
  let progress: TrainingProgress
  let precision: ProductPrecision
  let test: SplitMetrics?
  /// What is told of the test beside loss and accuracy.
  let metricNames: [MetricName]
  /// What the best epoch was chosen by, beside loss and accuracy.
  let goals: [MetricName]
  let isValidated: Bool
  /// nil where nothing was written.
  let directory: RunDirectory?
  /// Whether the test split was evaluated with the best checkpoint; if not, with the last.
  let isBestTested: Bool
  /// nil where nothing was written.
  let conclusion: RunConclusion?
  /// Since this process began.
  let seconds: Double
  /// Seconds that rank 0 has waited for other ranks or for the network in its steps; nil of a single rank.
  let exposedSeconds: Double?
  /// nil where no step was taken.
  let bottleneck: Bottleneck?
  let stragglers: Stragglers

  func json(in directory: RunDirectory) -> JSONValue {
    [
      "epochs": .integer(progress.epoch), "steps": .integer(progress.step),
      "precision": .string(precision.rawValue),
      "best": best.map { json($0, in: directory) } ?? .null,
      "skipped_steps": .integer(progress.sentinel.skipped),
      "rollbacks": .integer(progress.sentinel.rollbacks.count),
      "last": ["step": .integer(progress.step), "checkpoint": .string(directory.checkpoints.latestLink)],
      "test": test.map { test in
        .object(
          [
            .init("loss", .number(test.loss)), .init("accuracy", .optional(test.accuracy)),
            .init("samples", .integer(test.sampleCount)),
          ] + metricNames.map { .init($0.rawValue, .finite(test.report?[$0])) })
      } ?? .null,
      "diagnosis": .array((conclusion?.findings ?? []).map(\.json)),
      "timing": [
        "seconds": .number(seconds), "exposed_communication_seconds": .optional(exposedSeconds),
        "bottleneck": bottleneck?.json ?? .null, "stragglers": stragglers.json,
        "diagnosis": .array((conclusion?.timingFindings ?? []).map(\.json)),
      ],
    ]
  }

  private func json(_ best: TrainingProgress.Best, in directory: RunDirectory) -> JSONValue {
    .object(
      [
        .init("epoch", .integer(best.epoch)), .init("step", .integer(best.step)),
        .init("split", .string(isValidated ? "val" : "train")), .init("loss", .number(best.loss)),
        .init("accuracy", .optional(best.accuracy)),
      ] + metricNames.compactMap { name in best.figures[name.rawValue].map { .init(name.rawValue, .number($0)) } }
        + (best.thresholds.isEmpty ? [] : [.init("decision_threshold", DecisionThreshold.json(best.thresholds))])
        + [.init("checkpoint", .string(directory.checkpoints.bestLink))])
  }

  var lines: [String] {
    func figures(_ loss: Double, _ accuracy: Double?) -> String {
      "loss \(shortNumber(loss))" + (accuracy.map { ", accuracy \(percentage($0))" } ?? "")
    }
    var rows: [(String, String)] = []
    if let best {
      rows.append(
        ("best", "epoch \(best.epoch), \(isValidated ? "val" : "train") \(figures(best.loss, best.accuracy))"))
      // The figures that decided it.
      for name in goals {
        if let value = best.figures[name.rawValue] { rows.append(("", "\(name.rawValue) \(shortNumber(value))")) }
      }
      if !best.thresholds.isEmpty { rows.append(("", "yes above \(DecisionThreshold.text(best.thresholds))")) }
      if let directory { rows.append(("", directory.checkpoints.bestLink)) }
    }
    rows.append(("last", "epoch \(progress.epoch), step \(grouped(progress.step))"))
    if let directory { rows.append(("", directory.checkpoints.latestLink)) }
    if let told = sentinelText { rows.append(("sentinel", told)) }
    if let test {
      rows.append(
        (
          "test",
          "\(figures(test.loss, test.accuracy)) over \(plural(test.sampleCount, "sample")), "
            + "\(isBestTested ? "best" : "last") checkpoint"
        ))
      for name in metricNames {
        rows.append(("", "\(name.rawValue) \(test.report?[name].map(shortNumber) ?? "not defined")"))
      }
    }
    let told = conclusion.map(Self.lines(of:)) ?? []
    for (index, line) in (bottleneck?.lines ?? []).enumerated() { rows.append((index == 0 ? "bottleneck" : "", line)) }
    let waited = exposedSeconds.map { ", of it \(shortTime($0)) of communication that no work has hidden" } ?? ""
    for (index, line) in stragglers.lines.enumerated() { rows.append((index == 0 ? "straggler" : "", line)) }
    return Self.columns(rows) + told + Self.columns([("done", "in \(shortTime(seconds))\(waited)")])
  }

  /// Updates that were not made; nil where all were.
  private var sentinelText: String? {
    let state = progress.sentinel
    guard state.skipped > 0 || !state.rollbacks.isEmpty else { return nil }
    let rollbacks = state.rollbacks.isEmpty ? "" : ", \(plural(state.rollbacks.count, "rollback"))"
    let rate = state.rateFactor == 1 ? "" : ", \(trimmedNumber(state.rateFactor)) of the learning rate"
    return "\(plural(state.skipped, "update")) left out\(rollbacks)\(rate)"
  }

  /// The diagnosis and the page's name.
  static func lines(of conclusion: RunConclusion) -> [String] {
    columns(
      conclusion.lines.enumerated().map { ($0 == 0 ? "diagnosis" : "", $1) }
        + (conclusion.page.map { [("report", $0)] } ?? []))
  }

  private static func columns(_ rows: [(String, String)]) -> [String] {
    rows.map { $0.padding(toLength: 11, withPad: " ", startingAt: 0) + $1 }
  }
}
