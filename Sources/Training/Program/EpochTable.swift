import Basics
import Metrics

/// The table of epochs on the screen: loss and the configured metrics, the best epoch so far marked.
///
/// It has at most 79 columns up to 999 epochs. Where that is too few, what says least is left out first; all of it
/// stands in `metrics.jsonl`.
struct EpochTable {
  private let epochs: Int
  private let columns: [Column]

  private struct Column {
    let heading: String
    let width: Int
    /// The greatest goes first where there is no room.
    let rank: Int
    let text: (EpochMetrics, RunTimer) -> String

    init(
      _ heading: String, width: Int = 10, gap: Int = 2, rank: Int,
      _ text: @escaping (EpochMetrics, RunTimer) -> String
    ) {
      (self.heading, self.rank, self.text) = (heading, rank, text)
      self.width = max(width, heading.count + gap)
    }
  }

  /// - Parameters:
  ///   - metrics: measured on validation beside loss and accuracy.
  init(_ configuration: TrainingConfiguration, task: any LearningTask, metrics: [MetricName], hasValidation: Bool) {
    epochs = configuration.epochs
    let goals = configuration.monitoredRules.compactMap(\.name)
    // The accuracy is counted also where no one asks for it.
    let accuracyRank = configuration.metrics.contains(.accuracy) ? 3 : 6
    func accuracy(_ rank: Int, _ value: @escaping (EpochMetrics) -> Double?) -> [Column] {
      guard task.hasAccuracy else { return [] }
      return [Column("accuracy", rank: rank) { metrics, _ in value(metrics).map(percentage) ?? "–" }]
    }
    // The mark stands in the gap before it.
    var columns = [Column("train loss", gap: 0, rank: 0) { metrics, _ in shortNumber(metrics.trainLoss) }]
    columns += accuracy(max(4, accuracyRank)) { $0.trainAccuracy }
    if let second = task.secondLoss {
      columns.append(
        Column(second.heading, rank: 1) { metrics, _ in metrics.secondLoss.map { shortNumber($0.mean) } ?? "–" })
    }
    if hasValidation {
      columns.append(
        Column("val loss", rank: 0) { metrics, _ in metrics.validation.map { shortNumber($0.loss) } ?? "–" })
      columns += accuracy(accuracyRank - 2) { $0.validation?.accuracy }
      for name in metrics {
        columns.append(
          // What the run goes by is never left out.
          Column(name.rawValue, rank: goals.contains(name) ? 1 : 2) { metrics, _ in
            metrics.validation?.report?[name].map(shortNumber) ?? "–"
          })
      }
    }
    columns.append(Column("lr", rank: 7) { metrics, _ in trimmedNumber(metrics.learningRate) })
    columns.append(Column("samples/s", width: 11, rank: 5) { _, timer in grouped(Int(timer.samplesPerSecond)) })
    columns.append(Column("time", width: 9, rank: 8) { _, timer in shortTime(timer.epochSeconds) })
    let room = 79 - Self.firstWidth(min(epochs, 999))
    while columns.reduce(0, { $0 + $1.width }) > room, let last = columns.map(\.rank).max(), last > 1,
      let index = columns.lastIndex(where: { $0.rank == last })
    {
      columns.remove(at: index)
    }
    self.columns = columns
  }

  /// Of the epoch and its mark.
  private static func firstWidth(_ epochs: Int) -> Int { max(5, 2 * String(epochs).count + 1) + 2 }

  var heading: String { line("epoch", isBest: false, columns.map(\.heading)) }

  /// The line of an epoch.
  ///
  /// - Parameter isBest: whether none before it is better, which a star says.
  func line(_ metrics: EpochMetrics, _ timer: RunTimer, isBest: Bool) -> String {
    line("\(metrics.epoch)/\(epochs)", isBest: isBest, columns.map { $0.text(metrics, timer) })
  }

  private func line(_ first: String, isBest: Bool, _ cells: [String]) -> String {
    let table = TextTable(
      [.right(Self.firstWidth(epochs) - 2), .left(2)] + columns.map { .right($0.width) }, gap: 0)
    return table.line([first, isBest ? " *" : ""] + cells)
  }
}
