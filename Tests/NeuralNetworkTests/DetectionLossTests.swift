import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("The loss of a class and a box")
struct DetectionLossTests {
  static let classes = 3

  /// Targets of `samples` samples, their boxes clear of the outputs and of the corners of Huber's loss.
  func targets(_ samples: Int) -> [Double] {
    let boxes = clearOfZero(4 * samples, seed: 8)
    return (0..<samples).flatMap { sample -> [Double] in
      let label = Double(sample * 2 % Self.classes)
      return [label] + Array(boxes[4 * sample..<4 * sample + 4])
    }
  }

  /// A Dense layer in front lets the checker see both the loss and what it hands to backward.
  func test(samples: Int) -> ModelUnderTest {
    var builder = ModelBuilder<Double>()
    let dense = DenseLayer<Double>(inputSize: 3, outputSize: Self.classes + boxSize)
    let model = builder.build(outputs: builder.add(dense, to: builder.input([3]), name: "0"))
    return ModelUnderTest(model, samples: samples, capacity: 4)
  }

  @Test("Against central differences", arguments: [0, 1, 3], [(1.0, 10.0), (0.37, 2.5), (0.37, 0)])
  func gradient(samples: Int, options: (delta: Double, weight: Double)) {
    let loss = DetectionLoss(delta: options.delta, boxWeight: options.weight)
    #expect(test(samples: samples).mismatches(.loss(loss, targets: targets(samples))) == [])
  }

  @Test("Evaluation, which asks for no gradient, gets the bits that training gets; no sample, no loss")
  func withoutGradient() {
    let loss = DetectionLoss(delta: 0.37)
    for samples in [0, 3] {
      let test = test(samples: samples)
      let value = test.evaluate(.loss(loss, targets: targets(samples)), differentiate: false)
      #expect(value == test.evaluate(.loss(loss, targets: targets(samples)), differentiate: true))
      #expect((value == 0) == (samples == 0))
    }
  }

  @Test("By hand: the class as in cross-entropy, the box summed over its four numbers and weighted")
  func closedForm() {
    // Equal logits: log 2. Errors ½, −2, 0 and 0 with δ = 1: ⅛ + 1½.
    let (sums, gradient) = evaluate(
      DetectionLoss(delta: 1, boxWeight: 2), [3, 3, 1, 0, 0.5, 0.5] as [Double], [1, 0.5, 2, 0.5, 0.5], samples: 1)
    #expect(abs(sums.loss - (Double.logarithm(2) + 2 * 1.625)) < 1e-15)
    #expect(sums.correct == 0 && sums.weight == 1, "the first of equal logits is the prediction")
    #expect(gradient == [0.5, -0.5, 1, -2, 0, 0])
  }

  @Test("Logits of ±10,000 and far boxes are exact; what is not a number is not hidden")
  func extremes() {
    let (sums, gradient) = evaluate(
      DetectionLoss(delta: 1, boxWeight: 1), [1e4, -1e4, 1e4, 0, 0, 0] as [Float], [1, 0, 0, 0, 0], samples: 1)
    #expect(sums == StepScalars(loss: 20_000 + 9_999.5, correct: 0, samples: 1))
    #expect(gradient == [1, -1, 1, 0, 0, 0])
    for place in 0..<6 {
      var outputs: [Float] = [1, 2, 0.5, 0.5, 0.5, 0.5]
      outputs[place] = .nan
      #expect(!evaluate(DetectionLoss(), outputs, [1, 0.5, 0.5, 1, 1], samples: 1).0.loss.isFinite)
    }
  }
}
