import Metrics
import Testing

@Suite("Ranking curves")
struct RankingCurvesTests {
  /// As scikit-learn's `roc_curve(drop_intermediate=True)` and, in the other order, `precision_recall_curve` give them:
  /// y_true = [0, 0, 1, 1], y_score = [0.1, 0.4, 0.35, 0.8].
  @Test("The example of scikit-learn's documentation")
  func example() throws {
    let curves = try #require(RankingCurves(scores: [0.1, 0.4, 0.35, 0.8], isPositive: [0, 0, 1, 1]))
    #expect(curves.receiverOperating.map(\.x) == [0, 0, 0.5, 0.5, 1])
    #expect(curves.receiverOperating.map(\.y) == [0, 0.5, 0.5, 1, 1])
    #expect(curves.precisionRecall.map(\.x) == [0, 0.5, 0.5, 1, 1])
    #expect(curves.precisionRecall.map(\.y) == [1, 1, 0.5, 2.0 / 3, 0.5])
  }

  @Test("Samples of one score are one threshold, whatever their order")
  func ties() throws {
    let curves = try #require(RankingCurves(scores: [1, 1, 1, 0], isPositive: [1, 0, 1, 0]))
    #expect(curves == RankingCurves(scores: [0, 1, 1, 1], isPositive: [0, 1, 1, 0]))
    #expect(curves.receiverOperating.map(\.x) == [0, 0.5, 1])
    #expect(curves.receiverOperating.map(\.y) == [0, 1, 1])
  }

  @Test("A long curve is thinned to points of itself, its ends among them")
  func thinned() throws {
    let count = 5_000
    let isPositive = (0..<count).map { UInt8(($0 * 7919) % 13 < 5 ? 1 : 0) }
    let scores = (0..<count).map(Double.init)
    let whole = try #require(RankingCurves(scores: scores, isPositive: isPositive, limit: count + 2))
    let thin = try #require(RankingCurves(scores: scores, isPositive: isPositive, limit: 100))
    #expect(whole.receiverOperating.count > 1_000 && thin.receiverOperating.count == 100)
    #expect(thin.receiverOperating.allSatisfy(whole.receiverOperating.contains))
    #expect(thin.receiverOperating.first == whole.receiverOperating.first)
    #expect(thin.receiverOperating.last == whole.receiverOperating.last)
    #expect(thin.precisionRecall.last == whole.precisionRecall.last && thin.precisionRecall.count == 100)
  }

  @Test("Nothing without both kinds of samples, or with a score that is no number")
  func undefined() {
    #expect(RankingCurves(scores: [1, 2], isPositive: [1, 1]) == nil)
    #expect(RankingCurves(scores: [1, .nan], isPositive: [1, 0]) == nil)
  }
}
