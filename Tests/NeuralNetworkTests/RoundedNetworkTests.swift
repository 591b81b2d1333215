import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Networks with products in bfloat16 against PyTorch")
struct RoundedNetworkTests {
  struct Fixture: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
      let layers: String
      let samples: Int
      let shape: [Int]
      let parameters: [String: [Float]], parameterGradients: [String: [Float]]
      let input: [Float], output: [Float], outputGradient: [Float], inputGradient: [Float]
      var testDescription: String { layers }
    }
    let cases: [Case]
  }

  static func cases() throws -> [Fixture.Case] { try fixture("pytorch-bfloat16.json", as: Fixture.self).cases }

  /// Outputs, gradients of the input, gradients of the parameters.
  func results(_ test: Fixture.Case, _ precision: ProductPrecision) throws -> [String: [Float]] {
    let model = try network(test.layers, inputShape: Shape(test.shape), of: Float.self, precision: precision)
    let parameters = FlatBuffer<Float>(count: model.parameterLayout.count)
    let gradients = FlatBuffer<Float>(count: parameters.count), statistics = FlatBuffer<Float>(count: 0)
    for entry in model.parameterLayout.entries {
      fill(parameters.view.view(entry.range), try #require(test.parameters[entry.name]))
    }
    let values = ModelValues(parameters: parameters.view, gradients: gradients.view, statistics: statistics.view)
    let workspace = Workspace(model: model, capacity: test.samples, values: values, differentiatesInputs: true)
    fill(workspace.input(), test.input)
    workspace.forward(samples: test.samples, mode: .evaluation, values: values)
    var results = ["output": Array(workspace.output())]
    fill(workspace.outputGradient(), test.outputGradient)
    workspace.backward(gradients: .overwrite)
    results["input gradient"] = Array(workspace.inputGradient())
    for entry in model.parameterLayout.entries { results[entry.name] = Array(gradients.view.view(entry.range)) }
    return results
  }

  /// The largest difference, in parts of the largest number.
  func difference(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count, !found.contains(where: { !$0.isFinite }) else { return .infinity }
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    return worst / (expected.map(abs).max() ?? 1)
  }

  /// The same factors are rounded to the same numbers, so that what differs is the rounding of sums in float32;
  /// products of factors that are not rounded are a hundred times as far off.
  @Test(arguments: try cases())
  func equalsPyTorch(_ test: Fixture.Case) throws {
    var expected = test.parameterGradients
    expected["output"] = test.output
    expected["input gradient"] = test.inputGradient
    let found = try results(test, .bfloat16), exact = try results(test, .float32)
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, values) in expected {
      #expect(difference(try #require(found[name]), values) <= 2e-6, "\(name)")
      // Gradients of biases that are behind all products are sums of what came in.
      if name.contains("weight") || name == "output" {
        #expect(difference(try #require(exact[name]), values) >= 2e-4, "\(name)")
      }
    }
  }
}
