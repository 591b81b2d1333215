import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Frozen parameters")
struct FreezingTests {
  /// Dense, batch normalization, tanh, dense.
  private static let model: Model<Double> = {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3])
    let first = builder.add(DenseLayer(inputSize: 3, outputSize: 4), to: input, name: "0")
    let normal = builder.add(BatchNormLayer(shape: [4]), to: first, name: "1")
    let active = builder.add(ActivationLayer(.tanh, shape: [4]), to: normal, name: "2")
    return builder.build(outputs: builder.add(DenseLayer(inputSize: 4, outputSize: 2), to: active, name: "3"))
  }()

  private struct Pass {
    var outputs: [Double] = []
    var gradients: [String: [Double]] = [:]
    var batchStatistics: [Double] = []
  }

  /// One step of training over gradients that held `mark`.
  private func pass(_ model: Model<Double>, mark: Double = 0, training: Bool = true) -> Pass {
    let samples = 5, layout = model.parameterLayout
    let parameters = FlatBuffer(clearOfZero(layout.count)), gradients = FlatBuffer<Double>(count: layout.count)
    let statistics = FlatBuffer(clearOfZero(model.statisticLayout.count, seed: 3).map { abs($0) })
    let batch = FlatBuffer<Double>(count: model.statisticLayout.count)
    gradients.view.update(repeating: mark)
    let values = ModelValues(
      parameters: parameters.view, gradients: gradients.view, statistics: statistics.view, batchStatistics: batch.view)
    let workspace = Workspace(model: model, capacity: samples, values: values)
    fill(workspace.input(), clearOfZero(3 * samples, seed: 2))
    workspace.forward(
      samples: samples, mode: training ? .training(random: RandomSource(seed: 1)) : .evaluation, values: values)
    fill(workspace.outputGradient(), clearOfZero(2 * samples, seed: 4))
    workspace.backward(gradients: .overwrite)
    return withExtendedLifetime((parameters, gradients, statistics, batch)) {
      Pass(
        outputs: Array(workspace.output()),
        gradients: Dictionary(
          uniqueKeysWithValues: layout.entries.map { ($0.name, Array(gradients.view.view($0.range))) }),
        batchStatistics: Array(batch.view))
    }
  }

  @Test("The others get the gradients that they would have had, and the frozen ones none")
  func gradients() {
    let free = pass(Self.model)
    let frozen = pass(Self.model.freezing(["0.weight", "0.bias"]), mark: .nan)
    #expect(frozen.outputs == free.outputs)
    for (name, gradient) in free.gradients where !name.hasPrefix("0.") { #expect(frozen.gradients[name] == gradient) }
    // Nobody has written there, not even zeros.
    #expect(frozen.gradients["0.weight"]?.allSatisfy(\.isNaN) == true)
  }

  @Test("A layer that learns in part has no gradient for the rest", arguments: ["weight", "bias"])
  func inPart(_ part: String) {
    let free = pass(Self.model)
    let names = ["0.\(part)", "1.\(part)"]
    let frozen = pass(Self.model.freezing(Set(names)), mark: .nan)
    for (name, gradient) in free.gradients {
      let expected = names.contains(name) ? [Double](repeating: 0, count: gradient.count) : gradient
      #expect(frozen.gradients[name] == expected, "\(name)")
    }
  }

  @Test("A frozen batch normalization computes as in evaluation and learns no statistics")
  func statistics() {
    let frozen = pass(Self.model.freezing(["1.weight", "1.bias"]))
    #expect(frozen.outputs == pass(Self.model, training: false).outputs)
    #expect(frozen.outputs != pass(Self.model).outputs)
    #expect(frozen.batchStatistics.allSatisfy { $0 == 0 })
    #expect(frozen.gradients["0.weight"] == pass(Self.model, training: false).gradients["0.weight"])
    // Whatever the sums of a step hold.
    let model = Self.model.freezing(["1.weight", "1.bias"])
    let statistics = FlatBuffer<Double>(
      [1.5, 2, 3, 4] + [Double](repeating: 9, count: model.statisticLayout.count - 4))
    let before = Array(statistics.view)
    model.runningStatistics.update(
      0..<before.count, of: statistics.view, sums: FlatBuffer<Double>(before.map { _ in Double.nan }).view, scale: 1)
    #expect(Array(statistics.view) == before)
  }

  @Test("The head is what has the last parameters on the way to the outputs")
  func head() {
    #expect(Self.model.headParameters == ["3.weight", "3.bias"])
    #expect(Self.model.freezing(["0.weight", "0.bias"]).frozenRanges.count == 2)
  }
}
