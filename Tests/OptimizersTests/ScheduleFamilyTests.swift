import Foundation
import Optimizers
import TestSupport
import Testing

@Suite("More learning-rate schedules")
struct ScheduleFamilyTests {
  struct Fixture: Decodable {
    struct Plateau: Decodable {
      let metrics: [Double], learningRates: [Double]
    }
    let rates: [String: [Double]]
    let plateaus: [String: Plateau]
  }

  static let schedules: [String: LearningRateSchedule] = [
    "multi_step": LearningRateSchedule(base: 0.4, shape: .multiStep(milestones: [5, 12, 13], factor: 0.3)),
    "polynomial": LearningRateSchedule(base: 0.4, shape: .polynomial(steps: 30, power: 1, minimum: 0)),
    "polynomial_power": LearningRateSchedule(base: 0.4, shape: .polynomial(steps: 40, power: 2, minimum: 0)),
    "polynomial_warmup": LearningRateSchedule(
      base: 0.4, shape: .polynomial(steps: 40, power: 2, minimum: 0), warmupSteps: 6),
    "restarts": LearningRateSchedule(base: 0.4, shape: .cosineRestarts(period: 7, growth: 1, minimum: 0.01)),
    "restarts_growth": LearningRateSchedule(base: 0.4, shape: .cosineRestarts(period: 5, growth: 2, minimum: 0)),
    "one_cycle": LearningRateSchedule(
      base: 0.4, shape: .oneCycle(steps: 40, rise: 0.3, divisor: 25, finalDivisor: 1e4)),
    "one_cycle_options": LearningRateSchedule(
      base: 0.4, shape: .oneCycle(steps: 40, rise: 0.45, divisor: 10, finalDivisor: 100)),
  ]
  static let plateaus: [String: PlateauRule] = [
    "loss": PlateauRule(factor: 0.5, patience: 2),
    "loss_cooldown": PlateauRule(factor: 0.3, patience: 1, threshold: 0.01, cooldown: 3, minimum: 0.02),
    "accuracy": PlateauRule(factor: 0.2, patience: 3, isGreaterBetter: true),
  ]

  /// PyTorch multiplies from step to step, in double; its polynomial divides by factors near zero at its end.
  @Test("As PyTorch's schedulers")
  func againstPyTorch() throws {
    let fixture: Fixture = try fixture("schedules.json")
    #expect(Set(fixture.rates.keys) == Set(Self.schedules.keys))
    for (name, rates) in fixture.rates {
      let schedule = try #require(Self.schedules[name])
      for (index, expected) in rates.enumerated() {
        let rate = schedule.learningRate(step: index + 1)
        #expect(abs(rate - expected) <= 1e-12 * 0.4, "\(name), step \(index + 1): \(rate), PyTorch \(expected)")
      }
    }
  }

  @Test("Plateaus as PyTorch's, also when the state is stored between any two epochs")
  func plateausAgainstPyTorch() throws {
    let fixture: Fixture = try fixture("schedules.json")
    #expect(Set(fixture.plateaus.keys) == Set(Self.plateaus.keys))
    for (name, expected) in fixture.plateaus {
      let rule = try #require(Self.plateaus[name])
      let schedule = LearningRateSchedule(base: 0.4, shape: .plateau(rule), warmupSteps: 4)
      var state = PlateauState(base: 0.4, rule: rule)
      #expect(schedule.learningRate(step: 1, plateau: nil) == 0.1)
      for (metric, rate) in zip(expected.metrics, expected.learningRates) {
        state.record(metric, rule: rule)
        #expect(abs(schedule.learningRate(step: 5, plateau: state) - rate) <= 1e-12, "\(name)")
        state = PlateauState(
          learningRate: state.learningRate, best: state.best, badEpochs: state.badEpochs, cooldown: state.cooldown)
      }
      #expect(expected.learningRates.last != 0.4, "\(name) never falls")
    }
  }

  @Test("Every schedule ends without a surprise, and warms up where asked")
  func endsAndWarmUps() {
    for (name, schedule) in Self.schedules {
      let warm = LearningRateSchedule(base: schedule.base, shape: schedule.shape, warmupSteps: 8)
      #expect(warm.learningRate(step: 1) <= schedule.base / 8, "\(name)")
      for step in [39, 40, 41, 200] {
        let rate = schedule.learningRate(step: step)
        #expect(rate.isFinite && rate >= 0 && rate <= schedule.base, "\(name), step \(step)")
      }
    }
    let single = LearningRateSchedule(
      base: 1, shape: .oneCycle(steps: 1, rise: 0.3, divisor: 25, finalDivisor: 10))
    #expect(single.learningRate(step: 1).isFinite)
  }

  @Test func batchScaling() {
    #expect(BatchScaling.none.factor(batchSize: 512, referenceBatch: 128) == 1)
    #expect(BatchScaling.linear.factor(batchSize: 512, referenceBatch: 128) == 4)
    #expect(BatchScaling.squareRoot.factor(batchSize: 512, referenceBatch: 128) == 2)
  }

  @Test("Early stopping counts epochs that gain no more than the minimum change")
  func earlyStopping() {
    func epochs(_ metrics: [Double], _ rule: EarlyStoppingRule) -> Int? {
      var state = EarlyStoppingState()
      for (index, metric) in metrics.enumerated() {
        state.record(metric, rule: rule)
        if state.isOver(rule) { return index + 1 }
      }
      return nil
    }
    let losses = [1, 0.5, 0.5, 0.49, 0.6, 0.4, 0.41, 0.42, 0.43]
    #expect(epochs(losses, EarlyStoppingRule(patience: 3)) == 9)
    #expect(epochs(losses, EarlyStoppingRule(patience: 2)) == 8)
    #expect(epochs(losses, EarlyStoppingRule(patience: 3, minimumChange: 0.05)) == 5)
    #expect(epochs(losses.map { 1 - $0 }, EarlyStoppingRule(patience: 3, isGreaterBetter: true)) == 9)
    #expect(epochs([.nan, .nan, 1], EarlyStoppingRule(patience: 2)) == 2)
  }
}
