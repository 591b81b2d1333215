import Foundation
import NumericCore
import TestSupport
import Testing

@Suite("Kernels over vectors of floats against double")
struct VectorFunctionTests {
  /// From −20 to 20, so that every branch of the polynomials is met, more closely around zero.
  static func points(_ count: Int) -> [Float] {
    (0..<count).map { i in
      let t = count == 1 ? 0.3 : 2 * Double(i) / Double(count - 1) - 1
      return Float(20 * t * t * t)
    }
  }
  static let counts = [0, 1, 7, 15, 16, 17, 33, 4001]

  func buffer<S: Scalar>(_ values: [Float]) -> FlatBuffer<S> { FlatBuffer(values.map { S($0) }) }

  /// Calls a kernel for both types, which takes its input and writes its output, and compares within `tolerance`.
  func compare(
    _ name: String, _ values: [Float], tolerance: Double = 4e-7,
    float: (BufferView<Float>, BufferView<Float>) -> Void, double: (BufferView<Double>, BufferView<Double>) -> Void
  ) {
    let input: FlatBuffer<Float> = buffer(values), output = FlatBuffer<Float>(count: values.count)
    let exactInput: FlatBuffer<Double> = buffer(values), exact = FlatBuffer<Double>(count: values.count)
    float(input.view, output.view)
    double(exactInput.view, exact.view)
    for (i, x) in values.enumerated() {
      let error = abs(Double(output.view[i]) - exact.view[i])
      if !(error <= tolerance * max(1, abs(exact.view[i]))) {
        Issue.record("\(name)(\(x)): \(output.view[i]), in double \(exact.view[i])")
        return
      }
    }
  }

  @Test(arguments: counts)
  func activations(count: Int) {
    let values = Self.points(count)
    compare("tanh", values, float: hyperbolicTangent, double: hyperbolicTangent)
    compare("sigmoid", values, float: sigmoid, double: sigmoid)
    compare("gelu", values, float: gelu, double: gelu)
    compare("silu", values, float: sigmoidLinearUnit, double: sigmoidLinearUnit)
    compare(
      "gelu backward", values, tolerance: 1e-6,
      float: { geluBackward(input: $0, outputGradient: $0, inputGradient: $1) },
      double: { geluBackward(input: $0, outputGradient: $0, inputGradient: $1) })
    compare(
      "silu backward", values, tolerance: 1e-6,
      float: { sigmoidLinearUnitBackward(input: $0, outputGradient: $0, inputGradient: $1) },
      double: { sigmoidLinearUnitBackward(input: $0, outputGradient: $0, inputGradient: $1) })
  }

  @Test("NaN and infinity pass, and an element's bits do not depend on its place")
  func edges() {
    let input: FlatBuffer<Float> = buffer([.nan, .infinity, -.infinity, 0, 100, -100, 3])
    let output = FlatBuffer<Float>(count: 7)
    hyperbolicTangent(input.view, into: output.view)
    #expect(output.view[0].isNaN && output.view[1...5].elementsEqual([1, -1, 0, 1, -1]))
    sigmoid(input.view, into: output.view)
    #expect(output.view[0].isNaN && output.view[1] == 1 && output.view[2] < 1e-38 && output.view[3] == 0.5)
    gelu(input.view, into: output.view)
    #expect(output.view[0].isNaN && output.view[1] == .infinity && output.view[3...5].elementsEqual([0, 100, 0]))

    let values = Self.points(37)
    let all: FlatBuffer<Float> = buffer(values)
    gelu(all.view, into: all.view)
    for (i, x) in values.enumerated() {
      let single: FlatBuffer<Float> = buffer([x])
      gelu(single.view, into: single.view)
      #expect(single.view[0] == all.view[i])
    }
  }

  @Test(arguments: [1, 7, 16, 17, 48, 64], [true, false])
  func softmaxOfScores(columns: Int, isCausal: Bool) {
    let values = (0..<3 * columns * columns).map { Float(($0 * 7919) % 101) / 5 - 10 }
    for length in Set([1, max(1, columns - 3), columns]) {
      compare(
        "softmax", values,
        float: {
          copy($0, into: $1)
          attentionSoftmax(
            $1.view(first: columns * columns), columns: columns, length: length, scale: 0.7, isCausal: isCausal)
        },
        double: {
          copy($0, into: $1)
          attentionSoftmax(
            $1.view(first: columns * columns), columns: columns, length: length, scale: 0.7, isCausal: isCausal)
        })
    }
  }

  @Test("NaN in a row that softmax sees spoils that row alone")
  func softmaxOfNaN() {
    let scores: FlatBuffer<Float> = buffer([Float](repeating: 1, count: 32))
    scores.view[3] = .nan
    attentionSoftmax(scores.view, columns: 16, scale: 1, isCausal: false)
    #expect(scores.view.prefix(16).allSatisfy(\.isNaN) && scores.view.suffix(16).allSatisfy { $0 == 1 / 16 })
  }

  /// One step of a cell for three samples, of which the last has no such step.
  struct Step<S: Scalar> {
    let gates: FlatBuffer<S>, hidden: FlatBuffer<S>, state: FlatBuffer<S>, bias: FlatBuffer<S>
    let hiddenGradient: FlatBuffer<S>, stateGradient: FlatBuffer<S>, previousGradient: FlatBuffer<S>
    let step: RecurrentStep<S>

    init(units: Int) {
      func values(_ count: Int, _ substream: Int) -> FlatBuffer<S> {
        FlatBuffer(clearOfZero(count, seed: 8, substream: substream).map { S(Float(3 * $0)) })
      }
      (gates, bias) = (values(3 * 4 * units, 1), values(4 * units, 2))
      (hidden, state) = (values(3 * units, 3), values(3 * units, 4))
      (hiddenGradient, stateGradient, previousGradient) = (
        values(3 * units, 5), values(3 * units, 6), values(3 * units, 7)
      )
      step = RecurrentStep(
        gates: gates.view, gateColumns: 4 * units, hidden: hidden.view,
        previousHidden: values(3 * units, 8).keptView, stride: units, state: state.view,
        previousState: values(3 * units, 9).keptView, zeros: FlatBuffer<S>(count: units).keptView, index: 2,
        lengths: FlatBuffer<S>([3, 5, 2]).keptView)
    }

    var results: [Double] {
      [gates, hidden, state, stateGradient, previousGradient].flatMap { $0.view.map { Double($0) } }
    }
  }

  @Test("A step of a cell", arguments: [1, 7, 15, 16, 17, 33], [true, false])
  func cellStep(units: Int, isLSTM: Bool) {
    func run<S: Scalar>(_ type: S.Type) -> [Double] {
      let s = Step<S>(units: units)
      if isLSTM {
        lstmForward(s.step, bias: s.bias.view)
      } else {
        gruForward(s.step, bias: s.bias.view)
      }
      let forward = s.results
      if isLSTM {
        lstmBackward(s.step, hiddenGradient: s.hiddenGradient.view, cellGradient: s.stateGradient.view)
      } else {
        gruBackward(s.step, hiddenGradient: s.hiddenGradient.view, previousGradient: s.previousGradient.view)
      }
      return forward + s.results
    }
    for (float, double) in zip(run(Float.self), run(Double.self)) {
      #expect(abs(float - double) <= 4e-6 * max(1, abs(double)))
    }
  }
}

extension FlatBuffer {
  /// A view that outlives its owner, which is never freed: for a test's constants.
  fileprivate var keptView: BufferView<Element> {
    _ = Unmanaged.passRetained(self)
    return view
  }
}
