import NumericCore
import Optimizers
import Settings
import TestSupport
import Testing

@Suite("Parameter groups")
struct ParameterGroupTests {
  /// A matrix, a bias with a weight decay of its own, and a matrix with a rate of its own and no decay.
  private let run = UpdateRun(shapes: [[2, 2], [2], [1, 2]])

  private struct Fixture: Decodable {
    struct Case: Decodable {
      let optimizer: String
      let after: [[[Float]]]
    }
    let initial: [[Float]]
    let gradients: [[[Float]]]
    let cases: [Case]
  }

  private static let exceptions = [
    ParameterUpdate.Exception([1], weightDecay: 0.3),
    ParameterUpdate.Exception([2], rateFactor: 0.2, weightDecay: 0),
  ]

  @Test("Each group has its rate and weight decay, as PyTorch's param_groups")
  func pytorch() throws {
    let fixture = try fixture("pytorch-groups.json", as: Fixture.self)
    let rules: [String: any Optimizer] = [
      "sgd": SGD(momentum: 0.9), "adam": Adam(), "adamw": AdamW(), "rmsprop": RMSprop(),
    ]
    for item in fixture.cases {
      var rule = try #require(rules[item.optimizer])
      rule.weightDecay = 0.1
      // A group's own weight decay acts on its biases too, whatever decay_biases says of the others.
      for decaysVectors in [true, false] {
        let update = ParameterUpdate(
          [ParameterUpdate.Part(rule, range: 0..<run.layout.count, decaysVectors: decaysVectors)], layout: run.layout,
          exceptions: Self.exceptions)
        let steps = run.steps(
          update, learningRate: 0.01, initial: run.flat(fixture.initial), gradients: fixture.gradients.map(run.flat))
        for (step, expected) in zip(steps, item.after) {
          for (found, expected) in zip(run.parameters(step.parameters).joined(), expected.joined()) {
            #expect(abs(found - expected) < 2e-6, "\(item.optimizer)")
          }
        }
      }
    }
    #expect(fixture.cases.count == 4)
  }

  @Test("Frozen parameters, their averages and their state keep their bits", arguments: [0, 20])
  func frozen(cut: Int) {
    let initial: [[Float]] = [[1, -2, 0.1, 0.5], [4, -4], [3, 7]]
    let gradients = (1...3).map { step in run.flat([[1, -1, 0.5, 2], [3, Float(step)], [9, 9]]) }
    for rule in [Adam(weightDecay: 0.1), LAMB(weightDecay: 0.1), SGD(momentum: 0.9)] as [any Optimizer] {
      func steps(_ exceptions: [ParameterUpdate.Exception]) -> (parameters: [Float], state: [[Float]]) {
        let update = ParameterUpdate(
          [ParameterUpdate.Part(rule, range: 0..<run.layout.count)], layout: run.layout, exceptions: exceptions,
          transform: GradientTransform(l1: 0.1, l2: 0.1), averaging: WeightAveraging(decay: 0.9))
        return run.steps(
          update, learningRate: 0.1, initial: run.flat(initial), gradients: gradients, cut: cut)[2]
      }
      // A frozen parameter may be in a group too.
      let frozen = steps([.frozen([0, 2]), ParameterUpdate.Exception([2], rateFactor: 2)])
      let free = steps([])
      let (kept, learnt) = (run.parameters(frozen.parameters), run.parameters(free.parameters))
      #expect(kept[0] == initial[0] && kept[2] == initial[2])
      #expect(kept[1] == learnt[1] && kept[1] != initial[1] && learnt[0] != initial[0])
      for (index, state) in frozen.state.enumerated() {
        let isAverage = index == frozen.state.count - 1
        #expect(run.parameters(state)[0] == (isAverage ? initial[0] : [0, 0, 0, 0]))
        #expect(run.parameters(state)[1] == run.parameters(free.state[index])[1])
      }
    }
  }

  @Test("Groups read, are written back, and are checked")
  func settings() throws {
    let text = #"{ groups: [{ match: "head.*", learning_rate: 0.01 }, { match: [0, "b"], rate_factor: 2 }] }"#
    let settings = try OptimizerSettings.read(JSON5Parser.parse(text, file: "t"), "optimizer", .any)
    #expect(settings.groups.map { $0.match.map(\.text) } == [["head.*"], ["0", "b"]])
    #expect(settings.groups.map { $0.factor(of: 0.001) } == [0.01 / 0.001, 2])
    #expect(try OptimizerSettings.read(settings.json(.any), "optimizer", .any) == settings)
    for (group, message) in [
      ("{}", "match: expected names"), ("{ match: [] }", "match: expected names"),
      ("{ match: 'a', learning_rate: 1, rate_factor: 2 }", "rate_factor: stands beside learning_rate"),
      ("{ match: 'a', learning_rate: 0 }", "learning_rate: expected"), ("'a'", "expected { match"),
      ("{ matsch: 'a' }", "did you mean"),
    ] {
      let error = #expect(throws: SettingsError.self) {
        try OptimizerSettings.read(JSON5Parser.parse("{ groups: [\(group)] }", file: "t"), "optimizer", .any)
      }
      #expect("\(String(describing: error))".contains(message), "\(String(describing: error))")
    }
  }
}
