import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Losses")
struct LossTests {
  /// Each loss with a target for each of `samples` samples of four outputs, clear of corners.
  static func cases(samples: Int) -> [(loss: any Loss, targets: [Double])] {
    let elements = clearOfZero(4 * samples, seed: 8)
    return [
      (CrossEntropy(), (0..<samples).map { Double($0 * 3 % 4) }),
      (BinaryCrossEntropy(), elements.map { $0 > 0 ? 1 : 0 }),
      (BinaryCrossEntropy(), elements.map(abs)),
      (MeanSquaredError(), elements),
      (HuberLoss(delta: 0.71), elements),
      (LogCosh(), elements.map { 3 * $0 }),
      (MeanAbsoluteError(), elements.map { 3 * $0 }),
      (
        CrossEntropy(labelSmoothing: 0.2, classWeights: [0.5, 2, 0, 1]), (0..<samples).map { Double($0 * 3 % 4) }
      ),
      (CrossEntropy(targets: .probabilities, labelSmoothing: 0.1), elements.map(abs)),
      (
        CrossEntropy(targets: .probabilities, classWeights: [0.5, 2, 0, 1]), elements.map(abs)
      ),
      (BinaryCrossEntropy(positiveWeight: [0.5, 2, 3, 1]), elements.map(abs)),
      (FocalLoss(gamma: 2), (0..<samples).map { Double($0 * 3 % 4) }),
      (FocalLoss(gamma: 0.5, alpha: [0.5, 2, 0.25, 1]), (0..<samples).map { Double($0 * 3 % 4) }),
      (Hinge(margin: 0.3), (0..<samples).map { Double($0 * 3 % 4) }),
      (BinaryHinge(margin: 0.6), elements.map { $0 > 0 ? 1 : 0 }),
    ]
  }

  /// A Dense layer in front lets the one checker see both the loss and what it hands to backward.
  func test(samples: Int) -> ModelUnderTest {
    var builder = ModelBuilder<Double>()
    let input = builder.input([3])
    let model = builder.build(outputs: builder.add(DenseLayer(inputSize: 3, outputSize: 4), to: input, name: "0"))
    return ModelUnderTest(model, samples: samples, capacity: 4)
  }

  @Test(arguments: [0, 1, 3], LossTests.cases(samples: 0).indices)
  func gradient(samples: Int, index: Int) {
    let (loss, targets) = Self.cases(samples: samples)[index]
    #expect(test(samples: samples).mismatches(.loss(loss, targets: targets)) == [])
  }

  @Test("A label at each position of a sequence: as samples, averaged", arguments: [0, 1, 3])
  func positions(samples: Int) {
    var builder = ModelBuilder<Double>()
    let input = builder.input([2, 3])
    let model = builder.build(
      outputs: builder.add(DenseLayer(inputShape: [2, 3], outputSize: 4), to: input, name: "0"))
    let test = ModelUnderTest(model, samples: samples, capacity: 4)
    let labels = (0..<2 * samples).map { Double($0 * 3 % 4) }
    #expect(test.mismatches(.loss(CrossEntropy(), targets: labels)) == [])
    test.forward()
    let outputs = Array(test.workspace.output())
    let sequence = evaluate(CrossEntropy(), outputs, labels, samples: samples)
    let single = evaluate(CrossEntropy(), outputs, labels, samples: 2 * samples)
    #expect(sequence.0 == StepScalars(loss: single.0.loss / 2, correct: single.0.correct / 2, samples: samples))
    #expect(sequence.1 == single.1.map { $0 / 2 })
  }

