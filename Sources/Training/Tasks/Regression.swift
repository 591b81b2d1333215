import Basics
import DataPipeline
import HDF5Storage
import NeuralNetwork
import NumericCore

/// Numbers. `predict` writes `/values` [N, D].
struct Regression: LearningTask {
  static let name = "regression"
  static var defaultLoss: any Loss { MeanSquaredError() }

  let loss: any Loss
  let targetCheck: any TargetCheck = FiniteNumbers()

  static func fits(_ context: TaskContext) -> Bool { context.loss.targetKind == .values }

  init(_ context: TaskContext) { loss = context.loss }

  func write(_ predictions: Predictions, to file: HDF5File) throws {
    try file.write("/values", shape: [predictions.rows, predictions.outputSize], elements: predictions.outputs)
    try predictions.nameColumns(of: "/values", in: file)
  }
}
