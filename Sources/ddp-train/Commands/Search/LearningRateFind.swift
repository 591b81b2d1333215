import Basics
import Foundation
import Settings
import Training

/// `lr-find`: trains fresh weights for a few steps at growing rates, and shows what the loss makes of it.
package struct LearningRateFind: Command {
  package static let name = "lr-find"
  package static let operands = "[CONFIG.json5] [options]"
  package static let isDistributed = true
  package static let summary = "loss over learning rate, and a suggestion"
  package static let discussion = """
    Trains fresh weights for some steps at growing learning rates, draws the loss over the rate, and suggests a rate \
    between where it falls steepest and where it is lowest. Takes the options of train as well, except \
    \(withoutEffect.joined(separator: ", ")).
    """
  package static let options: [Option<LearningRateFind>] =
    [
      Option("--from", \.first, "X", .above(0), "the first learning rate"),
      Option("--to", \.last, "X", .above(0), "the last; the test ends early where the loss explodes"),
      Option("--steps", \.steps, "N", .closed(10, 100_000), "steps from the first to the last"),
      Option("--output", \.output, "FILE", "JSON file to write"),
    ] + TrainArguments.options.filter { !withoutEffect.contains($0.name) }.map { $0.lifted(\.train) }

  /// The options of `train` that a test of a few steps has no use for.
  private static let withoutEffect = ["--epochs", "--learning-rate", "--run", "--resume", "--overwrite"]

  package var train = TrainArguments()
  package var first = 1e-6
  package var last = 10.0
  package var steps = 200
  package var output = "lr-find.json"

  package init() {}

  package mutating func take(_ words: [String]) throws(SettingsError) {
    try train.take(words, of: Self.name)
    let keys = TrainArguments.options.filter { Self.withoutEffect.contains($0.name) }.compactMap(\.spelling.key)
    if let setting = train.settings.first(where: { keys.contains($0.path) }) {
      throw SettingsError("--set \(setting.path): has no effect on lr-find; leave it out")
    }
    guard first < last else { throw SettingsError("--to: expected more than --from, \(first), found \(last)") }
  }

  package func run() throws -> ExitCode {
    let configuration = try train.configuration()
    return try DistributedProgram.withMPI { ranks in
      if ranks.isRoot {
        try OutputTarget.check(
          [OutputTarget("--output", output, .json)],
          inputs: configuration.inputs + [train.configurationFile].compactMap(\.self))
      }
      var test = RangeTest(first: first, last: last, steps: steps)
      try test.run(train, ranks: ranks)
      guard ranks.isRoot else { return .done }
      for line in lines(test) { try Output.print(line) }
      try AtomicFile.write(Data((report(test).text + "\n").utf8), to: output)
      try Output.print("written to \(output)")
      return .done
    }
  }

  // MARK: What it says

  private func report(_ test: RangeTest) -> JSONValue {
    [
      "suggestion": .optional(test.suggestion), "reason": .optional(reason(test)),
      "learning_rates": .array(test.points.map { .number($0.learningRate) }),
      "losses": .array(test.points.map { .number($0.loss) }),
      "smoothed_losses": .array(test.points.map { .number($0.smoothedLoss) }),
    ]
  }

  /// The curve, a table of every tenth point, and the suggestion.
  private func lines(_ test: RangeTest) -> [String] {
    var table = TextTable([.right(13), .right(10), .right(10)])
    table.add(["learning rate", "loss", "smoothed"])
    for index in stride(from: 0, to: test.points.count, by: max(1, test.points.count / 10)) {
      let point = test.points[index]
      table.add([point.learningRate, point.loss, point.smoothedLoss].map(shortNumber))
    }
    let rate = test.suggestion.map { "suggestion: --learning-rate \(shortNumber($0)) (^)" }
    let advice = rate ?? "no suggestion: \(reason(test) ?? "")"
    let more = test.fallsToTheEnd ? ["the loss still falls at the last rate; a greater --to may show a better one"] : []
    return curve(test) + [""] + table.lines + ["", advice] + more
  }

  /// Why there is no suggestion; nil where there is one.
  private func reason(_ test: RangeTest) -> String? { if case .none(let reason) = test.advice { reason } else { nil } }

  /// The smoothed loss over the logarithm of the rate, 60 columns by 12 rows.
  private func curve(_ test: RangeTest) -> [String] {
    let (width, height) = (60, 12)
    let losses = test.points.map(\.smoothedLoss).filter(\.isFinite)
    guard let lowest = losses.min(), let first = losses.first else { return [] }
    // What rises far above the start would flatten all that matters.
    let highest = max(min(losses.max() ?? first, 1.5 * first), lowest + 1e-12)
    var cells = [[Character]](repeating: [Character](repeating: " ", count: width), count: height)
    var mark = [Character](repeating: " ", count: width)
    for (index, point) in test.points.enumerated() where point.smoothedLoss.isFinite {
      let column = index * (width - 1) / max(1, test.points.count - 1)
      let level = min(1, max(0, (point.smoothedLoss - lowest) / (highest - lowest)))
      cells[Int(((1 - level) * Double(height - 1)).rounded())][column] = "•"
    }
    // The suggestion lies between two rates.
    if let suggestion = test.suggestion, let index = test.points.firstIndex(where: { $0.learningRate >= suggestion }) {
      mark[index * (width - 1) / max(1, test.points.count - 1)] = "^"
    }
    let labels = cells.indices.map { $0 == 0 ? shortNumber(highest) : $0 == height - 1 ? shortNumber(lowest) : "" }
    let left = shortNumber(test.points.first?.learningRate ?? test.first)
    let right = "rate " + shortNumber(test.points.last?.learningRate ?? test.last)
    var table = TextTable([.right(10), .left], gap: 1)
    for (label, row) in zip(labels, cells) { table.add([label, "│" + String(row)]) }
    table.add(["loss", "└" + String(repeating: "─", count: width)])
    table.add(["", " " + String(mark)])
    table.add(["", " " + TextTable([.left, .right(width - left.count)], gap: 0).line([left, right])])
    return table.lines
  }
}
