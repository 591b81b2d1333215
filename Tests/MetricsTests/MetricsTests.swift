import Metrics
import NumericCore
import TestSupport
import Testing

@Suite("Metrics")
struct MetricsTests {
  func report(_ task: MetricTask, _ outputs: [Float], _ targets: [Float], top: [Int] = [5]) -> MetricReport {
    var sums = MetricSums(task)
    withWindow(outputs) { outputs in withWindow(targets) { sums.add(outputs: outputs, targets: $0) } }
    return MetricReport(sums, top: top)
  }

  func value(_ report: MetricReport, _ name: String) -> Double? { MetricName(rawValue: name).flatMap { report[$0] } }

  @Test("Scores that all tie are right half of the time; their average precision is the share of positives")
  func ties() {
    let figures = RankingFigures(scores: [2, 2, 2, 2], isPositive: [1, 0, 0, 0])
    #expect(figures.rocAUC == 0.5 && figures.averagePrecision == 0.25)
  }

  @Test("Rows of the same logits in another order, or shifted alike, tie")
  func tiesOfRows() {
    var table = ScoreTable(MetricTask(.labels, outputSize: 4))
    withWindow([0.25, 1.5, -2, 0.75, 0.25, 0.75, 1.5, -2, 8.25, 6, 9.5, 8.75] as [Float]) { outputs in
      withWindow([0, 1, 2]) { table.add(outputs: outputs, targets: $0) }
    }
    let column = table.column(0)
    #expect(Set(column.scores).count == 1 && column.isPositive == [1, 0, 0])
    let exact = 0.25 - Double.logarithm([0.25, 1.5, -2, 0.75].reduce(0) { $0 + Double.exponential($1) })
    #expect(abs(column.scores[0] - exact) < 1e-13)
  }

  @Test func order() {
    let best = RankingFigures(scores: [1, 2, 3, 4], isPositive: [0, 0, 1, 1])
    #expect(best.rocAUC == 1 && best.averagePrecision == 1)
    let worst = RankingFigures(scores: [1, 2, 3, 4], isPositive: [1, 1, 0, 0])
    #expect(worst.rocAUC == 0 && worst.averagePrecision == (1.0 / 3 + 1.0 / 2) / 2)
  }

  @Test("What is not defined is nil: no pair, no positive, a score that is no number")
  func undefined() {
    #expect(RankingFigures(scores: [], isPositive: []) == RankingFigures(scores: [1], isPositive: [0]))
    #expect(RankingFigures(scores: [1, 2], isPositive: [1, 1]).rocAUC == nil)
    #expect(RankingFigures(scores: [1, 2], isPositive: [1, 1]).averagePrecision == 1)
    #expect(RankingFigures(scores: [1, .nan, 2], isPositive: [1, 1, 0]).averagePrecision == nil)
    let empty = report(MetricTask(.labels, outputSize: 3), [], [])
    #expect(empty.sampleCount == 0 && empty.figures.allSatisfy { $0.value == nil })
    let nothing = report(MetricTask(.values, outputSize: 2), [], [])
    #expect(nothing.figures.allSatisfy { $0.value == nil })
    #expect(value(report(MetricTask(.values, outputSize: 1), [1], [2]), "r2") == nil)
    let single = report(MetricTask(.labels, outputSize: 2), [0, 1, 0, 1], [1, 1])
    #expect(value(single, "accuracy") == 1 && value(single, "cohen_kappa") == nil)
  }

  @Test("The first of equal logits ranks first")
  func topOfTies() {
    let report = report(MetricTask(.labels, outputSize: 4), [1, 1, 1, 0, 1, 1, 1, 0], [2, 3], top: [1, 2, 3])
    #expect(value(report, "top_1") == 0 && value(report, "top_2") == 0 && value(report, "top_3") == 0.5)
  }

  @Test("Distributions: the most probable class is the label, the log loss is that of the distribution")
  func distributions() {
    let hard = report(MetricTask(.labels, outputSize: 2), [1, 2, 3, -1], [1, 1])
    let oneHot = report(MetricTask(.distributions, outputSize: 2), [1, 2, 3, -1], [0, 1, 0, 1])
    #expect(hard == oneHot)
    let soft = report(MetricTask(.distributions, outputSize: 2), [0, 0], [0.25, 0.75])
    #expect(value(soft, "log_loss").map { abs($0 - Double.logarithm(2)) < 1e-15 } == true)
    #expect(soft.classes.map(\.support) == [0, 1])
  }

  @Test("Positions of a sequence count one by one")
  func positions() {
    let task = MetricTask(.labels, outputSize: 2)
    let report = report(task, [1, 0, 0, 1, 1, 0], [0, 1, 1])
    #expect(report.sampleCount == 3 && value(report, "accuracy") == 2.0 / 3)
  }

  @Test("A margin is no probability: no log loss")
  func margins() throws {
    let name = try #require(MetricName(rawValue: "log_loss"))
    #expect(!report(MetricTask(.labels, outputSize: 2, hasProbabilities: false), [0, 1], [1]).has(name))
  }

  @Test("R² of values far from zero keeps its digits")
  func largeOffsets() {
    var generator = RandomSource.Generator(source: RandomSource(seed: 5))
    let task = MetricTask(.values, outputSize: 1)
    let noise = (0..<1000).map { _ in Float(generator.normal().rounded()) }
    // Integers: exact in single precision at either place.
    let near = report(task, noise.map { $0 + 1 }, noise)
    let far = report(task, noise.map { $0 + 4_000_001 }, noise.map { $0 + 4_000_000 })
    let a = value(near, "r2") ?? .nan, b = value(far, "r2") ?? .nan
    #expect(abs(a - b) < 1e-9)
  }

  @Test("Beyond the limit there is no matrix, but all else")
  func manyClasses() {
    let size = MetricSums.confusionLimit + 1
    let report = report(
      MetricTask(.labels, outputSize: size), (0..<2 * size).map { Float($0 % size) }, [Float(size - 1), 0])
    #expect(report.confusion == nil && value(report, "accuracy") == 0.5 && report.classes.count == size)
  }

  @Test func names() {
    for name in MetricName.knownNames { #expect(MetricName(rawValue: name)?.rawValue == name) }
    #expect(MetricName(rawValue: "top_3")?.topCount == 3)
    for name in ["", "top_0", "top_", "top_03", "top_101", "top_x", "f2", "Accuracy"] {
      #expect(MetricName(rawValue: name) == nil)
    }
  }
}
