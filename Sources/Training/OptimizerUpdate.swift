import Collectives
import NeuralNetwork
import NumericCore
import Optimizers

/// The update of one step: optimizer and all that goes with it on the parameters, the model's moving averages on the running
/// statistics.
struct OptimizerUpdate: StepUpdate {
  let model: Model<Float>
  let parameterUpdate: ParameterUpdate
  let state: ParameterUpdate.State
  let statistics: Window<Float>
  let step: Int
  let learningRate: Double
  let clipNorm: Double?

  func updateParameters(_ range: Range<Int>, gradient: Window<Float>, scale: Float) {
    parameterUpdate.update(range, of: state, gradient: gradient, rule: rule(scale))
  }

  func prepareParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float
  ) -> (parameter: Double, gradient: Double) {
    parameterUpdate.prepare(piece, of: state, gradient: gradient, rule: rule(scale))
  }

  func updateParameters(
    _ piece: Range<Int>, gradient: Window<Float>, scale: Float, sums: (parameter: Double, gradient: Double)
  ) {
    parameterUpdate.update(piece, of: state, gradient: gradient, rule: rule(scale), squares: sums)
  }

  func updateStatistics(_ range: Range<Int>, sums: Window<Float>, scale: Float) {
    model.updateStatistics(range, of: statistics, sums: sums, scale: scale)
  }

  private func rule(_ scale: Float) -> StepRule {
    StepRule(step: step, learningRate: Float(learningRate), gradientScale: scale)
  }
}
