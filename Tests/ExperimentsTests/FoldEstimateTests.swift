import Experiments
import Settings
import Testing

@Suite("Figures over folds")
struct FoldEstimateTests {
  /// SciPy 1.17: `scipy.stats.t(nu).ppf(p)`.
  @Test("Quantiles of Student's t are SciPy's")
  func quantiles() {
    for (degrees, p, expected) in [
      (1.0, 0.975, 12.706204736174694), (4, 0.975, 2.7764451051977934), (9, 0.975, 2.262157162798205),
      (99, 0.975, 1.9842169515864174), (4, 0.1, -1.5332062740589436), (2.5, 0.99, 5.353111173030872),
    ] {
      let found = StudentT(degrees: degrees).quantile(p)
      #expect(abs(found - expected) < 1e-9 * abs(expected), "\(degrees), \(p): \(found)")
      #expect(abs(StudentT(degrees: degrees).cumulative(expected) - p) < 1e-12)
    }
  }

  private func result(_ fold: Int, _ accuracy: Double?) -> FoldResult {
    var result = FoldResult(repetition: 1, fold: fold, trainCount: 80, testCount: 20)
    result.figures = [.init("loss", 1), .init("accuracy", accuracy)]
    return result
  }

  /// By hand: mean 0.8, s² = 0.01/2, margin t(0.975; 2) √((1/3 + 1/4) s²).
  @Test("Mean, deviation and the corrected interval")
  func estimate() throws {
    let validation = CrossValidation([result(1, 0.7), result(2, 0.8), result(3, 0.9)])
    let accuracy = validation.estimate("accuracy")
    #expect(abs(try #require(accuracy.mean) - 0.8) < 1e-15)
    #expect(abs(try #require(accuracy.deviation) - 0.1) < 1e-15)
    #expect(abs(try #require(accuracy.margin) - 4.302652729749462 * (7.0 / 12 * 0.01).squareRoot()) < 1e-12)
    #expect(validation.estimate("loss").deviation == 0)
    // One that is not defined leaves no mean that could be taken for one of all.
    #expect(CrossValidation([result(1, 0.7), result(2, nil)]).estimate("accuracy").mean == nil)
    var failed = result(2, 0.7)
    failed.state = .failed
    #expect(CrossValidation([result(1, 0.7), failed]).estimate("accuracy").mean == nil)
  }

  @Test("A fold's line reads back as it was")
  func roundTrip() throws {
    var result = result(3, 0.1 + 0.2)
    (result.epochs, result.testedEpoch, result.seconds) = (7, 6, 0.5)
    #expect(result.json["skipped_steps"] == nil)
    for skipped in [0, 3] {
      result.skippedSteps = skipped
      #expect(FoldResult(try JSON5Parser.parse(result.json.line, file: "")) == result)
    }
    #expect(result.json["skipped_steps"] == 3)
    #expect(FoldResult(["fold": 1]) == nil)
  }
}
