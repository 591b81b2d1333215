import Checkpointing
import Collectives
import Configuration
import Basics
import Foundation
import Optimizers
import Settings

/// The command `lr-find`: trains fresh weights for a few steps at growing rates, and shows what the loss makes of it.
public enum RangeTestRun {
  /// Collective. Rank 0 prints and writes.
  ///
  /// Each step is one of training, with the configuration's optimizer, clipping and penalties; the schedule alone gives way.
  public static func run(_ arguments: RangeTestArguments, ranks: MPICommunicator) throws {
    var train = arguments.train
    train.settings.append(TrainArguments.Setting(path: "resume", value: .null))
    let trainer = try TrainingRun(train, ranks: ranks).trainer
    if let reason = trainer.network.whyNoRangeTest { throw Failure.usage("lr-find: \(reason)") }
    var test = RangeTest(first: arguments.first, last: arguments.last, steps: arguments.steps)
    while !test.isOver {
      if trainer.progress.stepInEpoch == trainer.plan.stepsPerEpoch { trainer.progress.finishEpoch() }
      trainer.learningRateOverride = test.learningRate
      do {
        let totals = try trainer.step()
        test.record(totals.sums.meanLoss)
      } catch let error as Failure where error.exitCode == .numeric && !test.points.isEmpty {
        // Expected at the end of the range, and met by all ranks in the same step.
        break
      }
    }
    guard ranks.isRoot else { return }
    for line in lines(test) { print(line) }
    try AtomicFile.write(Data((json(test).text + "\n").utf8), to: arguments.output)
    print("written to \(arguments.output)")
  }

  static func json(_ test: RangeTest) -> JSONValue {
    [
      "suggestion": .optional(test.suggestion),
      "learning_rates": .array(test.points.map { .number($0.learningRate) }),
      "losses": .array(test.points.map { .number($0.loss) }),
      "smoothed_losses": .array(test.points.map { .number($0.smoothedLoss) }),
    ]
  }

  /// The curve, a table of every tenth point, and the suggestion.
  static func lines(_ test: RangeTest) -> [String] {
    var lines = curve(test) + ["", "learning rate        loss    smoothed"]
    for index in Swift.stride(from: 0, to: test.points.count, by: max(1, test.points.count / 10)) {
      let point = test.points[index]
      lines.append(
        [shortNumber(point.learningRate), shortNumber(point.loss), shortNumber(point.smoothedLoss)]
          .enumerated().map { padded($1, $0 == 0 ? 13 : 12) }.joined())
    }
    let advice =
      test.suggestion.map {
        "suggestion: --learning-rate \(shortNumber($0)), where the loss falls fastest (^)"
      } ?? "no suggestion: the loss falls nowhere in this range; try another with --from and --to"
    return lines + ["", advice]
  }

  /// The smoothed loss over the logarithm of the rate, 60 columns by 12 rows.
  private static func curve(_ test: RangeTest) -> [String] {
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
      if point.learningRate == test.suggestion { mark[column] = "^" }
    }
    let labels = cells.indices.map { $0 == 0 ? shortNumber(highest) : $0 == height - 1 ? shortNumber(lowest) : "" }
    let left = shortNumber(test.points.first?.learningRate ?? test.first)
    let right = shortNumber(test.points.last?.learningRate ?? test.last)
    return zip(labels, cells).map { padded($0, 10) + " │" + trimmed($1) }
      + [padded("loss", 10) + " └" + String(repeating: "─", count: width), padded("", 12) + trimmed(mark)]
      + [padded("", 12) + left + padded("rate \(right)", width - left.count)]
  }

  /// `text` behind spaces, `width` characters in all.
  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func trimmed(_ characters: [Character]) -> String {
    String(characters[..<((characters.lastIndex { $0 != " " } ?? -1) + 1)])
  }
}
