import Foundation
import Optimizers
import Settings
import TestSupport
import Testing

@Suite("Learning-rate schedules")
struct LearningRateScheduleTests {
  static let schedules: [String: (settings: JSONValue, epochs: Int)] = [
    "constant": ("constant", 30),
    "step": (["name": "step", "step_epochs": 7, "gamma": 0.3], 30),
    "exponential": (["name": "exponential", "gamma": 0.9], 30),
    "cosine": (["name": "cosine", "minimum_learning_rate": 0.01], 30),
    "constant_warmup": (["name": "constant", "warmup_steps": 6], 30),
    "cosine_warmup": (["name": "cosine", "warmup_steps": 6], 30),
  ]

  /// PyTorch multiplies from step to step, in double: 30 roundings of 10⁻¹⁶, a few times more for the cosine.
  @Test("As PyTorch's schedulers")
  func againstPyTorch() throws {
    let fixture: [String: [Double]] = try fixture("pytorch-schedules.json")
    #expect(Set(fixture.keys) == Set(Self.schedules.keys))
    for (name, rates) in fixture {
      let (settings, epochs) = try #require(Self.schedules[name])
      let schedule = try plan(settings, base: 0.4, epochs: epochs, stepsPerEpoch: 1)
      for (index, expected) in rates.enumerated() {
        let rate = schedule.learningRate(step: index + 1)
        #expect(abs(rate - expected) <= 1e-12 * 0.4, "\(name), step \(index + 1): \(rate), PyTorch \(expected)")
      }
    }
  }

  @Test func exponentialBetweenWholePeriods() throws {
    let schedule = try plan(["name": "exponential", "gamma": 0.25], base: 2, epochs: 10, stepsPerEpoch: 4)
    #expect(abs(schedule.learningRate(step: 3) - 1) < 1e-15)
    #expect(abs(schedule.learningRate(step: 5) - 0.5) < 1e-15)
  }

  @Test("Without a choice, steps decay at each third of the run")
  func thirds() throws {
    let schedule = try plan("step", base: 1, epochs: 9, stepsPerEpoch: 2)
    #expect([6, 7, 12, 13].map { schedule.learningRate(step: $0) } == [1, 0.1, 0.1, 0.1 * 0.1])
  }

  @Test("After its last step the cosine stays at its minimum")
  func cosineEnds() throws {
    let schedule = try plan(
      ["name": "cosine", "minimum_learning_rate": 0.125], base: 1, epochs: 10, stepsPerEpoch: 1, warmupSteps: 2)
    for step in [11, 12, 1000] { #expect(schedule.learningRate(step: step) == 0.125) }
  }

  @Test("A warm-up as long as the run, or longer, divides by nothing")
  func longWarmup() throws {
    for warmup in [10, 20] {
      let schedule = try plan("cosine", base: 1, epochs: 10, stepsPerEpoch: 1, warmupSteps: warmup)
      for step in 1...10 { #expect(schedule.learningRate(step: step) == Double(step) / Double(warmup)) }
    }
  }
}
