import NeuralNetwork
import NumericCore
import Settings
import TestSupport
import Testing

/// Every loss and option against PyTorch's, in double; and in single precision where its own arithmetic differs.
@Suite("Losses against PyTorch")
struct PyTorchLossValueTests {
  struct Fixture: Decodable {
    struct Options: Decodable {
      let labelSmoothing: Double?, classWeights: [Double]?, positiveWeight: [Double]?
      let delta: Double?, margin: Double?, gamma: Double?, alpha: [Double]?, boxWeight: Double?
    }
    struct Case: Decodable {
      let name: String, options: Options, samples: Int
      let outputs: [Double], targets: [Double]
      let loss: Double, gradient: [Double]
    }
    let cases: [Case]
  }

  /// The loss of that name, through the path of a configuration.
  func makeLoss(_ test: Fixture.Case) throws -> any Loss {
    let options = test.options
    let given: [(String, JSONValue?)] = [
      ("targets", test.name == "soft_cross_entropy" ? "probabilities" : nil),
      ("label_smoothing", options.labelSmoothing.map(JSONValue.number)),
      ("class_weights", options.classWeights.map { .array($0.map(JSONValue.number)) }),
      ("positive_weight", options.positiveWeight.map { .array($0.map(JSONValue.number)) }),
      ("delta", options.delta.map(JSONValue.number)), ("margin", options.margin.map(JSONValue.number)),
      ("gamma", options.gamma.map(JSONValue.number)),
      ("alpha", options.alpha.map { .array($0.map(JSONValue.number)) }),
      ("box_weight", options.boxWeight.map(JSONValue.number)),
    ]
    let name = test.name == "soft_cross_entropy" ? "cross_entropy" : test.name
    var reader = try SettingsReader(
      .object([.init("name", .string(name))] + given.compactMap { key, value in value.map { .init(key, $0) } }))
    let loss = try LossCatalog.all.readNamed(&reader)
    try reader.finish()
    return loss
  }

  /// Mean loss and gradient of the mean, as a training step forms them.
  func evaluate<S: Scalar>(_ test: Fixture.Case, in type: S.Type) throws -> (loss: Double, gradient: [Double]) {
    let (sums, gradient) = TestSupport.evaluate(
      try makeLoss(test), test.outputs.map { S($0) }, test.targets.map { S($0) }, samples: test.samples)
    return (sums.meanLoss, gradient.map { Double($0) / sums.weight })
  }

  func compare<S: Scalar>(_ type: S.Type, tolerance: Double) throws {
    let fixture: Fixture = try fixture("pytorch-loss-values.json")
    #expect(fixture.cases.count == 30)
    for (index, test) in fixture.cases.enumerated() {
      let result = try evaluate(test, in: type)
      #expect(abs(result.loss - test.loss) <= tolerance * max(1, abs(test.loss)), "case \(index), \(test.name)")
      let worst = zip(result.gradient, test.gradient).map { abs($0 - $1) }.max()
      #expect(worst.map { $0 <= tolerance } == true, "case \(index), \(test.name): gradient off by \(worst ?? .nan)")
    }
  }

  /// A few hundred roundings of 10⁻¹⁶ each.
  @Test func inDouble() throws { try compare(Double.self, tolerance: 1e-13) }

  /// A few dozen roundings of 6·10⁻⁸ each, of terms up to 10.
  @Test func inSingle() throws { try compare(Float.self, tolerance: 5e-6) }
}
