import Configuration
import NeuralNetwork
import NumericCore
import Optimizers

// What the configuration says of the update, in terms of the optimizers' library.

extension TrainingConfiguration.Optimizer {
  /// The optimizer that this describes.
  public var optimizer: any Optimizer {
    let momentum = Float(momentum)
    let epsilon = Float(epsilon)
    let weightDecay = Float(weightDecay)
    let beta1 = Float(beta1)
    let beta2 = Float(beta2)
    switch name {
    case "sgd": return SGD(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
    case "adagrad": return Adagrad(epsilon: epsilon, weightDecay: weightDecay)
    case "rmsprop":
      return RMSprop(
        decayRate: Float(alpha), momentum: momentum, centered: centered, epsilon: epsilon, weightDecay: weightDecay)
    case "adadelta": return Adadelta(decayRate: Float(rho), epsilon: epsilon, weightDecay: weightDecay)
    case "lion": return Lion(beta1: beta1, beta2: beta2, weightDecay: weightDecay)
    case "lars":
      return LARS(
        momentum: momentum, weightDecay: weightDecay, trustCoefficient: Float(trustCoefficient), epsilon: epsilon)
    case "lamb": return LAMB(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    default:
      return Adam(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
        decay: name == "adamw" ? .decoupled : .coupled)
    }
  }
}

extension TrainingConfiguration {
  /// Samples of one update over all ranks.
  public var samplesPerStep: Int { batchSize * accumulate }

  /// The update of parameters laid out by `layout`.
  public func parameterUpdate(_ layout: ParameterLayout) -> ParameterUpdate {
    ParameterUpdate(
      parts(of: layout), layout: layout,
      penalty: Penalty(
        clipValue: clipValue.map { Float($0) }, l1: Float(regularization.l1), l2: Float(regularization.l2)),
      averaging: emaDecay.map { WeightAveraging(decay: $0) })
  }

  /// One part, or those of a GAN's two networks.
  private func parts(of layout: ParameterLayout) -> [ParameterUpdate.Part] {
    func part(_ optimizer: Optimizer, _ range: Range<Int>) -> ParameterUpdate.Part {
      ParameterUpdate.Part(
        optimizer.optimizer, range: range, rateFactor: Float(optimizer.learningRate / self.optimizer.learningRate),
        decaysVectors: optimizer.decayBiases)
    }
    guard model.isAdversarial else { return [part(optimizer, 0..<layout.count)] }
    let start = AdversarialModel<Float>.discriminatorStart(in: layout)
    return [part(generatorOptimizer ?? optimizer, 0..<start), part(optimizer, start..<layout.count)]
  }

  /// The learning rate of every step of a run.
  public func learningRateSchedule(stepsPerEpoch: Int) -> LearningRateSchedule {
    let steps = epochs * stepsPerEpoch
    let shape: LearningRateSchedule.Shape
    switch schedule.name {
    case .constant: shape = .constant
    case .step:
      shape = .step(every: (schedule.stepEpochs ?? max(1, epochs / 3)) * stepsPerEpoch, factor: schedule.gamma)
    case .multiStep:
      shape = .multiStep(milestones: schedule.milestones.map { $0 * stepsPerEpoch }, factor: schedule.gamma)
    case .exponential: shape = .exponential(every: stepsPerEpoch, factor: schedule.gamma)
    case .polynomial:
      shape = .polynomial(steps: steps, power: schedule.power, minimum: schedule.minimumLearningRate)
    case .cosine:
      if let period = schedule.periodEpochs {
        shape = .cosineRestarts(
          period: period * stepsPerEpoch, growth: schedule.periodGrowth, minimum: schedule.minimumLearningRate)
      } else {
        shape = .cosine(steps: steps, minimum: schedule.minimumLearningRate)
      }
    case .oneCycle:
      shape = .oneCycle(
        steps: steps, rise: schedule.rise, divisor: schedule.startDivisor, finalDivisor: schedule.endDivisor)
    case .plateau: shape = .plateau(schedule.plateauRule)
    }
    let scaling = BatchScaling(rawValue: schedule.scaling.rawValue) ?? .none
    let factor = scaling.factor(batchSize: samplesPerStep, referenceBatch: schedule.referenceBatch ?? samplesPerStep)
    return LearningRateSchedule(
      base: optimizer.learningRate * factor, shape: shape, warmupSteps: schedule.warmupSteps)
  }
}

extension TrainingConfiguration.Schedule {
  /// The rule of the schedule `plateau`.
  var plateauRule: PlateauRule {
    PlateauRule(
      factor: gamma, patience: patience, threshold: threshold, cooldown: cooldown, minimum: minimumLearningRate,
      isGreaterBetter: metric == .accuracy)
  }
}

extension TrainingConfiguration.EarlyStopping {
  var rule: EarlyStoppingRule {
    EarlyStoppingRule(patience: patience, minimumChange: minimumChange, isGreaterBetter: metric == .accuracy)
  }
}
