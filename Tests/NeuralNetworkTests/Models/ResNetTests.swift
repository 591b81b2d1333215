import NeuralNetwork
import NumericCore
import TestSupport
import Testing

/// One forward and backward pass of the model `resnet20` against PyTorch.
@Suite("ResNet-20 against PyTorch")
struct ResNetTests {
  struct Fixture: Decodable {
    struct Summary: Decodable {
      let name: String
      let shape: [Int]
      let norm: Double
      /// The first, a middle and the last element.
      let values: [Double]
    }
    let samples: Int
    let labels: [Double]
    let loss: Double
    let logits: [Double]
    /// Of the parameters' gradients.
    let parameters: [Summary]
    let statistics: [Summary]
  }

  /// `count` values on ±1, as the fixture's script computes them: the finalizer of MurmurHash3 of i + 1000003 · lane.
  func uniform(_ count: Int, lane: Int) -> [Double] {
    (0..<count).map { index in
      var word = UInt32(truncatingIfNeeded: index + 1_000_003 * lane)
      word ^= word >> 16
      word &*= 0x85EB_CA6B
      word ^= word >> 13
      word &*= 0xC2B2_AE35
      word ^= word >> 16
      return Double(word) / 0x1p31 - 1
    }
  }

  func initialize<S: Scalar>(_ parameters: BufferView<S>, _ layout: ParameterLayout) {
    for (lane, entry) in layout.entries.enumerated() {
      var values = uniform(entry.range.count, lane: lane + 1)
      let fanIn = entry.shape.extents.dropFirst().reduce(1, *)
      let isNormWeight = entry.shape.rank == 1 && entry.name.hasSuffix("weight")
      let factor = entry.shape.rank > 1 ? (6 / Double(fanIn)).squareRoot() : 0.1
      for i in values.indices { values[i] = values[i] * factor + (isNormWeight ? 1 : 0) }
      fill(parameters.view(entry.range), values.map { S($0) })
    }
  }

  /// - Parameters:
  ///   - tolerance: of loss, logits and statistics.
  ///   - gradientTolerance: of gradients, relative to the norm of the parameter's.
  func check<S: Scalar>(_ type: S.Type, tolerance: Double, gradientTolerance: Double) throws {
    let fixture: Fixture = try fixture("pytorch-resnet20.json")
    let model = try model(#""resnet20""#, inputShape: [32, 32, 3], outputSize: 10, of: S.self)
    let (layout, statisticLayout) = (model.parameterLayout, model.statisticLayout)
    #expect(layout.entries.map(\.name) == fixture.parameters.map(\.name))
    #expect(layout.entries.map(\.shape.extents) == fixture.parameters.map(\.shape))
    #expect(layout.elementCount == 272_474)
    #expect(statisticLayout.entries.map(\.name) == fixture.statistics.map(\.name))

    let parameters = FlatBuffer<S>(count: layout.count), gradients = FlatBuffer<S>(count: layout.count)
    let statistics = FlatBuffer<S>(count: statisticLayout.count)
    let batchStatistics = FlatBuffer<S>(count: statisticLayout.count)
    initialize(parameters.view, layout)
    statisticLayout.initialize(statistics.view, seed: 1)
    let values = ModelValues(
      parameters: parameters.view, gradients: gradients.view, statistics: statistics.view,
      batchStatistics: batchStatistics.view)
    let workspace = Workspace(model: model, capacity: fixture.samples, values: values)
    fill(workspace.input(), uniform(workspace.input().count, lane: 0).map { S($0) })
    workspace.forward(samples: fixture.samples, mode: .training(random: RandomSource(seed: 1)), values: values)
    for (value, expected) in zip(workspace.output(), fixture.logits) {
      #expect(abs(Double(value) - expected) <= tolerance * max(1, abs(expected)))
    }
    let sums = withWindow(fixture.labels.map { S($0) }) {
      CrossEntropy().evaluate(
        outputs: workspace.output(), targets: $0, samples: fixture.samples, gradient: workspace.outputGradient())
    }
    #expect(abs(sums.loss / Double(fixture.samples) - fixture.loss) <= tolerance * fixture.loss)
    workspace.backward()
    model.runningStatistics.update(
      0..<statisticLayout.count, of: statistics.view, sums: batchStatistics.view, scale: 1 / S(fixture.samples))

    func compare(_ window: BufferView<S>, _ expected: Fixture.Summary, scale: Double, tolerance: Double) {
      let values = window.map { Double($0) * scale }
      let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm - expected.norm) <= tolerance * expected.norm, "norm of \(expected.name)")
      for (index, value) in zip([0, values.count / 2, values.count - 1], expected.values) {
        #expect(abs(values[index] - value) <= tolerance * expected.norm, "\(expected.name)[\(index)]")
      }
    }
    for (entry, expected) in zip(layout.entries, fixture.parameters) {
      compare(
        gradients.view.view(entry.range), expected, scale: 1 / Double(fixture.samples), tolerance: gradientTolerance
      )
    }
    for (entry, expected) in zip(statisticLayout.entries, fixture.statistics) {
      compare(statistics.view.view(entry.range), expected, scale: 1, tolerance: tolerance)
    }
    withExtendedLifetime((parameters, gradients, statistics, batchStatistics)) {}
  }

  /// Twenty layers of sums over up to 576 terms, each term rounded to 10⁻¹⁶.
  @Test func inDouble() throws { try check(Double.self, tolerance: 1e-11, gradientTolerance: 1e-10) }

  /// Roundings of 6·10⁻⁸ through the same layers; a ReLU whose input changes sign moves a gradient by more.
  @Test func inSinglePrecision() throws { try check(Float.self, tolerance: 2e-4, gradientTolerance: 5e-3) }
}
