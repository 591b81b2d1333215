import Basics
import Reports
import Settings

/// The page of a search: its best, how it came there, which keys matter, and every trial.
struct TunePage {
  private let study: TuneStudy
  private let ranking: TuneRanking
  private let trials: [Trial]

  /// One that has ended.
  struct Trial {
    let number: Int
    let values: ParameterValues
    let result: TrialResult
    /// nil where it has failed.
    let value: Double?
    let epoch: Int?
  }

  init(_ study: TuneStudy, _ records: [JSONValue], _ ranking: TuneRanking) {
    (self.study, self.ranking) = (study, ranking)
    trials = records.enumerated().compactMap { number, record in
      TrialResult(record).map { result in
        Trial(
          number: number, values: study.space.values(record["parameters"] ?? .null) ?? [], result: result,
          value: record["value"]?.finiteNumber, epoch: record["epoch"]?.finiteNumber.map { Int($0) })
      }
    }
  }

  var text: String {
    var page = Page(title: RunName.of(study.base.file))
    page.addHead(head)
    page.addSection("History", .grid(of: [history, curves].compactMap(\.self)))
    page.addSection("Importance", importance)
    page.addSection("Slices", .grid(of: study.space.parameters.indices.compactMap(slice)))
    page.addSection("Parallel coordinates", coordinates)
    page.addSection("Trials", table)
    page.addSection("Study", .details("study.json", .element("pre", text: study.description.text)))
    return page.file
  }

  private var best: Trial? {
    ranking.best?["trial"]?.finiteNumber.flatMap { number in trials.first { $0.number == Int(number) } }
  }

  private var head: HTML {
    func count(_ state: TrialResult.State) -> Int { trials.count { $0.result.state == state } }
    var facts = [
      (name: "trials", value: "\(trials.count)", detail: "\(count(.stopped)) stopped, \(count(.failed)) failed"),
      (
        name: "time of all trials", value: shortTime(trials.reduce(0) { $0 + $1.result.seconds }),
        detail: "sampler \(study.sampler.name)"
      ),
    ]
    guard let best, let value = best.value else { return .tiles(facts) }
    facts.insert((study.goal.key, shortNumber(value), "trial \(best.number), the best"), at: 0)
    var table = HTMLTable(["key", "value"], numbersFrom: 2)
    for (parameter, value) in zip(study.space.parameters, best.values) {
      if let value { table.add([parameter.path, parameter.domain.json(value).line.shortened(to: 200)]) }
    }
    return .tiles(facts) + table.html
  }

  // MARK: Figures

  private var history: Figure? {
    let known = trials.filter { $0.value != nil }
    guard !known.isEmpty else { return nil }
    func points(_ state: TrialResult.State) -> [Scene.Point] {
      known.filter { $0.result.state == state }.map { Scene.Point(Double($0.number), $0.value ?? .nan) }
    }
    var least = Double.infinity
    let bests = known.filter { $0.result.state == .done }.map { trial in
      least = min(least, study.goal.score(trial.value ?? .nan))
      return Scene.Point(Double(trial.number), study.goal.score(least))
    }
    var chart = LineChart(
      "history", title: "\(study.goal.key) by trial", xLabel: "trial",
      series: [
        .init("trials", points(.done), style: .dots, ink: .series(0)),
        .init("ended early", points(.stopped), style: .dots, ink: .series(7)),
        .init("best so far", bests, ink: .series(1)),
      ].filter { !$0.points.isEmpty })
    chart.xIsWhole = true
    chart.yKind = .automatic
    return chart.figure
  }

  /// The figure epoch by epoch, of the best trials and, faintly, of all.
  private var curves: Figure? {
    let ranked = ranking.records.compactMap { $0["trial"]?.finiteNumber.map { Int($0) } }
    func points(_ trial: Trial) -> [Scene.Point] {
      trial.result.values(of: study.goal.key).enumerated().map { Scene.Point(Double($0 + 1), $1 ?? .nan) }
    }
    let shown = ranked.prefix(5).compactMap { number in trials.first { $0.number == number } }
    let others = trials.filter { trial in !shown.contains { $0.number == trial.number } }
    let series =
      others.map { LineChart.Series("", points($0), style: .faint, ink: .text) }
      + shown.enumerated().map { LineChart.Series("trial \($1.number)", points($1), ink: .series($0)) }
    guard series.contains(where: { $0.points.contains { $0.y.isFinite } }) else { return nil }
    var chart = LineChart("curves", title: "\(study.goal.key) by epoch", xLabel: "epoch", series: series)
    (chart.xIsWhole, chart.yKind) = (true, .automatic)
    return chart.figure
  }

