import Foundation
import Reports
import Settings
import Testing

@Suite("Reports of runs")
struct RunReportTests {
  private static func record(_ name: String, loss: Double = 1, material: JSONValue = .null) -> RunRecord {
    RunRecord(
      name: name, configuration: ["seed": .integer(name.count), "model": "mlp"],
      epochs: (1...5).map {
        EpochRecord(
          epoch: $0, step: $0 * 4, trainLoss: loss / Double($0), trainAccuracy: 0.5, validationLoss: loss,
          validationAccuracy: 0.5, learningRate: 0.1, others: [("val_f1_macro", 0.4)], samplesPerSecond: 100,
          exchangeFraction: 0.1, seconds: 1, validationSeconds: 0.1)
      },
      steps: (1...20).map {
        StepRecord(step: $0, epoch: ($0 - 1) / 4 + 1, loss: loss, learningRate: 0.1, gradientNorm: 1)
      },
      summary: ["test": ["loss": .number(loss)], "diagnosis": []], material: material)
  }

  private static let evaluation: JSONValue = [
    "evaluation": [
      "split": "test", "samples": 4, "loss": 0.5, "accuracy": 0.75, "confusion": [[2, 0], [1, 1]],
      "classes": [
        ["name": "<b>", "support": 2, "predictions": 3, "precision": 0.6, "recall": 1.0, "f1": 0.8],
        ["name": "no", "support": 2, "predictions": 1, "precision": 1.0, "recall": 0.5, "f1": 0.6],
      ],
      "curves": [["name": "no", "roc": [[0, 0], [1, 1]], "pr": [[0, 1], [1, 0.5]]]],
    ]
  ]

  @Test("A run has the figures that its records give")
  func figures() throws {
    let report = RunReport([Self.record("a", material: Self.evaluation)])
    #expect(
      report.figures.map(\.name) == [
        "loss", "accuracy", "f1-macro", "loss-by-step", "learning-rate", "gradient-norm", "throughput", "confusion",
        "roc", "precision-recall", "time",
      ])
    #expect(report.page.contains("Nothing conspicuous"))
    #expect(!report.page.contains("<b>&lt;b&gt;</b>") && report.page.contains("&lt;b&gt;"))
    #expect(throws: (any Error).self) { try report.figure("accurracy") }
    do { _ = try report.figure("accurracy") } catch {
      #expect("\(error)" == "there is no figure 'accurracy' of this run (did you mean 'accuracy'?)")
    }
  }

  @Test("Several runs stand side by side, with the settings that differ")
  func several() throws {
    let report = RunReport([Self.record("one"), Self.record("other", loss: 2), Self.record("one", loss: 3)])
    let loss = try report.figure("loss")
    #expect(
      loss.hover.map(\.name).filter { $0.hasSuffix("validation") } == [
        "one validation", "other validation", "one (2) validation",
      ])
    #expect(report.page.contains("<td>seed</td>") && !report.page.contains("<td>model</td>"))
  }

  @Test("A directory is read, a line that was cut short left out, a damaged one told")
  func files() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }
    #expect(throws: (any Error).self) { try RunRecord(directory: path) }
    try write("config.json", "{}")
    let line = #"{"epoch": 1, "step": 3, "train_loss": 0.5, "val_loss": null, "timing": {"seconds": 1}}"#
    try write("metrics.jsonl", line + "\n" + #"{"epoch": 2, "st"#)
    let record = try RunRecord(directory: path + "/")
    #expect(record.epochs == [EpochRecord(epoch: 1, step: 3, trainLoss: 0.5)])
    #expect(record.summary.isNull && record.steps.isEmpty)
    #expect(RunReport([record]).page.contains("it has not come to its end"))
    #expect(!RunReport([record]).page.contains("Restarts"))
    try write(
      "restarts.jsonl",
      #"{"time": "2026-11-27T02:30:00Z", "exit_code": 137, "step": 7, "left_out": ["b"], "reason": "x < y"}"# + "\n{")
    let page = RunReport([try RunRecord(directory: path)]).page
    #expect(page.contains(">Restarts</h2>") && page.contains(">x &lt; y; without b</td>"), "\(page)")
    #expect(!page.contains("slow rank"))
    try write(
      "summary.json",
      #"{"timing": {"stragglers": [{"rank": 2, "host": "n<7", "epochs": 3, "phase": "forward and backward"}]}}"#)
    let slow = RunReport([try RunRecord(directory: path)]).page
    #expect(slow.contains(">slow rank</th>") && slow.contains(">n&lt;7</td>"), "\(slow)")
    try write("metrics.jsonl", "rubbish\n" + line)
    do {
      _ = try RunRecord(directory: path)
      Issue.record("no error")
    } catch { #expect("\(error)".contains("metrics.jsonl, line 1:")) }
  }
}
