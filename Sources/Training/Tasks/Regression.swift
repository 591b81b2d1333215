import Basics
import DataPipeline
import Interchange
import NeuralNetwork
import NumericCore

/// Numbers. `predict` writes `/values` [N, D] in the units of the data, in double where targets were scaled.
struct Regression: LearningTask {
  static let name = "regression"
  static var defaultLoss: any Loss { MeanSquaredError() }

  let loss: any Loss
  let reading: TargetReading?
  let targetCheck: any TargetCheck = FiniteNumbers()

  static func fits(_ context: TaskContext) -> Bool { context.loss.targetKind == .values }

  init(_ context: TaskContext) { (loss, reading) = (context.loss, context.reading) }

  func arrays(_ predictions: Predictions) -> [PredictedArray] {
    let meaning = predictions.meaning
    let elements: PredictedArray.Elements =
      meaning.targets.kind == .standard
      ? .doubles(meaning.targets.inverted(predictions.outputs)) : .floats(predictions.outputs)
    return [PredictedArray("values", shape: [meaning.outputSize], elements, columns: meaning.outputNames)]
  }

  static func appendOutputs(
    to graph: inout ONNXGraph, _ outputs: ONNXFlow, _ meaning: OutputMeaning, of loss: any Loss
  ) {
    let values = graph.reshape(graph.channelsLast(outputs), to: [meaning.outputSize])
    guard meaning.targets.kind == .standard else {
      return graph.addOutput(
        values, as: ONNXModel.Value("values", .float32, shape: [meaning.outputSize], "the targets"))
    }
    let inUnits = graph.unscaled(graph.cast(values, to: .float64), meaning.targets)
    graph.addOutput(
      inUnits,
      as: ONNXModel.Value("values", .float64, shape: [meaning.outputSize], "the targets, in the units of the data"))
  }
}
