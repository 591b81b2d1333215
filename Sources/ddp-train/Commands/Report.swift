import Basics
import Foundation
import Reports
import Settings
import Training

/// `report`: makes the page of a run again, or of several side by side, or one of its figures; from the files that the
/// runs have left, on this process alone.
package struct Report: Command {
  package static let name = "report"
  package static let operands = "RUN… [options]"
  package static let summary = "the page of a run, or of several side by side"
  package static let discussion = """
    Writes the report of a run, which each run ends with as report.html, or of several runs in one page: curves over \
    each other, figures in columns. One file that needs no other and no network. With --svg or --png, one figure of it \
    for a paper. Reads the files in the run directories alone.
    """
  package static let options = [
    Option("--output", \Report.output, "FILE", default: "report.html in RUN", "where to; needed for several runs"),
    Option("--svg", \.svg, "NAME", "writes a figure as SVG; NAME.svg unless --output says"),
    Option("--png", \.png, "NAME", "writes a figure as PNG; needs libcairo2"),
  ]

  package static var sections: [HelpSection] {
    var figures = HelpSection("Figures, where the run has what they show")
    figures.entries = [
      ("loss, accuracy, f1-macro, …", "by epoch, one for each metric", []),
      ("loss-by-step, accuracy-by-step", "of training, by step", []),
      ("learning-rate, gradient-norm", "by step", []),
      ("throughput, time", "samples per second; where the time went", []),
      ("confusion, roc, precision-recall", "of classifiers", []),
      ("predicted, residuals, errors", "of regressions", []),
      ("confusion-2, …", "of the second of several runs", []),
    ]
    return [figures]
  }

  package var runs: [String] = []
  package var output: String?
  package var svg: String?
  package var png: String?

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    guard !words.isEmpty else {
      throw SettingsError("\(Self.name): expected a run directory, such as runs/NAME")
    }
    guard svg == nil || png == nil else {
      throw SettingsError("\(Self.name): --svg and --png write one figure each; give one of the two")
    }
    runs = words
    guard words.count == 1 || output != nil || svg != nil || png != nil else {
      throw SettingsError("\(Self.name): of several runs, give the page's name with --output FILE.html")
    }
  }

  package func run() throws -> ExitCode {
    let records = try runs.map { try RunRecord(directory: $0) }
    let report = RunReport(records)
    let (path, contents): (String, Data)
    if let name = svg ?? png {
      path = output ?? "\(name).\(svg == nil ? "png" : "svg")"
      try check(path, svg == nil ? .png : .svg)
      let scene = try report.figure(name).scene
      contents = try svg == nil ? scene.pngImage().file : Data(scene.svgFile.utf8)
    } else {
      path = output ?? "\(runs[0])/\(RunRecord.pageFile)"
      // The page of a run may be made again in its place.
      let own = runs.map { "\($0)/\(RunRecord.pageFile)" }
      if !own.contains(path) { try check(path, .html) }
      contents = Data(report.page.utf8)
    }
    try AtomicFile.write(contents, to: path)
    let missing = records.filter { $0.material.isNull }.map(\.name)
    if svg == nil, png == nil, !missing.isEmpty {
      Output.printError(
        "ddp-train: warning: \(missing.joined(separator: ", ")): no \(RunRecord.materialFile), so the page has curves "
          + "and configuration alone; runs that end with log.report on have one")
    }
    try Output.print(path)
    return .done
  }

  private func check(_ path: String, _ kind: OutputTarget.Kind) throws {
    try OutputTarget.check(
      [OutputTarget("--output", path, kind)],
      inputs: runs.flatMap { run in
        ["config.json", "metrics.jsonl", "summary.json", RunRecord.stepsFile, RunRecord.materialFile].map {
          run + "/" + $0
        }
      })
  }
}
