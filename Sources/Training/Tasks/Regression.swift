import Basics
import DataPipeline
import HDF5Storage
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

  func write(_ predictions: Predictions, to file: HDF5File) throws {
    let shape = [predictions.rows, predictions.outputSize]
    if predictions.targets.kind == .standard {
      try file.write("/values", shape: shape, elements: predictions.targets.inverted(predictions.outputs))
    } else {
      try file.write("/values", shape: shape, elements: predictions.outputs)
    }
    try predictions.nameColumns(of: "/values", in: file)
  }
}
