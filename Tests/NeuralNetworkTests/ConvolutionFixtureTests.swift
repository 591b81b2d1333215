import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// Forward and backward passes of PyTorch's layers; see `make_convolution_fixtures.py`.
private struct Case: Decodable, CustomTestStringConvertible {
  let kind: String
  let samples: Int
  let inputShape: [Int]
  let filters: Int
  let kernel: [Int], stride: [Int], padding: [Int], outputPadding: [Int], dilation: [Int]
  let groups: Int
  let hasBias: Bool
  let countsPadding: Bool
  let scale: Int
  let input: [Double], weight: [Double]?, bias: [Double]?
  let output: [Double], coefficients: [Double], inputGradient: [Double]
  let weightGradient: [Double]?, biasGradient: [Double]?

  static let all = Result { try fixture("pytorch-convolutions.json", as: [Case].self) }
  var testDescription: String {
    "\(kind) \(inputShape) \(filters) \(kernel) \(stride) \(padding) \(dilation) \(groups)"
  }
}

@Suite("Layers for images against PyTorch")
struct ConvolutionFixtureTests {
  @Test("In double precision, the general way", arguments: try Case.all.get())
  private func double(_ test: Case) throws {
    // The file has nine decimals.
    try check(test, Double.self, tolerance: 1e-9)
  }

  @Test("In single precision, with the direct kernels where they apply", arguments: try Case.all.get())
  private func single(_ test: Case) throws {
    // A hundred roundings of 6e-8 in sums of magnitude up to about 50.
    try check(test, Float.self, tolerance: 5e-5)
  }

  private func check<S: Scalar>(_ test: Case, _ type: S.Type, tolerance: Double) throws {
    let model = try makeModel(test, type)
    let parameters = FlatBuffer<S>(count: model.parameterLayout.count)
    let gradients = FlatBuffer<S>(count: model.parameterLayout.count)
    let values = ModelValues<S>(
      parameters: parameters.view, gradients: gradients.view, statistics: FlatBuffer<S>(count: 0).view)
    let workspace = Workspace(model: model, capacity: test.samples, values: values, differentiatesInputs: true)
    let expected = [(test.weight, test.weightGradient), (test.bias, test.biasGradient)].filter { $0.0 != nil }
    for (entry, (value, _)) in zip(model.parameterLayout.entries, expected) {
      fill(parameters.view.view(entry.range), try #require(value).map { S($0) })
    }
    fill(workspace.input(), test.input.map { S($0) })
    workspace.forward(samples: test.samples, mode: .evaluation, values: values)
    expect(workspace.output(), test.output, tolerance, "output")
    fill(workspace.outputGradient(), test.coefficients.map { S($0) })
    workspace.backward()
    expect(workspace.inputGradient(), test.inputGradient, tolerance, "input gradient")
    for (entry, (_, gradient)) in zip(model.parameterLayout.entries, expected) {
      expect(gradients.view.view(entry.range), try #require(gradient), tolerance, entry.name)
    }
  }

  private func expect<S: Scalar>(_ found: BufferView<S>, _ expected: [Double], _ tolerance: Double, _ what: String) {
    #expect(found.count == expected.count, "\(what)")
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(worst <= tolerance, "\(what)")
  }

  private func makeModel<S: Scalar>(_ test: Case, _ type: S.Type) throws -> Model<S> {
    let shape = Shape(test.kind == "conv1d" ? Array(test.inputShape.dropFirst()) : test.inputShape)
    let window = "stride: \(test.stride), padding: \(test.padding)"
    let filters = "filters: \(test.filters), groups: \(test.groups), bias: \(test.hasBias)"
    let settings =
      switch test.kind {
      case "conv2d": "\(filters), kernel: \(test.kernel), \(window), dilation: \(test.dilation)"
      case "conv1d":
        "\(filters), kernel: \(test.kernel[1]), stride: \(test.stride[1]), padding: \(test.padding)"
      case "conv_transpose2d": "\(filters), kernel: \(test.kernel), \(window), output_padding: \(test.outputPadding)"
      case "max_pool2d": "size: \(test.kernel), \(window)"
      case "average_pool2d": "size: \(test.kernel), \(window), count_padding: \(test.countsPadding)"
      case "global_average_pool", "flatten": ""
      case "upsample": "scale: \(test.scale)"
      default: throw UnknownKind(name: test.kind)
      }
    return try network("{ \(test.kind): { \(settings) } }", inputShape: shape, of: type)
  }

  private struct UnknownKind: Error { let name: String }
}
