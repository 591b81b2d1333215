import Checkpointing
import NumericCore
import Testing
import Training

@Suite("What is judged of a step, and what is remembered")
struct SentinelTests {
  /// From the definition, over sorted copies.
  private func naiveLimit(_ losses: [Double], window: Int, threshold: Double) -> Double? {
    guard losses.count >= window else { return nil }
    func median(_ values: [Double]) -> Double {
      let sorted = values.sorted(), n = sorted.count
      return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2
    }
    let last = Array(losses.suffix(window)), middle = median(last)
    return middle + threshold * max(1.4826 * median(last.map { abs($0 - middle) }), abs(middle) / 100)
  }

  @Test("The limit of a loss is that of its definition", arguments: [4, 5, 50, 51, 1000])
  func spikes(window: Int) throws {
    var generator = RandomSource.Generator(source: RandomSource(seed: 3).stream(.synthesis, window))
    let rule = LossSpikeRule(window: window, threshold: 6)
    var losses: [Double] = []
    for _ in 0..<window + 40 {
      #expect(rule.limit(losses)?.limit == naiveLimit(losses, window: window, threshold: 6))
      #expect((rule.limit(losses) == nil) == (losses.count < window))
      losses.append(generator.normal() * 3 + (losses.count % 7 == 0 ? 100 : 0))
    }
    // Losses that do not differ make no spike of a slightly greater one.
    let flat = try #require(rule.limit([Double](repeating: 2, count: window)))
    #expect(flat.median == 2 && abs(flat.limit - 2.12) < 1e-12)
  }

  private func totals(loss: Double, norm: Double = 1, samples: Int = 4) -> StepTotals {
    StepTotals(StepScalars(loss: loss * Double(samples), samples: samples), gradientNorm: norm)
  }

  @Test("What is not finite is a problem, a spike only where spikes are looked for")
  func problems() {
    var settings = SentinelSettings()
    (settings.window, settings.threshold) = (4, 10)
    var progress = TrainingProgress()
    progress.sentinel.recentLosses = [1, 1.1, 0.9, 1]
    progress.step = 8
    let plain = StepJudge(settings)
    #expect(plain.problem(totals(loss: 1), progress) == nil)
    #expect(plain.problem(totals(loss: .nan), progress) == .lossNotFinite)
    #expect(plain.problem(totals(loss: .infinity, norm: .nan), progress) == .lossNotFinite)
    #expect(plain.problem(totals(loss: 1, norm: .infinity), progress) == .gradientNotFinite)
    #expect(plain.problem(totals(loss: 1e9), progress) == nil)
    // Nobody learns from a step without samples.
    #expect(plain.problem(totals(loss: .nan, samples: 0), progress) == nil)
    var second = totals(loss: 1)
    second.sums.secondLoss = .nan
    #expect(plain.problem(second, progress) == .lossNotFinite)

    settings.onSpike = .skip
    let watchful = StepJudge(settings)
    #expect(watchful.problem(totals(loss: 1.7), progress) == nil)
    guard case .spike(let limit, 1, 4)? = watchful.problem(totals(loss: 1.8), progress) else {
      Issue.record("1.8 is no spike")
      return
    }
    #expect(abs(limit - 1 - 10 * 1.4826 * 0.05) < 1e-9)
    progress.sentinel.passedOver = [.init(3, nil), .init(9, .spike)]
    #expect(watchful.problem(totals(loss: 1), progress) == .passedOver(.spike))
  }

  @Test("A checkpoint gives back what was remembered, bit by bit, and nothing else is taken")
  func attributes() throws {
    var state = SentinelState()
    #expect(state.attributes.isEmpty && SentinelState([:]) == state)
    for loss in [0.1, 1.0 / 3, 2e-300, 7] { state.recordUpdate(loss: loss, window: 3) }
    #expect(state.recentLosses == [1.0 / 3, 2e-300, 7])
    state.recordSkip(.lossNotFinite)
    state.recordSkip(.passedOver(.lossNotFinite))
    #expect(state.skipped == 2 && state.skippedInEpoch == 2 && state.skippedInRow == 1)
    var settings = SentinelSettings()
    var back = SentinelState()
    back.goBack(from: state, step: 12, .gradientNotFinite, settings)
    settings.afterRollback = .lowerRate
    var again = SentinelState()
    again.recentLosses = state.recentLosses
    again.goBack(from: back, step: 20, .lossNotFinite, settings)
    #expect(again.rollbacks == [12, 20] && again.rateFactor == 0.5)
    #expect(again.passedOver == [.init(12, .gradientNotFinite)])
    var both = again
    both.passedOver.append(.init(31, .spike))
    for state in [state, again, both] { #expect(SentinelState(state.attributes) == state) }
    // A checkpoint of an earlier version does not tell the causes, and a later one goes on from it.
    both.passedOver = [.init(12, nil), .init(31, nil)]
    var earlier = both.attributes
    earlier["passed_over_causes"] = nil
    #expect(SentinelState(earlier) == both && SentinelState(both.attributes) == both)
    earlier["passed_over_causes"] = .text("loss spike")
    #expect(SentinelState(earlier) == nil)
    for (name, value) in [
      ("recent_losses", Checkpoint.Attribute.text("1 nan")), ("recent_losses", .text("1 x")),
      ("recent_losses", .integer(1)), ("passed_over_steps", .text("")), ("rate_factor", .number(.infinity)),
    ] {
      #expect(SentinelState([name: value]) == nil, "\(name) \(value)")
    }
    state.recordUpdate(loss: 1, window: 0)
    #expect(state.recentLosses.isEmpty && state.skippedInRow == 0)
  }

  @Test("The sums of an epoch are those of the steps that were learned from")
  func sums() {
    var progress = TrainingProgress()
    progress.record(StepScalars(loss: 4, samples: 2), problem: nil, window: 0)
    progress.record(StepScalars(loss: .nan, samples: 2), problem: .lossNotFinite, window: 0)
    #expect(progress.step == 2 && progress.stepInEpoch == 2 && progress.sums.meanLoss == 2)
    #expect(progress.sentinel.skippedInEpoch == 1)
    progress.finishEpoch()
    #expect(progress.sentinel.skippedInEpoch == 0 && progress.sentinel.skipped == 1)
  }
}
