import NumericCore
import Optimizers
import TestSupport
import Testing

@Suite("Optimizer steps")
struct OptimizerStepTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let optimizer: String
      let after1: [Float], after10: [Float]
    }
    let initial: [Float]
    let gradients: [[Float]]
    let optimizers: [String: OptimizerOptions]
    let cases: [Case]
  }

  /// Runs all the steps over the given slices of the parameters, in any order, and returns what each step left.
  func run(
    _ optimizer: any Optimizer, learningRate: Float, _ initial: [Float], _ gradients: [[Float]], scale: Float = 1,
    slices: [Range<Int>]? = nil
  ) -> [[Float]] {
    let parameters = FlatBuffer<Float>(initial)
    let buffers = optimizer.stateNames.map { _ in FlatBuffer<Float>(count: initial.count) }
    let state = FlatState(parameters: parameters.view, buffers: buffers.map(\.view))
    let steps = gradients.enumerated().map { index, gradient in
      withWindow(gradient) { gradient in
        for slice in slices ?? [0..<initial.count] {
          optimizer.update(
            slice, of: state, gradient: gradient,
            step: StepHyperparameters(number: index + 1, learningRate: learningRate, gradientScale: scale))
        }
      }
      return Array(parameters.view)
    }
    withExtendedLifetime((parameters, buffers)) {}
    return steps
  }

  /// A parameter of size up to 4 takes at most 10 updates of some six roundings of 6·10⁻⁸ each: about 4·10⁻⁶ in the
  /// worst case; errors of both sides are random, so 10⁻⁶ of max(1, |θ|) holds with room.
  @Test("After 1 and 10 steps as PyTorch")
  func againstPyTorch() throws {
    let fixture: Fixture = try fixture("pytorch-optimizers.json")
    #expect(fixture.cases.count == fixture.optimizers.count)
    for test in fixture.cases {
      let options = try #require(fixture.optimizers[test.optimizer])
      // Gradients eight times too large under a scale of 1/8, which is exact: the scale comes before weight decay.
      let steps = run(
        try options.settings(named: test.optimizer).rule, learningRate: Float(options.lr), fixture.initial,
        fixture.gradients.map { $0.map { 8 * $0 } }, scale: 0.125)
      for (ours, expected) in [(steps[0], test.after1), (steps[9], test.after10)] {
        let wrong = ours.indices.filter { !(abs(ours[$0] - expected[$0]) <= 1e-6 * max(1, abs(expected[$0]))) }
        #expect(wrong == [], "\(test.optimizer): \(wrong.map { (ours[$0], expected[$0]) })")
      }
    }
  }

  static let optimizers: [any Optimizer] = [
    SGD(), SGD(momentum: 0.9), SGD(momentum: 0.9, nesterov: true, weightDecay: 0.1), Adam(), Adam(weightDecay: 0.1),
    AdamW(weightDecay: 0.1), Adagrad(weightDecay: 0.1), RMSprop(),
    RMSprop(centered: true, momentum: 0.9), Adadelta(), NAdam(weightDecay: 0.1), Lion(weightDecay: 0.1),
  ]

  @Test("An update by slices gives the bits of one over the whole", arguments: optimizers.indices)
  func slices(index: Int) throws {
    let fixture: Fixture = try fixture("pytorch-optimizers.json")
    let optimizer = Self.optimizers[index]
    let whole = run(optimizer, learningRate: 0.1, fixture.initial, fixture.gradients)
    for cut in [1, 16, 19, 36] {
      let parts = run(
        optimizer, learningRate: 0.1, fixture.initial, fixture.gradients, slices: [cut..<37, 0..<0, 0..<cut])
      #expect(parts == whole)
    }
  }

  @Test("Alignment gaps stay zero", arguments: optimizers.indices)
  func zeroStaysZero(index: Int) {
    let zeros = [Float](repeating: 0, count: 5)
    #expect(
      run(Self.optimizers[index], learningRate: 0.1, zeros, [zeros, zeros, zeros])
        == [zeros, zeros, zeros])
  }

  @Test func stateNamesArePyTorchs() {
    #expect(SGD().stateNames == [])
    #expect(SGD(momentum: 0.9).stateNames == ["momentum_buffer"])
    #expect(Adam().stateNames == ["exp_avg", "exp_avg_sq"])
  }
}
