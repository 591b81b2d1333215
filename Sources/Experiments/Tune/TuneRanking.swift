import Basics
import Settings

/// The trials of a search from the best to the worst, and the table of them.
struct TuneRanking {
  private let study: TuneStudy
  /// Ended trials first, then those that were ended early, then those that have failed; equal ones by number.
  let records: [JSONValue]

  init(_ study: TuneStudy, _ finished: [JSONValue]) {
    self.study = study
    func order(_ record: JSONValue) -> (Int, Double, Double) {
      let number = record["trial"]?.finiteNumber ?? 0
      guard let value = record["value"]?.finiteNumber else { return (2, 0, number) }
      let isStopped = TrialResult(record)?.state == .stopped
      return (isStopped ? 1 : 0, study.goal.score(value), number)
    }
    records = finished.sorted { order($0) < order($1) }
  }

  /// The best trial that had all its epochs; nil where there is none.
  var best: JSONValue? {
    records.first.flatMap { TrialResult($0)?.state == .done && $0["value"]?.finiteNumber != nil ? $0 : nil }
  }

  /// The most trials that the table shows.
  private static let limit = 20

  var lines: [String] {
    guard !records.isEmpty else { return ["", "no trial has ended"] }
    let hasEpochs = study.goal.split != .folds
    var heads = ["", "trial", study.goal.key] + (hasEpochs ? ["epoch"] : []) + ["state"]
    heads += study.space.labels
    var table = TextTable(
      [.left, .right, .right] + (hasEpochs ? [.right] : []) + [.left]
        + study.space.parameters.map { _ in .right })
    table.add(heads)
    for (index, record) in records.prefix(Self.limit).enumerated() {
      let result = TrialResult(record)
      var cells = [
        index == 0 && best != nil ? "*" : "", record["trial"]?.line ?? "",
        record["value"]?.finiteNumber.map(shortNumber) ?? "–",
      ]
      if hasEpochs {
        let epoch = record["epoch"]?.finiteNumber.map { "\(Int($0))" } ?? "–"
        cells.append("\(epoch)/\(result?.epochs.count ?? 0)")
      }
      cells.append(result?.state.rawValue ?? "")
      let values = study.space.values(record["parameters"] ?? .null) ?? []
      cells += zip(study.space.parameters, values).map { parameter, value in value.map(parameter.domain.text) ?? "–" }
      table.add(cells)
    }
    let more = records.count - Self.limit
    return [""] + table.lines + (more > 0 ? ["… and \(more) more in study.jsonl"] : []) + study.space.legend + [""]
  }
}
