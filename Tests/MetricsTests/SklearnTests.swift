import Metrics
import NumericCore
import TestSupport
import Testing

/// Every metric against scikit-learn's, for all the data at once and for any division of it.
@Suite("Metrics against scikit-learn")
struct SklearnTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      struct Class: Decodable {
        let `class`: Int, samples: Int
        let precision: Double, recall: Double, f1: Double, rocAuc: Double?, averagePrecision: Double?
      }
      let name: String, kind: String, outputSize: Int
      let outputs: [Float], targets: [Float]
      let figures: [String: Double?]
      let classes: [Class]
      let confusion: [[Double]]?

      var task: MetricTask {
        MetricTask(kind == "labels" ? .labels : kind == "binary" ? .binary : .values, outputSize: outputSize)
      }
      var targetSize: Int { kind == "labels" ? 1 : outputSize }
      var sampleCount: Int { outputs.count / outputSize }
    }
    let cases: [Case]
  }

  static let tolerance = 1e-9

  /// The report on samples that are divided into `parts`, merged in pairs as a tree does.
  func report(_ test: Fixture.Case, parts: Int) -> MetricReport {
    let task = test.task
    var sums = (0..<parts).map { _ in MetricSums(task) }
    var tables = task.kind == .values ? [] : (0..<parts).map { _ in ScoreTable(task) }
    for part in 0..<parts {
      let samples = test.sampleCount * part / parts..<test.sampleCount * (part + 1) / parts
      withWindow(Array(test.outputs[samples.lowerBound * test.outputSize..<samples.upperBound * test.outputSize])) {
        outputs in
        withWindow(Array(test.targets[samples.lowerBound * test.targetSize..<samples.upperBound * test.targetSize])) {
          targets in
          sums[part].add(outputs: outputs, targets: targets)
          if !tables.isEmpty { tables[part].add(outputs: outputs, targets: targets) }
        }
      }
    }
    while sums.count > 1 {
      let states = sums.map { MetricSums(task, elements: $0.elements) }
      sums = stride(from: 0, to: states.count, by: 2).map {
        var state = states[$0]
        if $0 + 1 < states.count { state.merge(states[$0 + 1]) }
        return state
      }
    }
    var ranking: [RankingFigures] = []
    for index in 0..<(tables.isEmpty ? 0 : test.outputSize) {
      // Tables last to first: the order of the scores must not matter.
      let columns = tables.reversed().map { $0.column(index) }
      ranking.append(
        RankingFigures(scores: columns.flatMap(\.scores), isPositive: columns.flatMap(\.isPositive)))
    }
    return MetricReport(sums[0], ranking: ranking, top: Array(1..<max(2, test.outputSize)))
  }

  func isClose(_ value: Double?, _ expected: Double?) -> Bool {
    guard let value, let expected else { return value == nil && expected == nil }
    return abs(value - expected) <= Self.tolerance * max(1, abs(expected))
  }

  @Test(arguments: [1, 2, 5, 7])
  func agreement(parts: Int) throws {
    let fixture: Fixture = try fixture("sklearn-metrics.json")
    #expect(fixture.cases.count == 15)
    for test in fixture.cases {
      let report = report(test, parts: parts)
      #expect(report.sampleCount == Double(test.sampleCount))
      for (name, expected) in test.figures {
        let metric = try #require(MetricName(rawValue: name))
        #expect(
          report.has(metric) && isClose(report[metric], expected),
          "\(test.name): \(name) is \(report[metric] ?? .nan), expected \(expected ?? .nan)")
      }
      #expect(Set(report.figures.map(\.name)) == Set(test.figures.keys), "\(test.name)")
      #expect(report.classes.count == test.classes.count)
      for (own, expected) in zip(report.classes, test.classes) {
        #expect(own.index == expected.class && own.support == Double(expected.samples))
        #expect(
          isClose(own.precision, expected.precision) && isClose(own.recall, expected.recall)
            && isClose(own.f1, expected.f1), "\(test.name): class \(own.index)")
        #expect(
          isClose(own.rocAUC, expected.rocAuc) && isClose(own.averagePrecision, expected.averagePrecision),
          "\(test.name): class \(own.index)")
      }
      #expect(report.confusion == test.confusion, "\(test.name)")
    }
  }

  @Test("Counts and scores give the same bits however the samples are divided; values to rounding")
  func divisions() throws {
    let fixture: Fixture = try fixture("sklearn-metrics.json")
    for test in fixture.cases {
      let whole = report(test, parts: 1), parts = report(test, parts: 4)
      #expect(whole.classes == parts.classes && whole.confusion == parts.confusion)
      for (a, b) in zip(whole.figures, parts.figures) {
        if test.kind == "values" || a.name == "log_loss" || a.name == "perplexity" {
          #expect(abs((a.value ?? 0) - (b.value ?? 0)) <= 1e-12 * max(1, abs(a.value ?? 0)), "\(test.name) \(a.name)")
        } else {
          #expect(a == b)
        }
      }
    }
  }
}
