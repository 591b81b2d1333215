import Basics
import Foundation
import Settings

extension RunReport {
  /// The figures that a run is judged by.
  func facts(_ run: RunRecord) -> HTML {
    let summary = run.summary
    var tiles: [(name: String, value: String, detail: String)] = []
    func figures(_ value: JSONValue?) -> (String, String)? {
      guard let loss = value?["loss"]?.double else { return nil }
      guard let accuracy = value?["accuracy"]?.double else { return (shortNumber(loss), "loss") }
      return (percentage(accuracy), "accuracy; loss \(shortNumber(loss))")
    }
    if let (value, detail) = figures(summary["test"]) {
      tiles.append(("test", value, detail))
    }
    if run.lossTells, let (value, detail) = figures(summary["best"]) {
      let split = summary["best"]?["split"]?.string == "train" ? "training" : "validation"
      tiles.append(("best, \(split)", value, "\(detail), epoch \(summary["best"]?["epoch"]?.integer ?? 0)"))
    }
    if let epochs = summary["epochs"]?.integer ?? run.epochs.last?.epoch {
      let steps = summary["steps"]?.integer ?? run.epochs.last?.step ?? 0
      tiles.append(("trained", plural(epochs, "epoch"), plural(steps, "step")))
    }
    if let skipped = summary["skipped_steps"]?.integer, let rollbacks = summary["rollbacks"]?.integer,
      skipped + rollbacks > 0
    {
      tiles.append(("left out", plural(skipped, "update"), plural(rollbacks, "rollback")))
    }
    if let seconds = run.seconds {
      let ranks = run.material["timing"]?["ranks"]?.integer.map { "on " + plural($0, "rank") } ?? ""
      tiles.append(("time", shortTime(seconds), ranks))
    }
    if let parameters = run.material["model"]?["parameters"]?.integer {
      tiles.append(("model", grouped(parameters), "parameters"))
    }
    if let samples = run.material["samples"]?.members, let train = samples.first?.value.integer {
      let others = samples.dropFirst().map { "\($0.key) \(grouped($0.value.integer ?? 0))" }
      tiles.append(("training samples", grouped(train), others.joined(separator: ", ")))
    }
    let path = run.configuration["data"]?["path"]?.string
    return (path.map { .note("data " + $0) } ?? .nothing) + .tiles(tiles)
  }

  /// Several runs in columns: what they came to, and the settings in which they differ.
  var comparison: HTML {
    var table = HTMLTable([""] + names)
    func add(_ name: String, _ cell: (RunRecord) -> String?) {
      let cells = runs.map(cell)
      if cells.contains(where: { $0 != nil }) { table.add([name] + cells.map { $0 ?? "–" }) }
    }
    func number(_ path: String...) -> (RunRecord) -> String? {
      { run in path.reduce(run.summary) { $0[$1] ?? .null }.double.map(shortNumber) }
    }
    add("test loss", number("test", "loss"))
    add("test accuracy") { $0.summary["test"]?["accuracy"]?.double.map(percentage) }
    var metrics: [String] = []
    for run in runs {
      let keys = run.summary["test"]?.members?.map(\.key) ?? []
      metrics += keys.filter { !["loss", "accuracy", "samples"].contains($0) && !metrics.contains($0) }
    }
    for metric in metrics { add("test " + metric.replacing("_", with: " "), number("test", metric)) }
    add("best epoch") { $0.summary["best"]?["epoch"]?.integer.map(String.init) }
    add("best loss", number("best", "loss"))
    add("best accuracy") { $0.summary["best"]?["accuracy"]?.double.map(percentage) }
    add("epochs") { $0.epochs.last.map { grouped($0.epoch) } }
    add("steps") { $0.epochs.last.map { grouped($0.step) } }
    add("parameters") { $0.material["model"]?["parameters"]?.integer.map(grouped) }
    add("ranks") { $0.material["timing"]?["ranks"]?.integer.map(grouped) }
    add("time") { $0.seconds.map(shortTime) }
    add("diagnosis") { run in run.summary.isNull ? nil : run.findings.map(\.name).joined(separator: ", ") }
    return table.html
  }

  // MARK: Model, time, configuration