  private var importance: HTML {
    let observations = trials.map { trial in
      Observation(
        trial.values, score: trial.value.map(study.goal.score),
        stoppedAfter: trial.result.state == .stopped ? trial.result.epochs.count : nil)
    }
    guard let shares = Importance(observations, space: study.space).shares else {
      return .note("Too few trials that differ to tell which keys matter.")
    }
    let order = shares.indices.sorted { (shares[$1], $0) < (shares[$0], $1) }
    let labels = study.space.labels
    let chart = BarChart(
      "importance", title: "Share of the differences that each key has a part in",
      bars: order.map { BarChart.Bar(labels[$0], shares[$0], text: percentage(shares[$0])) })
    return chart.figure.html
      + .note(
        "Total effects on the mean of a Gaussian process over all trials: how much differs where one key changes and "
          + "all others stay. Keys that act together are counted for each of them.")
  }

  private func slice(_ index: Int) -> Figure? {
    let parameter = study.space.parameters[index]
    func points(_ state: TrialResult.State) -> [Scene.Point] {
      trials.filter { $0.result.state == state }.compactMap { trial in
        guard let value = trial.values[index], let figure = trial.value else { return nil }
        if case .choices = parameter.domain { return Scene.Point(value + 1, figure) }
        return Scene.Point(value, figure)
      }
    }
    let series = [
      LineChart.Series("trials", points(.done), style: .dots, ink: .series(0)),
      LineChart.Series("ended early", points(.stopped), style: .dots, ink: .series(7)),
    ].filter { !$0.points.isEmpty }
    guard !series.isEmpty else { return nil }
    var chart = LineChart("slice-\(index + 1)", title: parameter.path, xLabel: "", series: series)
    chart.yKind = .automatic
    switch parameter.domain {
    case .choices(let values):
      chart.xLabel = values.indices.prefix(6).map { index in
        let text = parameter.domain.text(Double(index))
        return text.hasPrefix("#") ? text : "\(index + 1) \(text)"
      }
      .joined(separator: ", ").shortened(to: 60)
      (chart.xIsWhole, chart.xRoom) = (true, [1, Double(values.count)])
    case .real(_, _, let isLogarithmic): chart.xKind = isLogarithmic ? .logarithmic : .linear
    case .steps(_, _, _, let isLogarithmic, let isWhole):
      (chart.xKind, chart.xIsWhole) = (isLogarithmic ? .logarithmic : .linear, isWhole)
    }
    return chart.figure
  }

  private var coordinates: HTML {
    ParallelCoordinates(study.space, goal: study.goal, trials: trials, best: best?.number).figure?.html ?? .nothing
  }

  // MARK: The table

  private var table: HTML {
    var table = HTMLTable(
      ["trial", "state", study.goal.key, "epoch"] + study.space.labels, numbersFrom: 2)
    for record in ranking.records {
      guard let number = record["trial"]?.finiteNumber, let trial = trials.first(where: { $0.number == Int(number) })
      else { continue }
      let values = zip(study.space.parameters, trial.values).map { parameter, value in
        value.map(parameter.domain.text) ?? "–"
      }
      table.add(
        [
          "\(trial.number)", trial.result.state.rawValue, trial.value.map(shortNumber) ?? trial.result.reason ?? "–",
          trial.epoch.map { "\($0)/\(trial.result.epochs.count)" } ?? "–",
        ] + values, isMarked: trial.number == best?.number)
    }
    let legend = study.space.legend.map { HTML.note($0) }.joined
    return table.html + legend
  }
}

/// What a page calls a study.
enum RunName {
  static func of(_ file: String) -> String { file.split(separator: "/").last.map(String.init) ?? file }
}
