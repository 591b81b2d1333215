import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Losses")
struct LossTests {
  /// Each loss with a target for each of `samples` samples of four outputs, clear of Huber's corner.
  static func cases(samples: Int) -> [(loss: any Loss<Double>, targets: [Double])] {
    let elements = clearOfZero(4 * samples, seed: 8)
    return [
      (SoftmaxCrossEntropy(), (0..<samples).map { Double($0 * 3 % 4) }),
      (BinaryCrossEntropy(), elements.map { $0 > 0 ? 1 : 0 }),
      (BinaryCrossEntropy(), elements.map(abs)),
      (MeanSquaredError(), elements),
      (HuberLoss(delta: 0.71), elements),
    ]
  }

  /// A Dense layer in front lets the one checker see both the loss and what it hands to backward.
  func test(samples: Int) -> ModelUnderTest {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3])
    let model = builder.build(outputs: builder.add(Dense(inputSize: 3, outputSize: 4), to: input, name: "0"))
    return ModelUnderTest(model, samples: samples, capacity: 4)
  }

  @Test(arguments: [0, 1, 3], 0..<5)
  func gradient(samples: Int, index: Int) {
    let (loss, targets) = Self.cases(samples: samples)[index]
    #expect(test(samples: samples).mismatches(.loss(loss, targets: targets)) == [])
  }

  @Test("A label at each position of a sequence: as samples, averaged", arguments: [0, 1, 3])
  func positions(samples: Int) {
    var builder = ModelBuilder<Double>()
    let input = builder.input([2, 3])
    let model = builder.build(outputs: builder.add(Dense(inputShape: [2, 3], outputSize: 4), to: input, name: "0"))
    let test = ModelUnderTest(model, samples: samples, capacity: 4)
    let labels = (0..<2 * samples).map { Double($0 * 3 % 4) }
    #expect(test.mismatches(.loss(SoftmaxCrossEntropy(), targets: labels)) == [])
    test.forward()
    let outputs = Array(test.workspace.output())
    let sequence = evaluate(SoftmaxCrossEntropy(), outputs, labels, samples: samples)
    let single = evaluate(SoftmaxCrossEntropy(), outputs, labels, samples: 2 * samples)
    #expect(sequence.0 == LossSums(loss: single.0.loss / 2, correct: single.0.correct.map { $0 / 2 }))
    #expect(sequence.1 == single.1.map { $0 / 2 })
  }

  @Test("Evaluation, which asks for no gradient, gets the bits that training gets", arguments: 0..<5)
  func withoutGradient(index: Int) {
    let (loss, targets) = Self.cases(samples: 3)[index]
    let test = test(samples: 3)
    #expect(
      test.evaluate(.loss(loss, targets: targets), differentiate: false)
        == test.evaluate(.loss(loss, targets: targets), differentiate: true))
  }

  @Test("No sample, no loss", arguments: 0..<5)
  func empty(index: Int) {
    let (loss, targets) = Self.cases(samples: 0)[index]
    #expect(test(samples: 0).evaluate(.loss(loss, targets: targets), differentiate: true) == 0)
  }

  func evaluate<S: Scalar>(_ loss: some Loss<S>, _ outputs: [S], _ targets: [S], samples: Int) -> (LossSums, [S]) {
    var sums = LossSums(loss: .nan)
    let gradient = output([S](repeating: .nan, count: outputs.count)) { gradient in
      withWindow(outputs) { outputs in
        withWindow(targets) { targets in
          sums = loss.evaluate(outputs: outputs, targets: targets, samples: samples, gradient: gradient)
        }
      }
    }
    return (sums, gradient)
  }

  @Test("Cross-entropy of logits of ±10,000 is exact: the difference of two of them, or zero")
  func extremeLogits() {
    let logits: [Float] = [1e4, -1e4, 0, -1e4, 1e4, 0]
    let (sums, gradient) = evaluate(SoftmaxCrossEntropy<Float>(), logits, [0, 0], samples: 2)
    #expect(sums == LossSums(loss: 20_000, correct: 1))
    #expect(gradient == [0, 0, 0, -1, 1, 0])
  }

  @Test func extremeBinaryLogits() {
    let (sums, gradient) = evaluate(
      BinaryCrossEntropy<Float>(), [1e4, -1e4, 1e4, -1e4], [1, 0, 0, 1], samples: 2)
    #expect(sums == LossSums(loss: 10_000, correct: 1))
    #expect(gradient == [0, 0, 0.5, -0.5])
  }

  @Test("A loss of several outputs is their mean; counts of correct ones are shares of a sample")
  func meanOverOutputs() {
    #expect(
      evaluate(MeanSquaredError<Double>(), [1, 2, 3, 4], [0, 0, 0, 0], samples: 2).0.loss == (1 + 4 + 9 + 16) / 2.0)
    #expect(evaluate(HuberLoss<Double>(delta: 1), [0.5, 3], [0, 0], samples: 1).0.loss == (0.125 + 2.5) / 2)
    #expect(evaluate(BinaryCrossEntropy<Double>(), [2, -1, 5, 1], [1, 1, 1, 0], samples: 2).0.correct == 1)
  }

  @Test("The first of equal logits is the prediction")
  func tie() {
    #expect(evaluate(SoftmaxCrossEntropy<Double>(), [1, 1, 1, 1], [0, 1], samples: 2).0.correct == 1)
  }

  @Test("A loss that is not a number is not hidden", arguments: [Float.nan, .infinity])
  func notANumber(_ value: Float) {
    #expect(!evaluate(SoftmaxCrossEntropy<Float>(), [0, value, 1], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(BinaryCrossEntropy<Float>(), [value], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(MeanSquaredError<Float>(), [value], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(HuberLoss<Float>(), [value], [0], samples: 1).0.loss.isFinite)
  }

  @Test func softmaxOfRows() {
    let rows = output([0, 0, 1e4, -1e4] as [Double]) { softmaxRows($0, classes: 2) }
    #expect(rows == [0.5, 0.5, 1, 0])
  }
}
