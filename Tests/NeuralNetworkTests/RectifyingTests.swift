import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// A layer computes the sum and the ReLU behind it, unless its own output is read too. Both have to give the same bits.
@Suite("Layers that compute the sum and the ReLU behind them")
struct RectifyingTests {
  /// Two convolutions, each with a ReLU, and a residual sum with one; then two residual sums behind a batch
  /// normalization, one of its input and one of another normalization.
  ///
  /// - Parameter keeps: whether the values in front of each ReLU are outputs of the model as well.
  private static func model(keeps: Bool) -> Model<Float> {
    var builder = ModelBuilder<Float>()
    var kept: [NodeReference] = []
    func rectified(_ node: NodeReference, _ name: String) -> NodeReference {
      kept.append(node)
      return builder.add(ActivationLayer(.relu, shape: node.shape), to: node, name: name)
    }
    func convolution(_ node: NodeReference, _ name: String, groups: Int = 1) -> NodeReference {
      let layer = Conv2DLayer<Float>(inputShape: node.shape, filters: 17, kernel: 3, padding: 1, groups: groups)
      return builder.add(layer, to: node, name: name)
    }
    func normalized(_ node: NodeReference, _ name: String) -> NodeReference {
      kept.append(builder.add(BatchNormLayer(shape: node.shape), to: node, name: name))
      return kept[kept.count - 1]
    }
    func sum(_ first: NodeReference, _ second: NodeReference, _ name: String) -> NodeReference {
      builder.add(AddLayer(shape: first.shape), to: first, second, name: name)
    }
    let first = rectified(convolution(builder.input([5, 7, 3]), "0"), "1")
    let second = rectified(convolution(first, "2", groups: 17), "3")
    let third = rectified(sum(second, first, "4"), "5")
    let fourth = rectified(sum(normalized(convolution(third, "6"), "7"), third, "8"), "9")
    let main = normalized(convolution(fourth, "10"), "11")
    let last = sum(main, normalized(convolution(fourth, "12"), "13"), "14")
    return builder.build(outputs: [last] + (keeps ? kept : []))
  }

  /// The first output and the gradients of all parameters.
  private func run(_ model: Model<Float>, samples: Int) -> (output: [Float], gradients: [Float]) {
    let parameters = FlatBuffer(clearOfZero(model.parameterLayout.count).map { Float($0) })
    let gradients = FlatBuffer<Float>(count: parameters.count)
    let statistics = FlatBuffer<Float>(count: model.statisticLayout.count)
    statistics.view.update(repeating: 0.5)
    let values = ModelValues(parameters: parameters.view, gradients: gradients.view, statistics: statistics.view)
    let workspace = Workspace(model: model, capacity: 3, values: values)
    let count = samples * 5 * 7 * 3
    fill(workspace.input().view(first: count), clearOfZero(count, seed: 2).map { Float($0) })
    workspace.forward(samples: samples, mode: .training(random: RandomSource(seed: 4)), values: values)
    for index in model.outputShapes.indices.dropFirst() { workspace.outputGradient(index).update(repeating: 0) }
    let gradient = workspace.outputGradient()
    fill(gradient, clearOfZero(gradient.count, seed: 3).map { Float($0) })
    workspace.backward()
    return (Array(workspace.output()), Array(gradients.view))
  }

  /// Convolutions and normalizations below and beside what learns; all learn where there are none.
  static let frozen: [Set<String>] = [
    [], ["0.weight", "0.bias", "2.weight", "2.bias"], ["13.weight", "13.bias", "12.weight", "12.bias"],
    ["7.weight", "7.bias", "6.weight", "6.bias", "2.weight", "2.bias", "0.weight", "0.bias"],
  ]

  @Test(arguments: [0, 1, 3], frozen)
  func sameBits(samples: Int, frozen: Set<String>) {
    let fused = run(Self.model(keeps: false).freezing(frozen), samples: samples)
    let plain = run(Self.model(keeps: true).freezing(frozen), samples: samples)
    #expect(fused.output == plain.output)
    #expect(fused.gradients == plain.gradients)
    if samples > 0 {
      #expect(fused.output.contains { $0 != 0 } && fused.gradients.contains { $0 != 0 })
    }
  }

  @Test func activityIsNoted() {
    func activity(_ model: Model<Float>) -> UnitActivity {
      var activity = UnitActivity()
      let parameters = FlatBuffer(clearOfZero(model.parameterLayout.count).map { Float($0) })
      let statistics = FlatBuffer<Float>(count: model.statisticLayout.count)
      let values = ModelValues(parameters: parameters.view, statistics: statistics.view)
      let workspace = Workspace(model: model, capacity: 1, values: values, learns: false)
      fill(workspace.input(), clearOfZero(5 * 7 * 3, seed: 2).map { Float($0) })
      workspace.forward(samples: 1, mode: .evaluation, values: values)
      workspace.note(in: &activity)
      return activity
    }
    let (fused, plain) = (activity(Self.model(keeps: false)), activity(Self.model(keeps: true)))
    #expect(fused.layers.map(\.name) == ["1", "3", "5", "9"])
    #expect(fused.layers.map(\.isActive) == plain.layers.map(\.isActive))
    #expect(fused.layers.map(\.observations) == [35, 35, 35, 35])
  }
}
