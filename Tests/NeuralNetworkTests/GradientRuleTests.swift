import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Overwriting gradients instead of adding to them")
struct GradientRuleTests {
  /// Two dense layers of one weight, and a third that no output depends on.
  private static let model: Model<Double> = {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3])
    let first = builder.add(DenseLayer(inputSize: 3, outputSize: 3), to: input, name: "0")
    let active = builder.add(ActivationLayer(.tanh, shape: [3]), to: first, name: "1")
    let second = builder.add(DenseLayer(inputSize: 3, outputSize: 3), to: active, name: "2", sharing: first)
    _ = builder.add(DenseLayer(inputSize: 3, outputSize: 2), to: input, name: "unread")
    return builder.build(outputs: second)
  }()

  /// The gradients after one pass over a buffer that held `initial`.
  private func gradients(_ rule: Workspace<Double>.GradientRule, samples: Int, initial: Double) -> [Double] {
    let model = Self.model, count = model.parameterLayout.count
    let parameters = FlatBuffer(clearOfZero(count)), gradients = FlatBuffer<Double>(count: count)
    gradients.view.update(repeating: initial)
    let values = ModelValues(
      parameters: parameters.view, gradients: gradients.view, statistics: FlatBuffer<Double>(count: 0).view)
    let workspace = Workspace(model: model, capacity: 4, values: values)
    fill(workspace.input().view(first: 3 * samples), clearOfZero(3 * samples, seed: 2))
    workspace.forward(samples: samples, mode: .evaluation, values: values)
    workspace.outputGradient().update(repeating: 0.5)
    workspace.backward(gradients: rule)
    return model.parameterLayout.entries.flatMap { Array(gradients.view.view($0.range)) }
  }

  @Test("Whatever stood there, shared, unread and without samples", arguments: [0, 1, 4])
  func overwrite(samples: Int) {
    let fresh = gradients(.add, samples: samples, initial: 0)
    #expect(gradients(.overwrite, samples: samples, initial: .nan) == fresh)
    #expect(gradients(.add, samples: samples, initial: 2) != fresh)
  }

  @Test("A layer's gradients are told as final before what its input gets is computed")
  func early() {
    var builder = ModelBuilder<Double>()
    let output = builder.add(DenseLayer(inputSize: 3, outputSize: 2), to: builder.input([3]), name: "0")
    let model = builder.build(outputs: output), count = model.parameterLayout.count
    let parameters = FlatBuffer(clearOfZero(count)), gradients = FlatBuffer<Double>(count: count)
    let values = ModelValues(
      parameters: parameters.view, gradients: gradients.view, statistics: FlatBuffer<Double>(count: 0).view)
    let workspace = Workspace(model: model, capacity: 4, values: values, differentiatesInputs: true)
    fill(workspace.input(), clearOfZero(12, seed: 2))
    workspace.forward(samples: 4, mode: .evaluation, values: values)
    workspace.outputGradient().update(repeating: 0.5)
    workspace.inputGradient().update(repeating: .nan)
    var events: [BackwardEvent] = [], early: [Double] = []
    workspace.backward(gradients: .overwrite) { event in
      events.append(event)
      guard event == .gradients(from: 0) else { return }
      early = Array(gradients.view)
      let isUntouched = workspace.inputGradient().allSatisfy { $0.isNaN }
      #expect(isUntouched)
    }
    #expect(events == [.gradients(from: 0), .parameters(from: 0)])
    let isFilled = !workspace.inputGradient().contains { $0.isNaN }
    #expect(early == Array(gradients.view) && isFilled)
  }
}
