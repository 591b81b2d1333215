import Basics
import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore

/// A sample's own features, scaled, as they were before augmentation.
///
/// `predict` writes `/values`, scaled as the model's input is and in the shape that it reads them in.
struct Reconstruction: LearningTask {
  static let name = "reconstruction"
  static var defaultLoss: any Loss { MeanSquaredError() }

  let loss: any Loss
  let targetCheck: any TargetCheck
  let placesInImage: String? = "the features"

  static func fits(_ context: TaskContext) -> Bool { context.data.reconstructs }

  /// Whether `loss` compares numbers with numbers.
  private static func takes(_ loss: any Loss) -> Bool {
    loss.targetKind == .values || (loss.targetKind == .binary && loss.givesProbabilities)
  }

  init(_ context: TaskContext) throws {
    loss = context.loss
    targetCheck = loss.targetKind == .binary ? ClassIndices(count: 2) : FiniteNumbers()
    guard Self.takes(loss) else {
      let fitting = LossCatalog.all.names.filter { LossCatalog.all.make($0).map(Self.takes) == true }
      throw Failure.usage(
        "loss: \(loss.name) cannot be held against features; where the target is the features give one of "
          + fitting.joined(separator: ", "))
    }
    guard context.layout != .indices else {
      throw Failure.usage(
        "data.target: the model looks its features up in an embedding, where their numbers mean nothing; give labels "
          + "as the target")
    }
  }

  var needsUnitFeatures: Bool { loss.targetKind == .binary }

  func check(output: Shape, outputSize: Int, data: SplitSource) throws {
    if output.rank == 3, output[2] > 1, output != data.featureShape {
      throw Failure.usage(
        "model: gives images of \(output), but the features of a sample are \(data.featureShape), in another order; "
          + "end the model with \"flatten\" if it begins with a reshape")
    }
    try checkCount(output, expected: outputSize, data: data)
  }

  func judge(_ sample: JudgedSample, _ words: OutputWords) -> Judgement {
    var judgement = Judgement(truth: "", prediction: "loss \(shortNumber(sample.loss))")
    // Logits of yes-or-no pixels are no pixels yet.
    judgement.picture = loss.targetKind == .binary ? sample.outputs.map { 1 / (1 + .exponential(-$0)) } : sample.outputs
    return judgement
  }

  func arrays(_ predictions: Predictions) -> [PredictedArray] {
    guard loss.targetKind == .values else { return predictions.binaryArrays(of: loss) }
    return [PredictedArray("values", shape: predictions.meaning.inputShape.extents, .floats(predictions.outputs))]
  }

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) {
    guard loss.targetKind == .values else { return graph.addBinary(outputs, meaning, of: loss) }
    let shape = meaning.inputShape.extents
    graph.addOutput(
      graph.reshape(graph.channelsLast(outputs), to: shape),
      as: ONNXModel.Value("values", .float32, shape: shape, "the features, scaled as the model reads them"))
  }
}
