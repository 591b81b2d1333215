import Basics
import NeuralNetwork
import Optimizers

extension TrainingConfiguration {
  /// Settings that change nothing of a run, or hardly what was meant, one line each.
  ///
  /// - Parameters:
  ///   - steps: of the whole run.
  ///   - lossName: of the loss, also where the data have chosen it.
  func warnings(steps: Int, lossName: String) -> [String] {
    var warnings: [String] = []
    if schedule.referenceBatch != nil, schedule.scaling == .none {
      warnings.append(
        "schedule.reference_batch has no effect where schedule.scaling is none; give linear or square_root")
    }
    if schedule.warmupSteps >= steps, epochs > 0 {
      warnings.append(
        "schedule.warmup_steps, \(schedule.warmupSteps), are not less than the \(steps) steps of the run, which never "
          + "reaches its learning rate")
    }
    for (key, number) in epochsOfRules where number >= epochs && epochs > 0 {
      warnings.append("\(key), \(number), is not reached in a run of \(plural(epochs, "epoch"))")
    }
    if sentinel.onSpike != .none, sentinel.window >= steps, epochs > 0 {
      warnings.append(
        "sentinel.window, \(sentinel.window), is not less than the \(steps) steps of the run: no loss is ever a spike")
    }
    if let last = model.layers.last?.description {
      let doubled: [(layer: any LayerDescription.Type, losses: [String], function: String)] = [
        (Softmax.self, [CrossEntropy.name, FocalLoss.name], "softmax"),
        (Sigmoid.self, [BinaryCrossEntropy.name], "sigmoid"),
      ]
      for (layer, losses, function) in doubled where type(of: last) == layer && losses.contains(lossName) {
        warnings.append(
          "the model ends with \(layer.name), but the loss \(lossName) applies \(function) itself, so that it is "
            + "applied twice; leave the layer out")
      }
    }
    return warnings
  }

  /// Numbers of epochs after which something first happens.
  private var epochsOfRules: [(key: String, epochs: Int)] {
    var rules: [(String, Int)] = []
    switch schedule.schedule {
    case let rule as StepDecay: if let epochs = rule.stepEpochs { rules.append(("schedule.step_epochs", epochs)) }
    case let rule as MultiStepDecay:
      if let first = rule.milestones.first { rules.append(("schedule.milestones[0]", first)) }
    case let rule as Plateau: rules.append(("schedule.patience", rule.patience))
    default: break
    }
    if let earlyStopping { rules.append(("early_stopping.patience", earlyStopping.patience)) }
    return rules
  }
}
