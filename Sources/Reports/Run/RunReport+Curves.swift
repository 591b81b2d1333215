import Basics
import Foundation

extension RunReport {
  /// By epoch, then by step.
  var curves: [Figure] {
    (lossCharts + metricCharts + stepCharts + [throughput]).filter { chart in
      chart.series.contains { $0.points.contains { $0.y.isFinite } }
    }.map(\.figure)
  }

  // MARK: By epoch

  private var lossCharts: [LineChart] {
    let isOfTwo = runs.contains { run in run.epochs.contains { $0.others.contains { $0.key == "generator_loss" } } }
    var chart = epochChart(
      "loss", isOfTwo ? "Loss of the discriminator" : "Loss", train: \.trainLoss, validation: \.validationLoss)
    chart.yKind = .automatic
    return [chart]
  }

  private var metricCharts: [LineChart] {
    let accuracy = epochChart("accuracy", "Accuracy", train: \.trainAccuracy, validation: \.validationAccuracy)
    var keys: [String] = []
    for run in runs {
      for record in run.epochs { keys += record.others.map(\.key).filter { !keys.contains($0) } }
    }
    return [accuracy]
      + keys.map { key in
        let isValidation = key.hasPrefix("val_")
        let name = isValidation ? String(key.dropFirst(4)) : key
        var chart = LineChart(
          Self.figureName(name), title: Self.title(name) + (isValidation ? ", validation" : ""),
          xLabel: "epoch",
          series: zip(names, runs).enumerated().map { index, item in
            .init(
              isSingle ? "" : item.0,
              item.1.epochs.map { record in
                Scene.Point(Double(record.epoch), record.others.first { $0.key == key }?.value ?? .nan)
              }, ink: .series(isSingle && isValidation ? 1 : index))
          })
        chart.xIsWhole = true
        return chart
      }
  }

  private var throughput: LineChart {
    var chart = LineChart(
      "throughput", title: "Samples per second", xLabel: "epoch",
      series: zip(names, runs).enumerated().map { index, item in
        .init(
          isSingle ? "" : item.0,
          item.1.epochs.map { Scene.Point(Double($0.epoch), $0.samplesPerSecond ?? .nan) }, ink: .series(index))
      })
    (chart.xIsWhole, chart.yRoom) = (true, [0])
    return chart
  }

  /// Training and validation, two colours of one run, or a dashed and a full line of each of several.
  private func epochChart(
    _ name: String, _ title: String, train: (EpochRecord) -> Double?, validation: (EpochRecord) -> Double?
  ) -> LineChart {
    var series: [LineChart.Series] = []
    for (index, run) in runs.enumerated() {
      func points(_ value: (EpochRecord) -> Double?) -> [Scene.Point] {
        run.epochs.map { Scene.Point(Double($0.epoch), value($0) ?? .nan) }
      }
      let isValidated = run.epochs.contains { validation($0) != nil }
      var training = LineChart.Series(
        isSingle ? "training" : names[index] + " training", points(train),
        style: isSingle || !isValidated ? .line : .dashed, ink: .series(index))
      if !isSingle { training.legend = isValidated ? "" : names[index] }
      series.append(training)
      guard isValidated else { continue }
      var validated = LineChart.Series(
        isSingle ? "validation" : names[index] + " validation", points(validation), ink: .series(isSingle ? 1 : index))
      if !isSingle { validated.legend = names[index] }
      series.append(validated)
    }
    let hasDashes = series.contains { $0.style == .dashed }
    var chart = LineChart(
      name, title: title + (hasDashes ? " (dashed: training)" : ""), xLabel: "epoch", series: series)
    chart.xIsWhole = true
    if isSingle, runs[0].lossTells, let best = runs[0].summary["best"]?["epoch"]?.double, runs[0].epochs.count > 1 {
      chart.verticals = [best]
    }
    return chart
  }

  /// A key as words, the first with a capital letter.
  private static func title(_ key: String) -> String {
    let words = key.replacing("_", with: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  /// Small letters, digits and hyphens.
  static func figureName(_ text: String) -> String {
    String(text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }

  // MARK: By step

  private var stepCharts: [LineChart] {
    var loss = stepChart("loss-by-step", "Training loss by step", isSmoothed: true) { $0.loss }
    loss.yKind = .automatic
    if isSingle, let run = runs.first, run.epochs.contains(where: { $0.validationLoss != nil }), !run.steps.isEmpty {
      loss.title = "Loss by step"
      loss.series.append(
        .init(
          "validation", run.epochs.map { Scene.Point(Double($0.step), $0.validationLoss ?? .nan) }, ink: .series(1)))
    }
    var norm = stepChart("gradient-norm", "Norm of the gradient", isSmoothed: true) { $0.gradientNorm }
    norm.yKind = .automatic
    let accuracy = stepChart("accuracy-by-step", "Training accuracy by step", isSmoothed: true) { $0.accuracy }
    return [loss, accuracy, rate, norm]
  }

  /// By step where steps were recorded, else by epoch.
  private var rate: LineChart {
    let title = "Learning rate"
    guard !runs.contains(where: { $0.steps.isEmpty }) else {
      var chart = epochChart("learning-rate", title, train: \.learningRate, validation: { _ in nil })
      chart.series = chart.series.enumerated().map { index, series in
        var series = series
        series.name = isSingle ? "" : names[index]
        return series
      }
      (chart.verticals, chart.yRoom) = ([], [0])
      return chart
    }
    var chart = stepChart("learning-rate", title, isSmoothed: false) { $0.learningRate }
    chart.yRoom = [0]
    return chart
  }

  private func stepChart(
    _ name: String, _ title: String, isSmoothed: Bool, _ value: (StepRecord) -> Double?
  ) -> LineChart {
    var series: [LineChart.Series] = []
    for (index, run) in runs.enumerated() {
      let points = run.steps.map { Scene.Point(Double($0.step), value($0) ?? .nan) }
      let isNoisy = isSmoothed && points.count >= 40
      if isNoisy { series.append(.init("", points, style: .faint, ink: .series(index))) }
      series.append(
        .init(
          isSingle ? (isSmoothed ? "training" : "") : names[index], isNoisy ? Self.smoothed(points) : points,
          ink: .series(index)))
    }
    var chart = LineChart(name, title: title, xLabel: "step", series: series)
    chart.xIsWhole = true
    return chart
  }

  /// Each point as the mean of those around it, a twentieth of all.
  static func smoothed(_ points: [Scene.Point]) -> [Scene.Point] {
    let reach = max(1, points.count / 40)
    return points.indices.map { index in
      let around = points[max(0, index - reach)...min(points.count - 1, index + reach)].map(\.y).filter(\.isFinite)
      return Scene.Point(points[index].x, around.isEmpty ? .nan : around.reduce(0, +) / Double(around.count))
    }
  }
}
