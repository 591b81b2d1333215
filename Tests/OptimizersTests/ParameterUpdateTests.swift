import NumericCore
import Optimizers
import TestSupport
import Testing

@Suite("Penalties, clipping by value and averaged weights")
struct ParameterUpdateTests {
  /// A matrix, which decays, and a vector, which may not.
  private let run = UpdateRun(shapes: [[1, 4], [2]])
  private let initial: [[Float]] = [[1, -2, 0, 0.5], [4, -4]]

  /// The parameters after one plain step of rate 1, minus the initial ones: the gradient that the optimizer saw.
  private func seenGradient(_ gradient: [[Float]], transform: GradientTransform, decaysVectors: Bool, scale: Float = 1)
    -> [[Float]]
  {
    let update = ParameterUpdate(SGD(), layout: run.layout, decaysVectors: decaysVectors, transform: transform)
    let after = run.steps(
      update, learningRate: 1, initial: run.flat(initial), gradients: [run.flat(gradient)], scale: scale)[0].parameters
    return zip(initial, run.parameters(after)).map { zip($0, $1).map { $0 - $1 } }
  }

  @Test("L1 adds the sign, L2 the weight, both spare biases where asked")
  func penalties() {
    let zero: [[Float]] = [[0, 0, 0, 0], [0, 0]]
    let l1 = GradientTransform(l1: 0.25)
    let l2 = GradientTransform(l2: 0.5)
    #expect(seenGradient(zero, transform: l1, decaysVectors: true) == [[0.25, -0.25, 0, 0.25], [0.25, -0.25]])
    #expect(seenGradient(zero, transform: l1, decaysVectors: false) == [[0.25, -0.25, 0, 0.25], [0, 0]])
    #expect(seenGradient(zero, transform: l2, decaysVectors: true) == [[0.5, -1, 0, 0.25], [2, -2]])
    #expect(seenGradient(zero, transform: l2, decaysVectors: false) == [[0.5, -1, 0, 0.25], [0, 0]])
  }

  @Test("Clipping by value bounds the mean gradient of the data, before the penalties")
  func clipping() {
    let gradient: [[Float]] = [[4, -4, 1, -0.5], [8, -1]]
    let clip = GradientTransform(clipValue: 1)
    #expect(
      seenGradient(gradient, transform: clip, decaysVectors: true, scale: 0.5) == [[1, -1, 0.5, -0.25], [1, -0.5]])
    let both = GradientTransform(clipValue: 1, l2: 0.5)
    #expect(
      seenGradient(gradient, transform: both, decaysVectors: false, scale: 0.5) == [[1.5, -2, 0.5, 0], [1, -0.5]])
  }

  @Test("A gradient that is no number stays visible")
  func notANumber() {
    let seen = seenGradient(
      [[.nan, 0, 0, 0], [0, 0]], transform: GradientTransform(clipValue: 1), decaysVectors: true)
    #expect(seen[0][0].isNaN && !seen[0][1].isNaN)
  }

  @Test("Averaged weights follow the closed form")
  func averaging() {
    let update = ParameterUpdate(SGD(), layout: run.layout, averaging: WeightAveraging(decay: 0.25))
    let gradient = run.flat([[1, 1, 1, 1], [1, 1]])
    let steps = run.steps(
      update, learningRate: 0.5, initial: run.flat(initial), gradients: Array(repeating: gradient, count: 5))
    #expect(update.stateNames == ["ema"])
    // (1 + t) / (10 + t) is 2/11 and 3/12 in the first two steps, then above the limit of 1/4.
    var expected = 1.0
    var weight = 1.0
    for (index, decay) in [2.0 / 11, 0.25, 0.25, 0.25, 0.25].enumerated() {
      weight -= 0.5
      expected = decay * expected + (1 - decay) * weight
      #expect(abs(Double(steps[index].state[0][0]) - expected) < 1e-6)
    }
  }

  /// The matrix by one optimizer, the vector by another at twice the rate, against each alone.
  @Test("Parts have optimizers, rates and state of their own", arguments: [0, 2])
  func parts(cut: Int) {
    let boundary = run.layout.entries[1].range.lowerBound
    let gradients = (1...4).map { step in run.flat([[1, -1, 0.5, 2].map { $0 / Float(step) }, [3, -0.25]]) }
    let cases: [(any Optimizer, any Optimizer, state: [String])] = [
      (SGD(momentum: 0.9), Adam(), ["momentum_buffer", "exp_avg", "exp_avg_sq"]),
      (LAMB(), Adam(), ["exp_avg", "exp_avg_sq"]), (RMSprop(), LARS(momentum: 0.9), ["square_avg", "momentum_buffer"]),
    ]
    for (first, second, state) in cases {
      func steps(_ update: ParameterUpdate, rate: Float = 0.5) -> [[Float]] {
        let steps = run.steps(
          update, learningRate: rate, initial: run.flat(initial), gradients: gradients,
          cut: update.isLayerwise ? 0 : cut)
        return run.parameters(steps[3].parameters)
      }
      let update = ParameterUpdate(
        [
          ParameterUpdate.Part(first, range: 0..<boundary),
          ParameterUpdate.Part(second, range: boundary..<run.layout.count, rateFactor: 2, decaysVectors: false),
        ], layout: run.layout)
      #expect(update.stateNames == state)
      let found = steps(update)
      #expect(found[0] == steps(ParameterUpdate(first, layout: run.layout))[0])
      #expect(found[1] == steps(ParameterUpdate(second, layout: run.layout, decaysVectors: false), rate: 1)[1])
    }
  }
}
