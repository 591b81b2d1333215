import Basics
import Settings

extension RunReport {
  /// The figures of each run's evaluation; those of a second run have its number behind their names.
  var evaluationFigures: [[Figure]] {
    runs.enumerated().map { index, run in
      guard let evaluation = run.material["evaluation"], !evaluation.isNull else { return [] }
      let suffix = index == 0 ? "" : "-\(index + 1)"
      let title = isSingle ? "" : names[index] + ": "
      return Self.confusion(evaluation, title, suffix) + Self.rankings(evaluation, title, suffix)
        + Self.values(evaluation, title, suffix)
    }
  }

  var evaluation: HTML {
    var parts = HTML.nothing
    for (index, (run, figures)) in zip(runs, evaluationFigures).enumerated() {
      guard let evaluation = run.material["evaluation"], !evaluation.isNull else { continue }
      if !isSingle { parts += .element("h3", text: names[index]) }
      let split = evaluation["split"]?.string == "test" ? "test" : "validation"
      parts += .note(
        "The best checkpoint on the \(split) split, \(plural(evaluation["samples"]?.wholeNumber ?? 0, "sample")).")
      parts += .grid(
        [Self.figureTable(evaluation)] + figures.map(\.html) + [Self.classTable(evaluation)].compactMap(\.self))
    }
    return parts
  }

  private static func figureTable(_ evaluation: JSONValue) -> HTML {
    var table = HTMLTable(["metric", "value"])
    table.add(["loss", evaluation["loss"]?.double.map(shortNumber) ?? "not defined"])
    if let accuracy = evaluation["accuracy"]?.double { table.add(["accuracy", percentage(accuracy)]) }
    for figure in evaluation["figures"]?.members ?? [] where figure.key != "accuracy" {
      table.add([figure.key.replacing("_", with: " "), figure.value.double.map(shortNumber) ?? "not defined"])
    }
    return table.html
  }

  private static let tableLimit = 100

  private static func classTable(_ evaluation: JSONValue) -> HTML? {
    let classes = evaluation["classes"]?.elements ?? []
    guard !classes.isEmpty else { return nil }
    let hasRanking = classes.contains { $0["roc_auc"]?.double != nil }
    var table = HTMLTable(["class", "samples", "precision", "recall", "F1"] + (hasRanking ? ["ROC-AUC"] : []))
    for item in classes.prefix(tableLimit) {
      let figures = (["precision", "recall", "f1"] + (hasRanking ? ["roc_auc"] : [])).map {
        item[$0]?.double.map(shortNumber) ?? "–"
      }
      table.add([item["name"]?.string ?? "", grouped(item["support"]?.wholeNumber ?? 0)] + figures)
    }
    let rest = classes.count - tableLimit
    let whole = table.html + (rest > 0 ? .note("and \(grouped(rest)) more") : .nothing)
    return classes.count > 20 ? .details("Each of the \(grouped(classes.count)) classes", whole) : whole
  }

  private static func confusion(_ evaluation: JSONValue, _ title: String, _ suffix: String) -> [Figure] {
    let counts = (evaluation["confusion"]?.elements ?? []).map { $0.elements.map { $0.wholeNumber ?? 0 } }
    let names = (evaluation["classes"]?.elements ?? []).map { $0["name"]?.string ?? "" }
    // Of many classes there is nothing to see.
    guard counts.count >= 2, counts.count <= 60, names.count == counts.count,
      counts.allSatisfy({ $0.count == counts.count })
    else { return [] }
    return [
      ConfusionChart("confusion" + suffix, title: title + "Confusion matrix", classes: names, counts: counts).figure
    ]
  }

  /// Of many classes, those whose curves are the worst: the least areas.
  private static let curveLimit = 8

  private static func rankings(_ evaluation: JSONValue, _ title: String, _ suffix: String) -> [Figure] {
    var curves = evaluation["curves"]?.elements ?? []
    // Of two classes, one curve is the other's.
    if curves.count == 2, evaluation["confusion"]?.elements.count == 2 { curves.removeFirst() }
    guard !curves.isEmpty else { return [] }
    func area(_ curve: JSONValue) -> Double {
      let points = pairs(curve["roc"])
      return zip(points, points.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.0.y + $1.1.y) / 2 }
    }
    let isCut = curves.count > curveLimit
    if isCut { curves = Array(curves.sorted { area($0) < area($1) }.prefix(curveLimit)) }
    func chart(_ name: String, _ words: String, _ key: String, _ x: String) -> LineChart {
      var chart = LineChart(
        name + suffix, title: title + words + (isCut ? ", the \(curveLimit) worst classes" : ""), xLabel: x,
        series: curves.enumerated().map { index, curve in
          .init(curve["name"]?.string ?? "", pairs(curve[key]), ink: .series(index))
        })
      (chart.xRoom, chart.yRoom) = ([0, 1], [0, 1])
      return chart
    }
    var roc = chart("roc", "ROC curve", "roc", "share of others taken for it")
    roc.hasDiagonal = true
    return [roc.figure, chart("precision-recall", "Precision over recall", "pr", "recall").figure]
  }

  private static func values(_ evaluation: JSONValue, _ title: String, _ suffix: String) -> [Figure] {
    let outputs = evaluation["values"]?.elements ?? []
    return outputs.enumerated().flatMap { index, output -> [Figure] in
      let points = pairs(output["points"]).filter { $0.x.isFinite && $0.y.isFinite }
      guard !points.isEmpty else { return [] }
      let number = outputs.count > 1 ? "-\(index + 1)" : ""
      let name = outputs.count > 1 ? " of " + (output["name"]?.string ?? "") : ""
      var against = LineChart(
        "predicted" + number + suffix, title: title + "Predicted over true values" + name, xLabel: "true",
        series: [.init("", points, style: .dots, ink: .series(0))])
      against.hasDiagonal = true
      against.xRoom = points.map(\.y)
      against.yRoom = points.map(\.x)
      let errors = points.map { Scene.Point($0.x, $0.y - $0.x) }
      var residuals = LineChart(
        "residuals" + number + suffix, title: title + "Error (predicted − true)" + name, xLabel: "true",
        series: [.init("", errors, style: .dots, ink: .series(1))])
      residuals.horizontals = [0]
      let histogram = Histogram(
        "errors" + number + suffix, title: title + "How often errors occur" + name, xLabel: "predicted − true",
        values: errors.map(\.y))
      return [against.figure, residuals.figure, histogram.figure]
    }
  }

  private static func pairs(_ list: JSONValue?) -> [Scene.Point] {
    (list?.elements ?? []).compactMap { pair in
      let values = pair.doubles
      return values.count == 2 ? Scene.Point(values[0], values[1]) : nil
    }
  }
}