  @Test(
    "Evaluation, which asks for no gradient, gets the bits that training gets",
    arguments: LossTests.cases(samples: 0).indices)
  func withoutGradient(index: Int) {
    let (loss, targets) = Self.cases(samples: 3)[index]
    let test = test(samples: 3)
    #expect(
      test.evaluate(.loss(loss, targets: targets), differentiate: false)
        == test.evaluate(.loss(loss, targets: targets), differentiate: true))
  }

  @Test("No sample, no loss", arguments: LossTests.cases(samples: 0).indices)
  func empty(index: Int) {
    let (loss, targets) = Self.cases(samples: 0)[index]
    #expect(test(samples: 0).evaluate(.loss(loss, targets: targets), differentiate: true) == 0)
  }

  @Test("Cross-entropy of logits of ±10,000 is exact: the difference of two of them, or zero")
  func extremeLogits() {
    let logits: [Float] = [1e4, -1e4, 0, -1e4, 1e4, 0]
    let (sums, gradient) = evaluate(CrossEntropy(), logits, [0, 0], samples: 2)
    #expect(sums == StepScalars(loss: 20_000, correct: 1, samples: 2))
    #expect(gradient == [0, 0, 0, -1, 1, 0])
  }

  @Test func extremeBinaryLogits() {
    let (sums, gradient) = evaluate(
      BinaryCrossEntropy(), [1e4, -1e4, 1e4, -1e4] as [Float], [1, 0, 0, 1], samples: 2)
    #expect(sums == StepScalars(loss: 10_000, correct: 1, samples: 2))
    #expect(gradient == [0, 0, 0.5, -0.5])
  }

  @Test("Smoothing and weights do not spoil logits of ±10,000")
  func extremeWeightedLogits() {
    let logits: [Float] = [1e4, -1e4, 0, -1e4, 1e4, 0]
    let (sums, gradient) = evaluate(
      CrossEntropy(labelSmoothing: 0.3, classWeights: [1, 2, 4]), logits, [0, 0], samples: 2)
    // Σ w q (max − x): 0.2·20,000 + 0.4·10,000 and 0.8·20,000 + 0.4·10,000.
    #expect(abs(sums.loss - 28_000) < 0.01)
    #expect(sums.weight == 2 && sums.correct == 1)
    let expected: [Float] = [0.6, -0.2, -0.4, -0.8, 1.2, -0.4]
    for (found, expected) in zip(gradient, expected) { #expect(abs(found - expected) < 1e-6) }
  }

  @Test("The focal loss of logits of ±10,000 is that of the cross-entropy", arguments: [0.5, 2])
  func extremeFocalLogits(gamma: Double) {
    let logits: [Float] = [1e4, -1e4, 0, -1e4, 1e4, 0]
    let (sums, gradient) = evaluate(FocalLoss(gamma: gamma), logits, [0, 0], samples: 2)
    #expect(sums == StepScalars(loss: 20_000, correct: 1, samples: 2))
    #expect(gradient == [0, 0, 0, -1, 1, 0])
  }

  @Test("The log-cosh loss of errors of ±10,000 does not overflow, that of 10⁻¹⁸ does not vanish")
  func extremeLogCosh() {
    let large = evaluate(LogCosh(), [1e4, -1e4] as [Float], [0, 0], samples: 2)
    let logarithmOfTwo = 0.6931471805599453
    #expect(abs(large.0.loss - 2 * (10_000 - logarithmOfTwo)) < 0.002)
    #expect(large.1 == [1, -1])
    let small = evaluate(LogCosh(), [1e-18, -1e-18] as [Float], [0, 0], samples: 2)
    #expect(abs(small.0.loss - 1e-36) < 1e-42)
    #expect(small.1 == [1e-18, -1e-18])
  }

  @Test func extremeHingeLogits() {
    let logits: [Float] = [1e4, -1e4, 0, -1e4, 1e4, 0]
    let several = evaluate(Hinge(), logits, [0, 0], samples: 2)
    let loss: Double = (20_001 + 10_001) / 3
    let third: Float = 1 / 3
    #expect(abs(several.0.loss - loss) < 0.01)
    #expect(several.1 == [0, 0, 0, -2 * third, third, third])
    let binary = evaluate(BinaryHinge(), [1e4, -1e4, 1e4, -1e4] as [Float], [1, 0, 0, 1], samples: 4)
    #expect(binary.0 == StepScalars(loss: 20_002, correct: 2, samples: 4))
    #expect(binary.1 == [0, 0, 1, -1])
  }

  @Test func extremePositiveWeight() {
    let loss = BinaryCrossEntropy(positiveWeight: [3])
    let (sums, gradient) = evaluate(loss, [1e4, -1e4, 1e4, -1e4], [1, 0, 0, 1], samples: 4)
    #expect(sums == StepScalars(loss: 40_000, correct: 2, samples: 4))
    #expect(gradient == [0, 0, 1, -3])
  }

  @Test(
    "Soft targets are right where both choose the same class; the mean is over the samples, whatever the weights"
  )
  func softTargets() {
    let loss = CrossEntropy(targets: .probabilities, classWeights: [1, 5])
    let sums = evaluate(loss, [1, 2, 3, 1], [0.4, 0.6, 0.3, 0.7], samples: 2).0
    #expect(sums.correct == 1 && sums.weight == 2)
  }

  @Test("The weight of labelled samples is that of their labels, averaged over positions")
  func weights() {
    let loss = CrossEntropy(classWeights: [1, 5])
    #expect(evaluate(loss, [1, 2, 3, 1], [1, 0], samples: 2).0.weight == 6)
    #expect(evaluate(loss, [1, 2, 3, 1], [1, 0], samples: 1).0.weight == 3)
  }

  @Test("Blocks of the binary cross-entropy give what single elements do", arguments: [1, 5, 255, 256, 257, 600])
  func blocks(count: Int) {
    let logits = clearOfZero(count, seed: 3).map { Float(8 * $0) },
      targets = clearOfZero(count, seed: 4).map { Float(abs($0)) }
    let loss = BinaryCrossEntropy()
    let whole = evaluate(loss, logits, targets, samples: count)
    let single = (0..<count).map { evaluate(loss, [logits[$0]], [targets[$0]], samples: 1) }
    #expect(whole.0.loss == single.reduce(0) { $0 + $1.0.loss })
    #expect(whole.0.correct == single.reduce(0) { $0 + $1.0.correct })
    #expect(whole.1 == single.flatMap(\.1))
    // Three weights, which no block is a multiple of.
    let weighted = BinaryCrossEntropy(positiveWeight: [1, 2, 0.5])
    let rows = (0..<count / 3).map { 3 * $0..<3 * $0 + 3 }
    let size = 3 * rows.count
    let all = evaluate(weighted, Array(logits[..<size]), Array(targets[..<size]), samples: rows.count)
    #expect(
      all.1 == rows.flatMap { evaluate(weighted, Array(logits[$0]), Array(targets[$0]), samples: 1).1 })
  }

  @Test("A loss of several outputs is their mean; counts of correct ones are shares of a sample")
  func meanOverOutputs() {
    #expect(
      evaluate(MeanSquaredError(), [1, 2, 3, 4] as [Double], [0, 0, 0, 0], samples: 2).0.loss == (1 + 4 + 9 + 16) / 2.0)
    #expect(evaluate(HuberLoss(delta: 1), [0.5, 3] as [Double], [0, 0], samples: 1).0.loss == (0.125 + 2.5) / 2)
    #expect(evaluate(BinaryCrossEntropy(), [2, -1, 5, 1] as [Double], [1, 1, 1, 0], samples: 2).0.correct == 1)
  }

  @Test("The first of equal logits is the prediction")
  func tie() {
    #expect(evaluate(CrossEntropy(), [1, 1, 1, 1] as [Double], [0, 0], samples: 2).0.correct == 2)
  }

  @Test("A loss that is not a number is not hidden", arguments: [Float.nan, .infinity])
  func notANumber(_ value: Float) {
    #expect(!evaluate(CrossEntropy(), [0, value, 1] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(BinaryCrossEntropy(), [value] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(MeanSquaredError(), [value] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(HuberLoss(), [value] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(LogCosh(), [value] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(MeanAbsoluteError(), [value] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(CrossEntropy(labelSmoothing: 0.1), [0, value, 1] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(FocalLoss(), [0, value, 1] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(Hinge(), [0, value, 1] as [Float], [0], samples: 1).0.loss.isFinite)
    #expect(!evaluate(BinaryHinge(), [value] as [Float], [0], samples: 1).0.loss.isFinite)
  }

  @Test func softmaxOfRows() {
    let rows = output([0, 0, 1e4, -1e4] as [Double]) { softmaxRows($0, classes: 2) }
    #expect(rows == [0.5, 0.5, 1, 0])
  }
}
