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

extension Extents {
  fileprivate init(_ pair: [Int]) { self.init(height: pair[0], width: pair[1]) }
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
      parameters: parameters.window, gradients: gradients.window, statistics: FlatBuffer<S>(count: 0).window)
    let workspace = Workspace(model: model, capacity: test.samples, values: values, differentiatesInputs: true)
    let expected = [(test.weight, test.weightGradient), (test.bias, test.biasGradient)].filter { $0.0 != nil }
    for (entry, (value, _)) in zip(model.parameterLayout.entries, expected) {
      fill(parameters.window.window(entry.range), try #require(value).map { S($0) })
    }
    fill(workspace.input(), test.input.map { S($0) })
    workspace.forward(samples: test.samples, mode: .evaluation, values: values)
    expect(workspace.output(), test.output, tolerance, "output")
    fill(workspace.outputGradient(), test.coefficients.map { S($0) })
    workspace.backward()
    expect(workspace.inputGradient(), test.inputGradient, tolerance, "input gradient")
    for (entry, (_, gradient)) in zip(model.parameterLayout.entries, expected) {
      expect(gradients.window.window(entry.range), try #require(gradient), tolerance, entry.name)
    }
  }

  private func expect<S: Scalar>(_ found: Window<S>, _ expected: [Double], _ tolerance: Double, _ what: String) {
    #expect(found.count == expected.count, "\(what)")
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(worst <= tolerance, "\(what)")
  }

  private func makeModel<S: Scalar>(_ test: Case, _ type: S.Type) throws -> Model<S> {
    let shape = Shape(test.inputShape)
    let (kernel, stride, padding) = (Extents(test.kernel), Extents(test.stride), Extents(test.padding))
    switch test.kind {
    case "conv2d":
      return model(
        of: Conv2D<S>(
          inputShape: shape, filters: test.filters, kernel: kernel, stride: stride, padding: padding,
          dilation: Extents(test.dilation), groups: test.groups, hasBias: test.hasBias))
    case "conv1d":
      return model(
        of: Conv1D<S>(
          inputShape: [shape[1], shape[2]], filters: test.filters, kernel: kernel.width, stride: stride.width,
          padding: padding.width, groups: test.groups, hasBias: test.hasBias))
    case "conv_transpose2d":
      return model(
        of: ConvTranspose2D<S>(
          inputShape: shape, filters: test.filters, kernel: kernel, stride: stride, padding: padding,
          outputPadding: Extents(test.outputPadding), groups: test.groups, hasBias: test.hasBias))
    case "max_pool2d": return model(of: MaxPool2D<S>(inputShape: shape, size: kernel, stride: stride, padding: padding))
    case "average_pool2d":
      return model(
        of: AveragePool2D<S>(
          inputShape: shape, size: kernel, stride: stride, padding: padding, countsPadding: test.countsPadding))
    case "global_average_pool": return model(of: GlobalAveragePool<S>(inputShape: shape))
    case "flatten": return model(of: Flatten<S>(inputShape: shape))
    case "upsample": return model(of: Upsample<S>(inputShape: shape, scale: Extents(test.scale)))
    default: throw UnknownKind(name: test.kind)
    }
  }

  private struct UnknownKind: Error { let name: String }
}
