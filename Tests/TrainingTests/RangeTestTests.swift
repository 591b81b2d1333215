import Foundation
import NumericCore
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

  /// A logistic curve falls steepest at its centre and has made 95 % of its fall 0.7 decades behind it; its average
  /// follows some 0.7 decades behind.
  @Test("Suggests a rate between the steepest descent and the minimum", arguments: [-4.0, -3, -2])
  func steepest(centre: Double) throws {
    for steps in [50, 100, 200, 400] {
      let test = run(steps) { 1 + 1 / (1 + exp(4 * ($0 - centre))) }
      let suggestion = log10(try #require(test.suggestion))
      #expect(suggestion > centre + 0.5 && suggestion < centre + 1.5, "10^\(suggestion) for 10^\(centre)")
    }
  }

  /// What mini-batches make of a curve: the first losses are far apart, and some of them fall steeper than any slope.
  @Test("Noise does not move the suggestion", arguments: 0..<10)
  func noise(seed: Int) throws {
    var generator = RandomSource.Generator(source: RandomSource(seed: UInt64(seed)), substream: 0)
    let test = run(200) { rate in
      1 + 1 / (1 + exp(4 * (rate + 2))) + (rate > -0.5 ? pow(10, rate) : 0) + 0.3 * (generator.uniform() - 0.5)
    }
    let suggestion = log10(try #require(test.suggestion))
    #expect(suggestion > -1.6 && suggestion < -0.7, "10^\(suggestion)")
  }

  /// Gradient descent at the edge of stability: the loss jumps, and falls steeply behind the jump.
  @Test("What the loss does behind a jump does not count")
  func jump() throws {
    let test = run(200) { rate in rate < -1 ? 1 / (1 + exp(2 * (rate + 3))) : rate < -0.9 ? 0.6 : 0.005 }
    #expect(log10(try #require(test.suggestion)) < -1)
  }

  @Test("Noise alone suggests nothing, and says so")
  func noiseAlone() {
    var generator = RandomSource.Generator(source: RandomSource(seed: 1), substream: 0)
    let test = run(200) { _ in 1 + 0.3 * (generator.uniform() - 0.5) }
    #expect(test.advice == .none("the loss falls nowhere by more than its noise; try other rates with --from and --to"))
    let explosion = run(200, from: 1) { pow(10, 40 * $0) }
    #expect(explosion.advice == .none("the loss explodes after 11 steps; begin lower with --from"))
    #expect(run(200) { 10 - $0 }.fallsToTheEnd && !test.fallsToTheEnd)
  }

  @Test("Ends where the loss explodes, and looks before the minimum alone")
  func explosion() throws {
    let test = run { $0 < -2 ? 2 - 0.2 * ($0 + 6) : 1e3 }
    #expect(test.points.count < 100)
    #expect(log10(try #require(test.suggestion)) < -2)
    #expect(run { $0 < -2 ? 2 : .nan }.points.count < 100)
  }
}
