import DDPTrain
import Foundation

/// Trains, evaluates and predicts with a model and a layer of this program's own, through the interface that other
/// packages use.
struct LibraryCase {
  private let runDirectory: String
  private let arguments: [String]

  /// y = x · weight, with a weight for each feature that starts at 1.
  struct Gain: Layer {
    let outputShape: Shape
    init(shape: Shape) { outputShape = shape }
    var inputShapes: [Shape] { [outputShape] }
    var parameters: [ParameterSpecification] {
      [ParameterSpecification("weight", shape: outputShape, initializer: .ones)]
    }

    func forward(_ pass: LayerPass<Float>) {
      let (input, output, weight) = (pass.input(), pass.output, pass.parameter(0))
      for i in input.indices { output[i] = input[i] * weight[i % weight.count] }
    }

    func backward(_ pass: LayerPass<Float>) {
      let (input, weight, outputGradient) = (pass.input(), pass.parameter(0), pass.outputGradient)
      let (inputGradient, weightGradient) = (pass.inputGradient(), pass.parameterGradient(0))
      for i in input.indices {
        inputGradient?[i] = outputGradient[i] * weight[i % weight.count]
        weightGradient?[i % weight.count] += outputGradient[i] * input[i]
      }
    }
  }

  static let model = Sequential {
    Dense(16)
    Residual {
      Custom(Gain.init)
      Tanh()
      Dropout(0.1)
    }
    Custom(Gain.init)
    Dense()
  }

  /// - Parameter arguments: RUN, then options of `train`.
  init(_ arguments: [String]) throws {
    guard let run = arguments.first else { throw SelfTestFailure("library: expected RUN and options of train") }
    (runDirectory, self.arguments) = (run, Array(arguments.dropFirst()))
  }

  func run(_ ranks: MPICommunicator) throws -> String {
    let train = try TrainArguments(["--run", runDirectory, "--quiet"] + arguments)
    let run = try TrainingRun(train, model: Self.model, ranks: ranks)
    let result = try run.run()
    try expect(result.exitCode == .done, "the run ended with \(result.exitCode)")

    let checkpoint = runDirectory + "/checkpoints/best.h5"
    let metrics = try EvaluationRun.metrics(
      EvaluateArguments(checkpoint: checkpoint), model: Self.model, ranks: ranks)
    guard let test = result.test, let accuracy = test.accuracy else { throw SelfTestFailure("no test figures") }
    try expect(
      metrics.loss == test.loss && metrics.accuracy == accuracy,
      "the run ended with \(test.loss) and \(accuracy), its checkpoint gives \(metrics)")
    let data = try train.configuration().data.path ?? BundledData.digits()
    try PredictionRun.run(
      PredictArguments(checkpoint: checkpoint, data: data, output: runDirectory + "/predictions.h5"),
      model: Self.model, ranks: ranks)
    return "library: test accuracy \(accuracy) over \(test.sampleCount) samples"
  }
}
