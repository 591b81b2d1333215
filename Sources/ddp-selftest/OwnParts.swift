import DDPTrain

/// Σ_{j ≠ y} max(0, 1 − z_y + z_j)ᵖ for the label y. `outputs` [N, K], `targets` [N].
struct PowerLoss: Loss {
  /// p.
  var power = 2

  static let name = "power"
  static let summary = "a power of the distance from a margin"
  static let settings: [Setting<PowerLoss>] = [Setting("power", \.power, .atLeast(2), "p")]
  var targetKind: TargetKind { .classIndex }

  func evaluate<S: Scalar>(
    outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?
  ) -> StepScalars {
    let classes = outputs.count / max(1, samples)
    var loss: S = 0, correct = 0.0
    gradient?.update(repeating: 0)
    for sample in 0..<samples {
      let first = sample * classes, label = first + Int(targets[sample])
      var isRight = true
      for j in first..<first + classes where j != label {
        isRight = isRight && outputs[j] < outputs[label]
        let distance = 1 - outputs[label] + outputs[j]
        guard distance > 0 else { continue }
        let slope = (1..<power).reduce(S(power)) { product, _ in product * distance }
        loss += slope * distance / S(power)
        gradient?[j] += slope
        gradient?[label] -= slope
      }
      if isRight { correct += 1 }
    }
    return StepScalars(loss: Double(loss), correct: correct, samples: samples)
  }
}

/// The mean distance of the greatest logit from that of the label.
struct Miss: Metric {
  let names = ["miss"]
  let summary = "mean distance of the greatest logit from that of the label"

  func sumCount(_ task: MetricTask) -> Int { task.kind == .labels ? 1 : 0 }

  func add(outputs: BufferView<Float>, target: BufferView<Float>, task: MetricTask, to sums: BufferView<Double>) {
    let label = outputs[Int(target[0])]
    sums[0] += Double((outputs.max() ?? label) - label)
  }

  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    results.ownSums.map { .init(name: "miss", value: $0 / results.sampleCount) }
  }
}