  func model(_ run: RunRecord) -> HTML {
    let model = run.material["model"]
    let layers = model?["layers"]?.elements ?? []
    guard !layers.isEmpty else { return .nothing }
    let gradients = run.material["probe"]?["layers"]?.elements ?? []
    let hasGradients = gradients.contains { $0["gradient_rms"]?.double != nil }
    var table = HTMLTable(
      ["layer", "kind", "output", "parameters"] + (hasGradients ? ["gradient"] : []), numbersFrom: 3)
    func row(_ cells: [String], _ gradient: String) -> [String] { cells + (hasGradients ? [gradient] : []) }
    table.add(row(["input", "", model?["input"]?.string ?? "", ""], ""))
    for layer in layers {
      let name = layer["name"]?.string ?? "", count = layer["parameters"]?.integer ?? 0
      // The first of the layer's weights, which the others resemble.
      let gradient = gradients.first {
        ($0["name"]?.string ?? "").hasPrefix(name + ".") && $0["gradient_rms"]?.double != nil
      }
      table.add(
        row(
          [name, layer["type"]?.string ?? "", layer["shape"]?.string ?? "", count > 0 ? grouped(count) : ""],
          gradient?["gradient_rms"]?.double.map(shortNumber) ?? ""))
    }
    table.add(row(["all", "", "", grouped(model?["parameters"]?.integer ?? 0)], ""), isMarked: true)
    let samples = run.material["probe"]?["samples"]?.integer ?? 0
    return table.html
      + (hasGradients
        ? .note(
          "Gradient: the root mean square over a layer's weights of the loss's derivative, on "
            + "\(plural(samples, "training sample")) with the final weights.") : .nothing)
  }

  /// Where each run's time went.
  var timeFigures: [Figure] {
    runs.enumerated().compactMap { index, run in
      let validation = run.epochs.compactMap(\.validationSeconds).reduce(0, +)
      let steps = run.epochs.compactMap(\.seconds).reduce(0, +) - validation
      let exchange = run.epochs.reduce(0) { sum, epoch in
        sum + (epoch.exchangeFraction ?? 0) * max(0, (epoch.seconds ?? 0) - (epoch.validationSeconds ?? 0))
      }
      guard steps > 0, max(steps, exchange, validation) < RunRecord.longest else { return nil }
      var bars = [
        BarChart.Bar("computing steps", steps - exchange, text: shortTime(steps - exchange)),
        BarChart.Bar("exchange, waiting", exchange, text: shortTime(exchange), ink: .series(1)),
      ]
      if validation > 0 { bars.append(.init("validation", validation, text: shortTime(validation), ink: .series(2))) }
      if let total = run.seconds, total > steps + validation {
        let rest = total - steps - validation
        bars.append(.init("start, test, files", rest, text: shortTime(rest), ink: .series(7)))
      }
      return BarChart(
        index == 0 ? "time" : "time-\(index + 1)",
        title: (isSingle ? "" : names[index] + ": ") + "Where the time went, on rank 0", bars: bars
      ).figure
    }
  }

  var configuration: HTML {
    guard !isSingle else { return .element("pre", text: runs[0].configuration.text) }
    let flat = runs.map { Self.flattened($0.configuration) }
    var keys: [String] = []
    for values in flat { keys += values.map(\.key).filter { !keys.contains($0) } }
    var table = HTMLTable(["setting"] + names, numbersFrom: .max)
    for key in keys {
      let cells = flat.map { values in values.first { $0.key == key }?.value ?? "–" }
      if Set(cells).count > 1 { table.add([key] + cells) }
    }
    let differences =
      table.isEmpty ? HTML.note("The runs have the same settings.") : .note("Settings that differ.") + table.html
    return differences
      + zip(names, runs).map { .details("configuration of " + $0, .element("pre", text: $1.configuration.text)) }
      .reduce(.nothing, +)
  }

  /// Settings by their paths; lists as a whole.
  private static func flattened(_ value: JSONValue, at path: String = "") -> [(key: String, value: String)] {
    guard let members = value.members, !members.isEmpty else { return [(path, value.line.shortened(to: 200))] }
    return members.flatMap { flattened($0.value, at: path.isEmpty ? $0.key : path + "." + $0.key) }
  }
}
