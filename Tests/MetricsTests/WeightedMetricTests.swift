import Metrics
import NumericCore
import TestSupport
import Testing

/// Metrics of weighted samples against scikit-learn's `sample_weight`, and thresholds against all that there are.
@Suite("Weighted metrics and thresholds")
struct WeightedMetricTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let kind: String, outputSize: Int, outputs: [Float], targets: [Float], weights: [Float]
      let figures: [String: Double]
    }
    struct Threshold: Decodable {
      let scores: [Float], positive: [UInt8], weights: [Double], f1: Double, youden: Double, accuracy: Double
    }
    let figures: [Case], thresholds: [Threshold]
  }

  private func report(
    _ task: MetricTask, _ outputs: [Float], _ targets: [Float], weights: [Float]?
  ) -> MetricReport {
    var sums = MetricSums(task)
    var table = task.kind == .values ? nil : ScoreTable(task)
    withWindow(outputs) { outputs in
      withWindow(targets) { targets in
        withWindow(weights ?? []) { given in
          let weights = weights == nil ? nil : given
          sums.add(outputs: outputs, targets: targets, weights: weights)
          table?.add(outputs: outputs, targets: targets, weights: weights)
        }
      }
    }
    let ranking = table.map { table in
      (0..<task.outputSize).map {
        let column = table.column($0)
        return RankingFigures(scores: column.scores, isPositive: column.isPositive, weights: table.sampleWeights)
      }
    }
    return MetricReport(sums, ranking: ranking ?? [])
  }

  @Test func agreement() throws {
    let fixture: Fixture = try fixture("counted-samples.json")
    #expect(fixture.figures.count == 3)
    for test in fixture.figures {
      let kind: MetricTask.Kind = test.kind == "labels" ? .labels : test.kind == "binary" ? .binary : .values
      let report = report(
        MetricTask(kind, outputSize: test.outputSize), test.outputs, test.targets, weights: test.weights)
      #expect(report.sampleCount == Double(test.weights.reduce(0, +)))
      for (name, expected) in test.figures {
        let value = try #require(report[MetricName(stringLiteral: name)], "\(test.kind) \(name)")
        #expect(abs(value - expected) < 1e-9, "\(test.kind) \(name): \(value), expected \(expected)")
      }
    }
  }

  @Test("What has a label below 0 is as if it were not there")
  func leftOut() {
    let task = MetricTask(.labels, outputSize: 2)
    let all = report(task, [2, 1, 0, 3, 5, 4, 1, 9], [0, -1, 1, 1], weights: nil)
    let rest = report(task, [2, 1, 5, 4, 1, 9], [0, 1, 1], weights: nil)
    #expect(all == rest && all.sampleCount == 3 && all[.accuracy] == 2.0 / 3)
  }

  @Test func thresholdsAreTheBest() throws {
    let fixture: Fixture = try fixture("counted-samples.json")
    #expect(fixture.thresholds.count == 6)
    for test in fixture.thresholds {
      for (rule, expected) in [(DecisionRule.f1, test.f1), (.youden, test.youden), (.accuracy, test.accuracy)] {
        let threshold = rule.threshold(scores: test.scores, isPositive: test.positive, weights: test.weights)
        var task = MetricTask(.binary, outputSize: 1)
        task.thresholds = [threshold]
        let found = report(
          task, test.scores, test.positive.map { Float($0) },
          weights: test.weights.isEmpty ? nil : test.weights.map { Float($0) })
        let value: Double
        switch rule {
        case .f1: value = try #require(found["f1"])
        case .accuracy: value = try #require(found[.accuracy])
        case .youden: value = found.classes[0].recall + found.classes[1].recall - 1
        }
        #expect(abs(value - expected) < 1e-12, "\(rule): \(value) at \(threshold), the best is \(expected)")
      }
    }
  }

  @Test("A threshold is 0 where that is as good, and where there is nothing to choose by")
  func plainThresholds() {
    #expect(DecisionRule.f1.threshold(scores: [-2, -1, 1, 2], isPositive: [0, 0, 1, 1]) == 0)
    #expect(DecisionRule.f1.threshold(scores: [1, 2, 3, 4], isPositive: [0, 0, 1, 1]) == 2.5)
    #expect(DecisionRule.youden.threshold(scores: [1, 2], isPositive: [1, 1]) == 0)
    #expect(DecisionRule.accuracy.threshold(scores: [.nan, 2], isPositive: [0, 1]) == 0)
    // Between neighbours there is no middle; the lower one is said to be no.
    let one: Float = 1
    #expect(DecisionRule.accuracy.threshold(scores: [one, one.nextUp], isPositive: [0, 1]) == one)
  }

  @Test("Two classes are told apart by what the second has more")
  func twoClasses() {
    var task = MetricTask(.labels, outputSize: 2)
    let outputs: [Float] = [0, 1, 0, 3, 1, 0], labels: [Float] = [0, 1, 0]
    #expect(report(task, outputs, labels, weights: nil)[.accuracy] == 2.0 / 3)
    task.thresholds = [2]
    let decided = report(task, outputs, labels, weights: nil)
    #expect(decided[.accuracy] == 1 && decided.confusion == [[2, 0], [0, 1]] && decided.thresholds == [2])
  }
}
