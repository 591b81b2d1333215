import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// Layers against PyTorch, in double and in single precision.
@Suite("Normalization against PyTorch")
struct NormalizationOracleTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Options: Decodable {
      let epsilon: Double?, momentum: Double?, alpha: Double?
      let groups: Int?
      let rectifies: Bool?, affine: Bool?
    }
    let kind: String
    let options: Options
    let samples: Int
    let shape: [Int]
    let input: [Double], output: [Double], coefficients: [Double], inputGradient: [Double]
    let parameters: [String: [Double]], gradients: [String: [Double]]
    let statistics: [String: [Double]]?, updated: [String: [Double]]?
    let evaluation: [Double]?

    var testDescription: String { "\(kind) of \(samples)×\(Shape(shape))" }

    /// The layer as a configuration describes it. A ReLU that belongs to it is a layer behind it there.
    func model<S: Scalar>(_ type: S.Type) throws -> Model<S> {
      let settings = [("epsilon", options.epsilon), ("momentum", options.momentum), ("alpha", options.alpha)]
      let given =
        settings.compactMap { key, value in value.map { "\(key): \($0)" } }
        + (options.groups.map { ["groups: \($0)"] } ?? [])
        + (options.affine.map { ["affine: \($0)"] } ?? [])
      let layers = ["{ \(kind): { \(given.joined(separator: ", ")) } }"] + (options.rectifies == true ? ["'relu'"] : [])
      return try network("[\(layers.joined(separator: ", "))]", inputShape: Shape(shape), of: type)
    }
  }

  static let training = PassMode.training(random: RandomSource(seed: 1))

  /// Runs the layer as the fixture did.
  func check<S: Scalar>(_ test: Case, _ type: S.Type, tolerance: Double) throws {
    func expect(_ values: some Sequence<S>, _ expected: [Double], _ what: String) {
      let values = values.map { Double($0) }
      #expect(values.count == expected.count, "\(what)")
      for (index, (value, expected)) in zip(values, expected).enumerated() {
        #expect(abs(value - expected) <= tolerance * max(1, abs(expected)), "\(what)[\(index)]")
      }
    }
    let model = try test.model(type)
    let (layout, statisticLayout) = (model.parameterLayout, model.statisticLayout)
    let parameters = FlatBuffer<S>(count: layout.count)
    let gradients = FlatBuffer<S>(count: layout.count)
    let statistics = FlatBuffer<S>(count: statisticLayout.count)
    let batchStatistics = FlatBuffer<S>(count: statisticLayout.count)
    func load(_ buffer: FlatBuffer<S>, _ layout: ParameterLayout, _ values: [String: [Double]]) throws {
      #expect(Set(layout.entries.map(\.name)) == Set(values.keys.map { "0.\($0)" }))
      for entry in layout.entries {
        fill(buffer.view.view(entry.range), try #require(values[String(entry.name.dropFirst(2))]).map { S($0) })
      }
    }
    try load(parameters, layout, test.parameters)
    try load(statistics, statisticLayout, test.statistics ?? [:])
    let values = ModelValues(
      parameters: parameters.view, gradients: gradients.view, statistics: statistics.view,
      batchStatistics: batchStatistics.view)
    let workspace = Workspace(model: model, capacity: test.samples, values: values, differentiatesInputs: true)
    fill(workspace.input(), test.input.map { S($0) })
    workspace.forward(samples: test.samples, mode: Self.training, values: values)
    expect(workspace.output(), test.output, "output")
    fill(workspace.outputGradient(), test.coefficients.map { S($0) })
    workspace.backward()
    expect(workspace.inputGradient(), test.inputGradient, "input gradient")
    for entry in layout.entries {
      let name = String(entry.name.dropFirst(2))
      expect(gradients.view.view(entry.range), try #require(test.gradients[name]), "gradient of \(name)")
    }
    guard let updated = test.updated, let evaluation = test.evaluation else { return }
    model.runningStatistics.update(
      0..<statisticLayout.count, of: statistics.view, sums: batchStatistics.view, scale: 1 / S(test.samples))
    for entry in statisticLayout.entries {
      let name = String(entry.name.dropFirst(2))
      expect(statistics.view.view(entry.range), try #require(updated[name]), name)
    }
    workspace.forward(samples: test.samples, mode: .evaluation, values: values)
    expect(workspace.output(), evaluation, "output in evaluation")
    withExtendedLifetime((parameters, gradients, statistics, batchStatistics)) {}
  }

  static func cases() throws -> [Case] { try fixture("pytorch-normalization.json") }

  /// Both sides compute in double; a few thousand roundings of 10⁻¹⁶ stay below the bound.
  @Test(arguments: try cases())
  func inDouble(_ test: Case) throws { try check(test, Double.self, tolerance: 1e-11) }

  /// Inputs and constants rounded to single precision, 6·10⁻⁸ each, amplified by up to some tens where gradients
  /// cancel.
  @Test(arguments: try cases())
  func inSinglePrecision(_ test: Case) throws { try check(test, Float.self, tolerance: 5e-6) }
}

@Suite("Batch normalization")
struct BatchNormTests {
  let training = PassMode.training(random: RandomSource(seed: 1))

  func model<S: Scalar>(_ layer: BatchNormLayer<S>) -> Model<S> {
    var builder = ModelBuilder<S>()
    return builder.build(outputs: builder.add(layer, to: builder.input(layer.outputShape), name: "0"))
  }

  @Test(
    "Micro-batches of three, none and one sample: means average by samples, and one value leaves the variance alone")
  func runningStatistics() {
    let model = model(BatchNormLayer<Double>(shape: [1], momentum: 0.5))
    let test = ModelUnderTest(model, samples: 3, mode: training)
    let (mean, variance) = (
      model.statisticLayout.entries[0].range.lowerBound, model.statisticLayout.entries[1].range.lowerBound
    )
    (test.statistics.view[mean], test.statistics.view[variance]) = (8, 16)
    for batch in [[1, 2, 6], [], [10]] as [[Double]] {
      fill(test.workspace.input().view(first: batch.count), batch)
      test.workspace.forward(samples: batch.count, mode: training, values: test.values)
    }
    model.runningStatistics.update(
      0..<model.statisticLayout.count, of: test.statistics.view, sums: test.batchStatistics.view, scale: 1 / 4)
    // Means 3 and 10, unbiased variances 7 and, for the single value, the running 16.
    let stepMean: Double = (3 * 3 + 10) / 4
    let stepVariance: Double = (3 * 7 + 16) / 4
    #expect(test.statistics.view[mean] == (8 + stepMean) / 2)
    #expect(test.statistics.view[variance] == (16 + stepVariance) / 2)
  }

  @Test("A single value a channel is normalized to zero, so that only the bias is left")
  func singleValue() {
    let test = ModelUnderTest(model(BatchNormLayer<Double>(shape: [10])), samples: 1, mode: training)
    test.forward()
    let bias = test.model.parameterLayout.entries[1].range
    #expect(Array(test.workspace.output()) == Array(test.parameters.view[bias]))
  }

  @Test("A mean of 10⁴ deviations costs no more digits than rounding the input to floats", arguments: [8, 3])
  func largeMean(channels: Int) {
    let (samples, positions) = (16, 64)
    let shape: Shape = [positions, channels]
    let noise = clearOfZero(samples * positions * channels)
    let input = noise.map { Float(10_000 + $0) }
    func run<S: Scalar>(_ input: [S]) -> [Double] {
      let model = model(BatchNormLayer<S>(shape: shape))
      let parameters = FlatBuffer<S>(count: model.parameterLayout.count)
      let statistics = FlatBuffer<S>(count: model.statisticLayout.count)
      model.parameterLayout.initialize(parameters.view, seed: 1)
      let values = ModelValues(parameters: parameters.view, statistics: statistics.view)
      let workspace = Workspace(model: model, capacity: samples, values: values, learns: false)
      fill(workspace.input(), input)
      workspace.forward(samples: samples, mode: training, values: values)
      return withExtendedLifetime((parameters, statistics)) { workspace.output().map { Double($0) } }
    }
    // The same rounded inputs in double: what is left is our arithmetic. The mean is rounded to a float of 10⁴, 5·10⁻⁴
    // in units of the deviation.
    let errors = zip(run(input), run(input.map { Double($0) })).map { abs($0 - $1) }
    #expect(errors.max()! < 1e-3)
  }

  @Test("NaN is not rectified away, so that the loss shows it")
  func keepsNaN() {
    let test = ModelUnderTest(model(BatchNormLayer<Double>(shape: [9], rectifies: true)), samples: 3, mode: training)
    test.input()[1] = .nan
    test.input()[8] = .nan
    test.forward()
    for (index, value) in test.workspace.output().enumerated() {
      #expect(value.isNaN == [1, 8].contains(index % 9))
    }
  }
}
