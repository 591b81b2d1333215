import DDPTrain

/// Swish with a learned β for each feature: y = x · σ(βx) (Ramachandran et al. 2017). `input` and `output` [N, …].
struct LearnedSwish<S: Scalar>: Layer {
  let outputShape: Shape
  init(shape: Shape) { outputShape = shape }

  var inputShapes: [Shape] { [outputShape] }
  var parameters: [ParameterSpecification] { [ParameterSpecification("beta", shape: outputShape, initializer: .ones)] }

  func forward(_ pass: LayerPass<S>) {
    let (x, y, beta) = (pass.input(), pass.output, pass.parameter(0))
    for i in x.indices { y[i] = x[i] * sigmoid(beta[i % beta.count] * x[i]) }
  }

  /// With s = σ(βx): ∂y/∂x = s + βx · s(1 − s), ∂y/∂β = x² · s(1 − s).
  func backward(_ pass: LayerPass<S>) {
    let (x, beta, outputGradient) = (pass.input(), pass.parameter(0), pass.outputGradient)
    let (inputGradient, betaGradient) = (pass.inputGradient(), pass.parameterGradient(0))
    for i in x.indices {
      let j = i % beta.count
      let s = sigmoid(beta[j] * x[i])
      inputGradient?[i] = outputGradient[i] * (s + beta[j] * x[i] * s * (1 - s))
      betaGradient?[j] += outputGradient[i] * x[i] * x[i] * s * (1 - s)
    }
  }

  private func sigmoid(_ z: S) -> S { 1 / (1 + S.exponential(-z)) }
}

let model = Sequential {
  Dense(128)
  Custom(LearnedSwish.init)
  Dropout(0.2)
  Dense()
}

DistributedProgram.run { ranks in
  let run = try TrainingRun(TrainArguments(CommandLine.arguments.dropFirst()), model: model, ranks: ranks)
  let result = try run.run()
  if ranks.isRoot, let accuracy = result.test?.accuracy { print("test accuracy \(accuracy)") }
  return result.exitCode
}
