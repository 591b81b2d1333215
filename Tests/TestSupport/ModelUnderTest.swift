public import NeuralNetwork
public import NumericCore

/// A model with its own buffers, filled with repeatable values that stay clear of kinks at zero, ready to be checked.
public final class ModelUnderTest {
  /// What is differentiated.
  public enum Objective {
    /// Σ cᵢyᵢ over all elements of all outputs with fixed coefficients: sees every entry of the Jacobian.
    case linear
    /// The loss of output 0, summed over the samples.
    case loss(any Loss, targets: [Double])
  }

  public let model: Model<Double>
  public let workspace: Workspace<Double>
  public let samples: Int
  public let mode: PassMode
  public let parameters: FlatBuffer<Double>
  public let gradients: FlatBuffer<Double>
  public let statistics: FlatBuffer<Double>
  public let batchStatistics: FlatBuffer<Double>
  /// False leaves out the gradients of the parameters and the batch statistics.
  public var learns = true

  /// - Parameters:
  ///   - seed: of parameters, statistics (positive) and inputs.
  ///   - capacity: of the workspace; more than `samples` shows that nothing reads beyond them.
  public init(
    _ model: Model<Double>, samples: Int, mode: PassMode = .evaluation, seed: UInt64 = 1, capacity: Int? = nil
  ) {
    self.model = model
    self.samples = samples
    self.mode = mode
    parameters = FlatBuffer(count: model.parameterLayout.count)
    gradients = FlatBuffer(count: model.parameterLayout.count)
    statistics = FlatBuffer(count: model.statisticLayout.count)
    batchStatistics = FlatBuffer(count: model.statisticLayout.count)
    workspace = Workspace(
      model: model, capacity: capacity ?? samples,
      values: ModelValues(parameters: parameters.view, statistics: statistics.view), differentiatesInputs: true)
    for (index, entry) in model.parameterLayout.entries.enumerated() {
      fill(parameters.view.view(entry.range), clearOfZero(entry.range.count, seed: seed, substream: index))
    }
    for (index, entry) in model.statisticLayout.entries.enumerated() {
      fill(
        statistics.view.view(entry.range),
        clearOfZero(entry.range.count, seed: seed, substream: 500 + index).map { abs($0) })
    }
    for index in model.inputShapes.indices {
      fill(input(index), clearOfZero(input(index).count, seed: seed, substream: 1000 + index))
    }
    for sample in 0..<samples { workspace.sampleIDs[sample] = 7 * sample + 3 }
  }

  /// Elements of input `index` that hold samples.
  public func input(_ index: Int = 0) -> BufferView<Double> {
    workspace.input(index).view(first: samples * model.inputShapes[index].elementCount)
  }

  public var values: ModelValues<Double> {
    ModelValues(
      parameters: parameters.view, gradients: learns ? gradients.view : nil, statistics: statistics.view,
      batchStatistics: learns ? batchStatistics.view : nil)
  }

  public func forward() { workspace.forward(samples: samples, mode: mode, values: values) }

  /// Runs forward and evaluates the objective, leaving its derivative in the output gradients where asked.
  public func evaluate(_ objective: Objective, differentiate: Bool) -> Double {
    forward()
    switch objective {
    case .linear:
      var sum = 0.0
      for index in model.outputShapes.indices {
        let output = workspace.output(index)
        let coefficients = clearOfZero(output.count, seed: 99, substream: index)
        for i in output.indices { sum += coefficients[i] * output[i] }
        if differentiate { fill(workspace.outputGradient(index), coefficients) }
      }
      return sum
    case .loss(let loss, let targets):
      return withWindow(targets) { targets in
        loss.evaluate(
          outputs: workspace.output(), targets: targets, samples: samples,
          gradient: differentiate ? workspace.outputGradient() : nil
        ).loss
      }
    }
  }

  /// Checks backward for every parameter and, unless `integerInputs`, every input. Gradients are poisoned or offset
  /// before backward, so that one that adds where it should overwrite, or overwrites where it should add, is found.
  public func mismatches(_ objective: Objective = .linear, integerInputs: Set<Int> = []) -> [GradientMismatch] {
    let offset = 0.5
    gradients.view.update(repeating: offset)
    _ = evaluate(objective, differentiate: true)
    for index in model.inputShapes.indices { workspace.inputGradient(index).update(repeating: .nan) }
    workspace.backward()
    let parameterGradients = gradients.view.map { $0 - offset }
    let inputGradients = model.inputShapes.indices.map { Array(workspace.inputGradient($0)) }

    var result: [GradientMismatch] = []
    for entry in model.parameterLayout.entries {
      result += DifferenceQuotient.mismatches(
        of: "parameter \(entry.name)", in: parameters.view.view(entry.range),
        analytic: Array(parameterGradients[entry.range])
      ) { evaluate(objective, differentiate: false) }
    }
    for index in model.inputShapes.indices where !integerInputs.contains(index) {
      result += DifferenceQuotient.mismatches(
        of: "input \(index)", in: input(index), analytic: inputGradients[index]
      ) { evaluate(objective, differentiate: false) }
    }
    return result
  }
}
