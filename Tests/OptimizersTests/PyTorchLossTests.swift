import NeuralNetwork
import NumericCore
import Optimizers
import TestSupport
import Testing

/// Whole training steps against PyTorch: equal initial weights, equal batches, equal losses.
@Suite("Losses of 50 steps against PyTorch")
struct PyTorchLossTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let loss: String, optimizer: String, activation: String
      let clipNorm: Double?
      let losses: [Double]
    }
    let parameters: [String: [Float]]
    let inputs: [[Float]]
    let targets: [String: [[Float]]]
    let optimizers: [String: OptimizerOptions]
    let cases: [Case]
  }

  static let activations: [String: ActivationLayer<Float>.Function] = [
    "relu": .relu, "leaky_relu": .leakyReLU(slope: 0.1), "tanh": .tanh, "sigmoid": .sigmoid, "gelu": .gelu,
  ]
  static let losses: [String: any Loss] = [
    "cross_entropy": CrossEntropy(), "binary_cross_entropy": BinaryCrossEntropy(), "mse": MeanSquaredError(),
    "huber": HuberLoss(delta: 0.75),
  ]

  /// 12-16-8-4, its parameters named as in a `torch.nn.Sequential` of Linear and activation in turn.
  func network(_ function: ActivationLayer<Float>.Function) -> Model<Float> {
    var builder = ModelBuilder<Float>()
    var node = builder.input([12])
    for (index, size) in [16, 8, 4].enumerated() {
      if index > 0 {
        node = builder.add(ActivationLayer(function, shape: node.shape), to: node, name: "\(2 * index - 1)")
      }
      node = builder.add(DenseLayer(inputSize: node.shape[0], outputSize: size), to: node, name: "\(2 * index)")
    }
    return builder.build(outputs: node)
  }

  /// The loss before each of `steps` updates, each as a distributed run makes it: gradients summed over samples,
  /// divided once by their number and clipped on the way into the optimizer.
  func train(_ test: Fixture.Case, _ fixture: Fixture) throws -> [Double] {
    let model = network(try #require(Self.activations[test.activation]))
    let loss = try #require(Self.losses[test.loss])
    let options = try #require(fixture.optimizers[test.optimizer])
    let optimizer = try options.settings(named: test.optimizer).rule
    let samples = 8
    let layout = model.parameterLayout
    let parameters = FlatBuffer<Float>(count: layout.count)
    let gradients = FlatBuffer<Float>(count: layout.count)
    let buffers = optimizer.stateNames.map { _ in FlatBuffer<Float>(count: layout.count) }
    let state = FlatState(parameters: parameters.view, buffers: buffers.map(\.view))
    for entry in layout.entries {
      fill(parameters.view.view(entry.range), try #require(fixture.parameters[entry.name]))
    }
    let values = ModelValues(
      parameters: parameters.view, gradients: gradients.view, statistics: FlatBuffer<Float>(count: 0).view)
    let workspace = Workspace(model: model, capacity: samples, values: values)

    let result = try test.losses.indices.map { index in
      let batch = index % fixture.inputs.count
      fill(workspace.input(), fixture.inputs[batch])
      gradients.view.update(repeating: 0)
      workspace.forward(samples: samples, mode: .training(random: RandomSource(seed: 1)), values: values)
      let targets = try #require(fixture.targets[test.loss])[batch]
      let sums = withWindow(targets) {
        loss.evaluate(
          outputs: workspace.output(), targets: $0, samples: samples, gradient: workspace.outputGradient())
      }
      workspace.backward()
      var scale = 1 / Double(samples)
      if let clip = test.clipNorm {
        let norm = sumOfSquares(gradients.view).squareRoot() / Double(samples)
        scale *= min(1, clip / (norm + 1e-6))
      }
      optimizer.update(
        0..<layout.count, of: state, gradient: gradients.view,
        step: StepHyperparameters(number: index + 1, learningRate: Float(options.lr), gradientScale: Float(scale)))
      return sums.loss / Double(samples)
    }
    withExtendedLifetime((parameters, gradients, buffers)) {}
    return result
  }

  @Test func coversEveryLossOptimizerAndActivation() throws {
    let fixture: Fixture = try fixture("pytorch-losses.json")
    for loss in Self.losses.keys {
      #expect(
        Set(fixture.cases.filter { $0.loss == loss }.map(\.optimizer)) == Set(fixture.optimizers.keys))
    }
    #expect(Set(fixture.cases.map(\.activation)) == Set(Self.activations.keys))
    #expect(fixture.cases.contains { $0.clipNorm != nil })
  }

  /// Single precision carries a relative error of 6·10⁻⁸ an operation; summing in another order than PyTorch's kernels
  /// moves a loss by some 10⁻⁷, and training amplifies it: hence 10⁻⁵ over the first 10 steps and 10⁻⁴ over all 50.
  @Test func sameLosses() throws {
    let fixture: Fixture = try fixture("pytorch-losses.json")
    for test in fixture.cases {
      let losses = try train(test, fixture)
      let wrong = losses.indices.first { index in
        !(abs(losses[index] - test.losses[index]) <= (index < 10 ? 1e-5 : 1e-4) * test.losses[index])
      }
      if let wrong {
        Issue.record(
          """
          \(test.loss), \(test.optimizer), \(test.activation), step \(wrong + 1): \(losses[wrong]), \
          PyTorch \(test.losses[wrong])
          """)
      }
    }
  }
}
