import Collectives
import Configuration
import NeuralNetwork
import NumericCore
import Optimizers

/// The update of one step: the optimizer on the parameters, the model's moving averages on the running statistics.
struct OptimizerUpdate: StepUpdate {
  let model: Model<Float>
  let optimizer: any Optimizer
  let state: FlatState
  let statistics: Window<Float>
  let step: Int
  let learningRate: Double
  let clipNorm: Double?

  func updateParameters(_ range: Range<Int>, gradient: Window<Float>, scale: Float) {
    optimizer.update(
      range, of: state, gradient: gradient,
      rule: StepRule(step: step, learningRate: Float(learningRate), gradientScale: scale))
  }

  func updateStatistics(_ range: Range<Int>, sums: Window<Float>, scale: Float) {
    model.updateStatistics(range, of: statistics, sums: sums, scale: scale)
  }
}

extension TrainingConfiguration.Optimizer {
  /// The optimizer that this describes.
  public var optimizer: any Optimizer {
    switch name {
    case "sgd": SGD(momentum: Float(momentum), nesterov: nesterov, weightDecay: Float(weightDecay))
    default:
      Adam(
        beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon), weightDecay: Float(weightDecay),
        decay: name == "adamw" ? .decoupled : .coupled)
    }
  }
}

extension TrainingConfiguration {
  /// The learning rate of every step of a run.
  public func learningRateSchedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    let shape: LearningRateSchedule.Shape =
      switch schedule.name {
      case .constant: .constant
      case .step:
        .step(every: (schedule.stepEpochs ?? max(1, epochs / 3)) * stepsPerEpoch, factor: schedule.gamma)
      case .exponential: .exponential(every: stepsPerEpoch, factor: schedule.gamma)
      case .cosine: .cosine(steps: epochs * stepsPerEpoch, minimum: schedule.minimumLearningRate)
      }
    return LearningRateSchedule(base: optimizer.learningRate, shape: shape, warmupSteps: schedule.warmupSteps)
  }
}
