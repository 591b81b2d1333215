import DDPTrain

/// Σⱼ (pⱼ − qⱼ)² for p = softmax(z) and q = 1 at the label: Brier's score (1950), which punishes a wrong answer less
/// than the cross-entropy does. `outputs` [N, K], `targets` [N].
struct BrierLoss: Loss {
  static let name = "brier"
  static let summary = "squared distance of the probabilities from the label"
  var targetKind: TargetKind { .classIndex }

  /// ∂/∂zⱼ = 2 pⱼ (dⱼ − Σᵢ dᵢ pᵢ) for d = p − q.
  func evaluate<S: Scalar>(outputs: BufferView<S>, targets: BufferView<S>, samples: Int, gradient: BufferView<S>?)
    -> StepScalars
  {
    let classes = outputs.count / max(1, samples)
    var loss: S = 0, correct = 0.0
    for sample in 0..<samples {
      let row = sample * classes..<(sample + 1) * classes, label = Int(targets[sample])
      let p = softmax(outputs[row])
      let d = p.indices.map { p[$0] - ($0 == label ? 1 : 0) }
      let mean = zip(d, p).reduce(0) { $0 + $1.0 * $1.1 }
      loss += d.reduce(0) { $0 + $1 * $1 }
      if p.firstIndex(of: p.max() ?? 0) == label { correct += 1 }
      for (j, i) in row.enumerated() { gradient?[i] = 2 * p[j] * (d[j] - mean) }
    }
    return StepScalars(loss: Double(loss), correct: correct, samples: samples)
  }
}

/// The mean probability that is given to the label.
struct Certainty: Metric {
  let names = ["certainty"]
  let summary = "mean probability of the label"
  func sumCount(_ task: MetricTask) -> Int { task.kind == .labels ? 1 : 0 }
  func add(outputs: BufferView<Float>, target: BufferView<Float>, task: MetricTask, to sums: BufferView<Double>) {
    sums[0] += Double(softmax(outputs[...])[Int(target[0])])
  }
  func figures(_ results: SplitResults) -> [MetricReport.Figure] {
    results.ownSums.map { .init(name: "certainty", value: $0 / results.sampleCount) }
  }
}

func softmax<S: Scalar>(_ z: Slice<BufferView<S>>) -> [S] {
  let greatest = z.max() ?? 0, powers = z.map { S.exponential($0 - greatest) }, sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}

let own = Extensions(losses: [BrierLoss.self], metrics: [Certainty()])
DistributedProgram.run { ranks in
  var configuration = TrainingConfiguration()
  (configuration.data.validation, configuration.epochs, configuration.quiet) = (0.1, 3, true)
  configuration.loss.value = BrierLoss()
  configuration.metrics = ["certainty"]
  for rate in [0.0003, 0.001, 0.003] {
    configuration.optimizer.learningRate = rate
    let result = try TrainingRun(configuration, extensions: own, writesFiles: false, ranks: ranks).run()
    guard result.exitCode == .done, let last = result.epochs.last?.validation else { return result.exitCode }
    if ranks.isRoot { print("rate \(rate): accuracy \(last.accuracy ?? 0), certainty \(last["certainty"] ?? 0)") }
  }
  return .done
}
