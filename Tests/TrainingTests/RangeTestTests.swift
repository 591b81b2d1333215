import Foundation
import Training
import Testing

@Suite("Learning-rate range test")
struct RangeTestTests {
  /// Runs a test over a curve of the loss against the decimal logarithm of the rate.
  func run(_ steps: Int = 100, from first: Double = 1e-6, to last: Double = 10, _ loss: (Double) -> Double) -> RangeTest
  {
    var test = RangeTest(first: first, last: last, steps: steps)
    while !test.isOver { test.record(loss(log10(test.learningRate))) }
    return test
  }

  @Test("Rates grow by one factor from the first to the last")
  func rates() {
    let rates = run(8, from: 0.001, to: 10_000) { _ in 1 }.points.map(\.learningRate)
    #expect(rates.count == 8)
    for (index, rate) in rates.enumerated() { #expect(abs(rate / pow(10, Double(index - 3)) - 1) < 1e-12) }
  }

  @Test("A constant loss is smoothed to itself and suggests nothing")
  func constant() {
    let test = run { _ in 3 }
    #expect(test.points.allSatisfy { abs($0.smoothedLoss - 3) < 1e-12 })
    #expect(run(from: 1) { 2 + $0 }.suggestion == nil)
  }

  /// The slope of a logistic curve is steepest at its centre; the average of a tenth new and nine tenths old follows
  /// some nine steps of 0.07 decades behind.
  @Test("Suggests where the loss falls fastest", arguments: [-4.0, -3, -2])
  func steepest(centre: Double) throws {
    let test = run { 1 + 1 / (1 + exp(4 * ($0 - centre))) }
    let suggestion = log10(try #require(test.suggestion))
    #expect(suggestion > centre - 0.1 && suggestion < centre + 0.8, "10^\(suggestion) for 10^\(centre)")
  }

  @Test("Ends where the loss explodes, and looks before the minimum alone")
  func explosion() throws {
    let test = run { $0 < -2 ? 2 - 0.2 * ($0 + 6) : 1e3 }
    #expect(test.points.count < 100)
    #expect(log10(try #require(test.suggestion)) < -2)
    #expect(run { $0 < -2 ? 2 : .nan }.points.count < 100)
  }
}
