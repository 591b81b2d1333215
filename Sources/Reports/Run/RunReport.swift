import Basics
import Settings

/// The report of a run, or of several side by side: a page, and each of its figures by name.
public struct RunReport: Sendable {
  let runs: [RunRecord]
  /// By which they are told apart: their names, numbered where two are the same.
  let names: [String]

  /// - Precondition: at least one run.
  public init(_ runs: [RunRecord]) {
    precondition(!runs.isEmpty, "a report of no run")
    self.runs = runs
    names = runs.enumerated().map { index, run in
      let same = runs[..<index].count { $0.name == run.name }
      return same == 0 ? run.name : "\(run.name) (\(same + 1))"
    }
  }

  var isSingle: Bool { runs.count == 1 }

  /// All figures, in the order of the page.
  public var figures: [Figure] { curves + evaluationFigures.flatMap { $0 } + [timeFigures].flatMap { $0 } }

  /// A figure by its name.
  ///
  /// - Throws: where there is none of that name.
  public func figure(_ name: String) throws -> Figure {
    let figures = figures
    if let found = figures.first(where: { $0.name == name }) { return found }
    throw Failure.usage(
      "there is no figure '\(name.shownName)' of \(isSingle ? "this run" : "these runs") "
        + "(\(figures.map(\.name).suggestion(for: name)))")
  }

  /// The page's text.
  public var page: String {
    var page = Page(title: isSingle ? names[0] : plural(runs.count, "run"))
    page.addHead(isSingle ? facts(runs[0]) : comparison)
    page.addSection("Diagnosis", diagnosis)
    page.addSection("Curves", .grid(of: curves))
    page.addSection("Evaluation", evaluation)
    page.addSection("Samples", perRun(pictures))
    page.addSection("Generated", perRun(generated))
    page.addSection("Model", perRun(model))
    page.addSection("Time", .grid(of: timeFigures) + perRun(slowRanks))
    page.addSection("Restarts", perRun(restarts))
    page.addSection("Configuration", configuration)
    return page.file
  }

  /// What each run has, below its name where there are several.
  private func perRun(_ part: (RunRecord) -> HTML) -> HTML {
    zip(names, runs).map { name, run in
      let body = part(run)
      return isSingle || body == .nothing ? body : .element("h3", text: name) + body
    }.reduce(.nothing, +)
  }

  private var diagnosis: HTML {
    perRun { run in
      let found = run.findings
      guard !run.summary.isNull || found.contains(where: { $0.name == NonFiniteLoss.name }) else {
        return .note("The run has no summary.json: it has not come to its end.")
      }
      guard !found.isEmpty else {
        return .element(
          "div", ["class": "finding fine"], text: "Nothing conspicuous: no rule of the diagnosis found fault.")
      }
      return found.map(Self.card).joined
    }
  }

  private static func card(_ finding: Finding) -> HTML {
    func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
    var body = HTML.element("b", text: sentence(finding.name))
    body += .element("p", text: sentence(finding.text) + ".")
    body += .note("Seen: " + finding.evidence + ".")
    body += .note("Try: " + finding.advice + ".")
    return .element("div", ["class": "finding"], body)
  }
}

extension RunRecord {
  /// A thousand years: a time above it is of a damaged file.
  static let longest = 3e10

  /// Of the whole run, as its summary says.
  var seconds: Double? {
    summary["timing"]?["seconds"]?.double.flatMap { $0 >= 0 && $0 < Self.longest ? $0 : nil }
  }

  /// Whether figures tell which epoch is best, as they do not of a GAN.
  var lossTells: Bool { material["loss_tells"] != .bool(false) }

  /// What the diagnosis found when the run ended; of a run without one, what it finds now. A summary beside a failure
  /// is older than it.
  public var findings: [Finding] {
    let kept = [summary["diagnosis"], summary["timing"]?["diagnosis"]]
    let hasFailed = NonFiniteLoss().finding(Evidence(self, rows: nil)) != nil
    guard !hasFailed, kept.contains(where: { $0 != nil }) else {
      return Diagnosis.findings(self) + Diagnosis.timingFindings(self)
    }
    return kept.flatMap { $0?.elements ?? [] }.compactMap(Finding.init)
  }
}
