import Foundation
import Optimizers
import TestSupport
import Testing

@Suite("Learning-rate schedules")
struct LearningRateScheduleTests {
  static let schedules: [String: LearningRateSchedule] = [
    "constant": LearningRateSchedule(base: 0.4),
    "step": LearningRateSchedule(base: 0.4, shape: .step(every: 7, factor: 0.3)),
    "exponential": LearningRateSchedule(base: 0.4, shape: .exponential(every: 1, factor: 0.9)),
    "cosine": LearningRateSchedule(base: 0.4, shape: .cosine(steps: 30, minimum: 0.01)),
    "constant_warmup": LearningRateSchedule(base: 0.4, warmupSteps: 6),
    "cosine_warmup": LearningRateSchedule(base: 0.4, shape: .cosine(steps: 30, minimum: 0), warmupSteps: 6),
  ]

  /// PyTorch multiplies from step to step, in double: 30 roundings of 10⁻¹⁶, a few times more for the cosine.
  @Test("As PyTorch's schedulers")
  func againstPyTorch() throws {
    let fixture: [String: [Double]] = try fixture("pytorch-schedules.json")
    #expect(Set(fixture.keys) == Set(Self.schedules.keys))
    for (name, rates) in fixture {
      let schedule = try #require(Self.schedules[name])
      for (index, expected) in rates.enumerated() {
        let rate = schedule.learningRate(step: index + 1)
        #expect(abs(rate - expected) <= 1e-12 * 0.4, "\(name), step \(index + 1): \(rate), PyTorch \(expected)")
      }
    }
  }

  @Test func exponentialBetweenWholePeriods() {
    let schedule = LearningRateSchedule(base: 2, shape: .exponential(every: 4, factor: 0.25))
    #expect(abs(schedule.learningRate(step: 3) - 1) < 1e-15)
    #expect(abs(schedule.learningRate(step: 5) - 0.5) < 1e-15)
  }

  @Test("After its last step the cosine stays at its minimum")
  func cosineEnds() {
    let schedule = LearningRateSchedule(base: 1, shape: .cosine(steps: 10, minimum: 0.125), warmupSteps: 2)
    for step in [11, 12, 1000] { #expect(schedule.learningRate(step: step) == 0.125) }
  }

  @Test("A warm-up as long as the run, or longer, divides by nothing")
  func longWarmup() {
    for warmup in [10, 20] {
      let schedule = LearningRateSchedule(base: 1, shape: .cosine(steps: 10, minimum: 0), warmupSteps: warmup)
      for step in 1...10 { #expect(schedule.learningRate(step: step) == Double(step) / Double(warmup)) }
    }
  }
}
