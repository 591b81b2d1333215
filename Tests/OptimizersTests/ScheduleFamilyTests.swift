import Foundation
import Optimizers
import Settings
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

  /// Schedules as a configuration gives them, and the length of the run in epochs of so many steps.
  static let schedules: [String: (settings: JSONValue, epochs: Int, stepsPerEpoch: Int)] = [
    "multi_step": (["name": "multi_step", "milestones": [5, 12, 13], "gamma": 0.3], 30, 1),
    "polynomial": ("polynomial", 10, 3),
    "polynomial_power": (["name": "polynomial", "power": 2], 20, 2),
    "polynomial_warmup": (["name": "polynomial", "power": 2, "warmup_steps": 6], 40, 1),
    "linear": ("linear", 10, 3),
    "linear_options": (["name": "linear", "start_factor": 0.3, "end_factor": 0.8, "total_epochs": 5], 20, 3),
    "linear_warmup": (["name": "linear", "end_factor": 0.1, "warmup_steps": 6], 20, 2),
    "restarts": (["name": "cosine", "period_epochs": 7, "minimum_learning_rate": 0.01], 40, 1),
    "restarts_growth": (["name": "cosine", "period_epochs": 5, "period_growth": 2], 40, 1),
    "one_cycle": ("one_cycle", 8, 5),
    "one_cycle_options": (["name": "one_cycle", "rise": 0.45, "start_divisor": 10, "end_divisor": 100], 40, 1),
  ]
  static let plateaus: [String: JSONValue] = [
    "loss": ["name": "plateau", "gamma": 0.5, "patience": 2],
    "loss_cooldown": [
      "name": "plateau", "gamma": 0.3, "patience": 1, "threshold": 0.01, "cooldown": 3,
      "minimum_learning_rate": 0.02,
    ],
    "accuracy": ["name": "plateau", "gamma": 0.2, "patience": 3, "metric": "accuracy"],
  ]

  /// PyTorch multiplies from step to step, in double; its polynomial divides by factors near zero at its end.
  @Test("As PyTorch's schedulers")
  func againstPyTorch() throws {
    let fixture: Fixture = try fixture("schedules.json")
    #expect(Set(fixture.rates.keys) == Set(Self.schedules.keys))
    for (name, rates) in fixture.rates {
      let (settings, epochs, stepsPerEpoch) = try #require(Self.schedules[name])
      let schedule = try plan(settings, base: 0.4, epochs: epochs, stepsPerEpoch: stepsPerEpoch)
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
      let settings = try #require(Self.plateaus[name])
      let schedule = try plan(settings, base: 0.4, epochs: 100, stepsPerEpoch: 1, warmupSteps: 4)
      let rule = try #require(schedule.schedule as? Plateau)
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
  func endsAndWarmUps() throws {
    for (name, (settings, epochs, stepsPerEpoch)) in Self.schedules {
      let warm = try plan(settings, base: 0.4, epochs: epochs, stepsPerEpoch: stepsPerEpoch, warmupSteps: 8)
      #expect(warm.learningRate(step: 1) <= warm.base / 8, "\(name)")
      let schedule = try plan(settings, base: 0.4, epochs: epochs, stepsPerEpoch: stepsPerEpoch)
      for step in [39, 40, 41, 200] {
        let rate = schedule.learningRate(step: step)
        #expect(rate.isFinite && rate >= 0 && rate <= schedule.base, "\(name), step \(step)")
      }
    }
    let single = try plan(["name": "one_cycle", "end_divisor": 10], base: 1, epochs: 1, stepsPerEpoch: 1)
    #expect(single.learningRate(step: 1).isFinite)
  }

  @Test func batchScaling() {
    #expect(BatchScaling.none.factor(batchSize: 512, referenceBatch: 128) == 1)
    #expect(BatchScaling.linear.factor(batchSize: 512, referenceBatch: 128) == 4)
    #expect(BatchScaling.squareRoot.factor(batchSize: 512, referenceBatch: 128) == 2)
  }
}

/// The learning rates of a run, its schedule read through the path of a configuration.
func plan(
  _ settings: JSONValue, base: Double, epochs: Int, stepsPerEpoch: Int, warmupSteps: Int? = nil
) throws -> LearningRatePlan {
  var schedule = try ScheduleSettings.read(settings, "schedule", .any)
  if let warmupSteps { schedule.warmupSteps = warmupSteps }
  return schedule.plan(
    learningRate: base, epochs: epochs, stepsPerEpoch: stepsPerEpoch, samplesPerStep: 1)
}
