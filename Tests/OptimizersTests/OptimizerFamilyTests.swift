import NumericCore
import Optimizers
import TestSupport
import Testing

@Suite("Optimizers over a layout of parameters")
struct OptimizerFamilyTests {
  struct Fixture: Decodable {
    struct Case: Decodable {
      let optimizer: String
      let after1: [[Float]], after10: [[Float]]
    }
    let shapes: [[Int]]
    let initial: [[Float]]
    let gradients: [[[Float]]]
    let optimizers: [String: OptimizerOptions]
    let cases: [Case]
  }

  private func update(_ name: String, _ options: OptimizerOptions, _ run: UpdateRun) throws -> ParameterUpdate {
    let settings = try options.settings(named: name)
    return ParameterUpdate(settings.rule, layout: run.layout, decaysVectors: settings.decaysBiases)
  }

  /// Ten updates of parameters up to 4 in size, each of some ten roundings of 6·10⁻⁸; the references of Lion, LARS and
  /// LAMB are in double, PyTorch's in single precision.
  @Test("After 1 and 10 steps as PyTorch or the paper's formula")
  func againstReferences() throws {
    let fixture: Fixture = try fixture("optimizers.json")
    let run = UpdateRun(shapes: fixture.shapes.map { Shape($0) })
    #expect(Set(fixture.cases.map(\.optimizer)) == Set(fixture.optimizers.keys))
    for test in fixture.cases {
      let options = try #require(fixture.optimizers[test.optimizer])
      // Gradients eight times too large under a scale of 1/8, which is exact: the scale comes before all else.
      let steps = run.steps(
        try update(test.optimizer, options, run), learningRate: Float(options.lr), initial: run.flat(fixture.initial),
        gradients: fixture.gradients.map { run.flat($0.map { $0.map { 8 * $0 } }) }, scale: 0.125)
      for (ours, expected) in [(steps[0].parameters, test.after1), (steps[9].parameters, test.after10)] {
        for (ours, expected) in zip(run.parameters(ours), expected) {
          let wrong = ours.indices.filter { !(abs(ours[$0] - expected[$0]) <= 2e-6 * max(1, abs(expected[$0]))) }
          #expect(wrong == [], "\(test.optimizer): \(wrong.map { (ours[$0], expected[$0]) })")
        }
      }
    }
  }

  /// A layer-wise sum over other pieces rounds otherwise, which the exchange avoids by fixed blocks: compare closely,
  /// not exactly.
  @Test("An update by slices is one over the whole, and alignment gaps stay zero")
  func slicesAndGaps() throws {
    let fixture: Fixture = try fixture("optimizers.json")
    let run = UpdateRun(shapes: fixture.shapes.map { Shape($0) })
    let initial = run.flat(fixture.initial)
    let gradients = fixture.gradients.map { run.flat($0) }
    for (name, options) in fixture.optimizers {
      let settings = try options.settings(named: name)
      let update = ParameterUpdate(
        settings.rule, layout: run.layout, decaysVectors: settings.decaysBiases,
        transform: GradientTransform(clipValue: 0.5, l1: 0.01, l2: 0.02), averaging: WeightAveraging(decay: 0.9))
      let whole = run.steps(update, learningRate: Float(options.lr), initial: initial, gradients: gradients)
      for cut in [1, 16, 19, 33, 40] {
        let parts = run.steps(update, learningRate: Float(options.lr), initial: initial, gradients: gradients, cut: cut)
        for (part, whole) in zip(parts, whole) {
          if update.isLayerwise {
            #expect(zip(part.parameters, whole.parameters).allSatisfy { abs($0 - $1) <= 1e-5 }, "\(name), \(cut)")
          } else {
            #expect(part.parameters == whole.parameters && part.state == whole.state, "\(name), cut at \(cut)")
          }
        }
      }
      for values in [whole[9].parameters] + whole[9].state {
        #expect(run.flat(run.parameters(values)) == values, "\(name): a gap is not zero")
      }
    }
  }

  @Test("LARS and LAMB take a plain step where a norm is zero")
  func zeroNorms() {
    let run = UpdateRun(shapes: [[2, 2]])
    let gradient = run.flat([[1, 2, 3, 4]])
    let lars = run.steps(
      ParameterUpdate(LARS(momentum: 0), layout: run.layout), learningRate: 0.5, initial: run.flat([[0, 0, 0, 0]]),
      gradients: [gradient])
    #expect(run.parameters(lars[0].parameters) == [[-0.5, -1, -1.5, -2]])
    let lamb = run.steps(
      ParameterUpdate(LAMB(weightDecay: 0), layout: run.layout), learningRate: 0.5, initial: run.flat([[1, 2, 3, 4]]),
      gradients: [run.flat([[0, 0, 0, 0]])])
    #expect(run.parameters(lamb[0].parameters) == [[1, 2, 3, 4]])
  }

  @Test func stateNamesArePyTorchs() {
    #expect(Adagrad().stateNames == ["sum"])
    #expect(RMSprop().stateNames == ["square_avg"])
    #expect(RMSprop(centered: true, momentum: 0.9).stateNames == ["square_avg", "grad_avg", "momentum_buffer"])
    #expect(Adadelta().stateNames == ["square_avg", "acc_delta"])
    #expect(NAdam().stateNames == ["exp_avg", "exp_avg_sq"])
    #expect(Lion().stateNames == ["exp_avg"])
  }
}
