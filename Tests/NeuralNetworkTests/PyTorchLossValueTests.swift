import NeuralNetwork
import NumericCore
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

  func makeLoss<S: Scalar>(_ name: String, _ options: Fixture.Options, of type: S.Type) -> (any Loss<S>)? {
    switch name {
    case "cross_entropy":
      SoftmaxCrossEntropy(labelSmoothing: options.labelSmoothing ?? 0, classWeights: options.classWeights)
    case "soft_cross_entropy":
      SoftmaxCrossEntropy(
        targets: .classDistribution, labelSmoothing: options.labelSmoothing ?? 0, classWeights: options.classWeights)
    case "binary_cross_entropy": BinaryCrossEntropy(positiveWeights: options.positiveWeight ?? [1])
    case "mse": MeanSquaredError()
    case "mae": MeanAbsoluteError()
    case "huber": HuberLoss(delta: options.delta ?? 1)
    case "hinge": MultiClassHinge(margin: options.margin ?? 1)
    case "binary_hinge": BinaryHinge(margin: options.margin ?? 1)
    case "detection": DetectionLoss(delta: options.delta ?? 1, boxWeight: options.boxWeight ?? 10)
    case "focal": FocalLoss(gamma: options.gamma ?? 2, alpha: options.alpha)
    default: nil
    }
  }

  /// Mean loss and gradient of the mean, as a training step forms them.
  func evaluate<S: Scalar>(_ loss: any Loss<S>, _ test: Fixture.Case) -> (loss: Double, gradient: [Double]) {
    let (sums, gradient) = TestSupport.evaluate(
      loss, test.outputs.map { S($0) }, test.targets.map { S($0) }, samples: test.samples)
    let weight = sums.weight ?? Double(test.samples)
    return (sums.loss / weight, gradient.map { Double($0) / weight })
  }

  func compare<S: Scalar>(_ type: S.Type, tolerance: Double) throws {
    let fixture: Fixture = try fixture("pytorch-loss-values.json")
    #expect(fixture.cases.count == 28)
    for (index, test) in fixture.cases.enumerated() {
      let result = evaluate(try #require(makeLoss(test.name, test.options, of: type)), test)
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
