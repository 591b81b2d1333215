import Metrics
import NumericCore
import TestSupport
import Testing

@Suite("Metrics of a class and a box")
struct MeanIoUTests {
  let task = MetricTask(.labels, outputSize: 2, valuesBehind: 4)

  func sums(_ outputs: [Float], _ targets: [Float]) -> MetricSums {
    var sums = MetricSums(task)
    withWindow(outputs) { outputs in withWindow(targets) { sums.add(outputs: outputs, targets: $0) } }
    return sums
  }

  func meanOverlap(_ found: [Float], _ expected: [Float]) throws -> Double? {
    let name = try #require(MetricName(rawValue: "mean_iou"))
    return MetricReport(sums([1, 0] + found, [0] + expected))[name]
  }

  /// Two boxes [x, y, width, height] and their intersection over union, from areas worked out by hand.
  static let pairs: [(a: [Float], b: [Float], overlap: Double)] = [
    ([0.5, 0.5, 0.5, 0.25], [0.5, 0.5, 0.5, 0.25], 1),
    // Half a width apart: ½ of each, of 1½.
    ([0.25, 0.5, 0.5, 0.25], [0.5, 0.5, 0.5, 0.25], 1.0 / 3),
    // A corner of ¼ by ¼ in both: of ½·½ + ½·½ − 1/16.
    ([0.25, 0.25, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], 1.0 / 7),
    // One inside the other.
    ([0.5, 0.5, 0.25, 0.5], [0.5, 0.5, 1, 1], 0.125),
    // A cross: ¼·¼ of 2·¼ − 1/16.
    ([0.5, 0.5, 1, 0.25], [0.5, 0.5, 0.25, 1], 1.0 / 7),
    // Touching, apart along one axis, apart along both.
    ([0.25, 0.5, 0.5, 1], [0.75, 0.5, 0.5, 1], 0), ([0.25, 0.5, 0.25, 1], [0.75, 0.5, 0.25, 1], 0),
    ([0.125, 0.125, 0.25, 0.25], [0.75, 0.75, 0.25, 0.25], 0),
    // Outputs may be negative sizes: an empty box, also where both are negative.
    ([0.5, 0.5, -0.5, 0.5], [0.5, 0.5, 0.5, 0.5], 0), ([0.5, 0.5, -0.5, -0.5], [0.5, 0.5, 0.5, 0.5], 0),
  ]

  @Test("Intersection over union by hand, either way round", arguments: pairs)
  func closedForm(_ pair: (a: [Float], b: [Float], overlap: Double)) throws {
    #expect(abs(try #require(try meanOverlap(pair.a, pair.b)) - pair.overlap) < 1e-15)
    #expect(abs(try #require(try meanOverlap(pair.b, pair.a)) - pair.overlap) < 1e-15)
  }

  @Test("Classes count as those of labels; boxes leave them alone")
  func classFigures() {
    let logits: [Float] = [2, 1, 0, 3, 1, -1], labels: [Float] = [0, 0, 1]
    let boxes = Self.pairs.prefix(3)
    let found = boxes.enumerated().flatMap { index, pair -> [Float] in logits[2 * index..<2 * index + 2] + pair.a }
    let expected = boxes.enumerated().flatMap { index, pair -> [Float] in [labels[index]] + pair.b }
    var plain = MetricSums(MetricTask(.labels, outputSize: 2))
    withWindow(logits) { logits in withWindow(labels) { plain.add(outputs: logits, targets: $0) } }
    var tables = [ScoreTable(task), ScoreTable(MetricTask(.labels, outputSize: 2))]
    withWindow(found) { outputs in withWindow(expected) { tables[0].add(outputs: outputs, targets: $0) } }
    withWindow(logits) { outputs in withWindow(labels) { tables[1].add(outputs: outputs, targets: $0) } }
    func ranking(_ table: ScoreTable) -> [RankingFigures] {
      (0..<2).map { RankingFigures(scores: table.column($0).scores, isPositive: table.column($0).isPositive) }
    }
    let report = MetricReport(sums(found, expected), ranking: ranking(tables[0]))
    let reference = MetricReport(plain, ranking: ranking(tables[1]))
    #expect(report.figures.dropLast() == reference.figures[...])
    #expect(report.figures.last?.name == "mean_iou")
    let overlap = report.figures.last?.value ?? .nan, expectedOverlap = boxes.reduce(0.0) { $0 + $1.overlap } / 3
    #expect(abs(overlap - expectedOverlap) < 1e-15)
    #expect(report.classes == reference.classes && report.confusion == reference.confusion)
  }

  @Test("Merged over any division of the samples; none of no sample")
  func merging() throws {
    let found: [[Float]] = Self.pairs.map { [1, 0] + $0.a }
    let expected: [[Float]] = Self.pairs.map { [0] + $0.b }
    let whole = sums(found.flatMap(\.self), expected.flatMap(\.self))
    for cut in 0...found.count {
      var parts = sums(found[..<cut].flatMap(\.self), expected[..<cut].flatMap(\.self))
      parts.merge(sums(found[cut...].flatMap(\.self), expected[cut...].flatMap(\.self)))
      #expect(parts.elements.count == whole.elements.count)
      #expect(zip(parts.elements, whole.elements).allSatisfy { abs($0 - $1) < 1e-14 })
    }
    let name = try #require(MetricName(rawValue: "mean_iou"))
    #expect(MetricReport(MetricSums(task)).has(name) && MetricReport(MetricSums(task))[name] == nil)
    #expect(!MetricReport(MetricSums(MetricTask(.labels, outputSize: 2))).has(name))
  }
}
