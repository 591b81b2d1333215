import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Sequence models of a configuration")
struct SequenceModelTests {
  static let description = """
    [
      { lstm: { units: 4, layers: 2, bidirectional: true, dropout: 0.2 } }, "positional_embedding",
      { transformer_block: { heads: 2, causal: true, dropout: 0.1 } },
      { multi_head_attention: { heads: 4, dropout: 0.3 } }, { gru: { units: 3, sequence: false } }, "dense",
    ]
    """

  @Test func names() throws {
    let model: Model<Double> = try model(Self.description, inputShape: [3, 2], outputSize: 2)
    let names = model.parameterLayout.entries.map(\.name)
    func recurrent(_ layer: Int, _ ends: [String]) -> [String] {
      ends.flatMap { end in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map { "\(layer).\($0)_\(end)" } }
    }
    var expected = recurrent(0, ["l0", "l0_reverse", "l1", "l1_reverse"])
    expected += ["1.weight", "2.ln_1.weight", "2.ln_1.bias", "2.attn.in_proj_weight", "2.attn.in_proj_bias"]
    expected += ["2.attn.out_proj.weight", "2.attn.out_proj.bias", "2.ln_2.weight", "2.ln_2.bias"]
    expected += ["2.mlp.0.weight", "2.mlp.0.bias", "2.mlp.2.weight", "2.mlp.2.bias"]
    expected += ["3.in_proj_weight", "3.in_proj_bias", "3.out_proj.weight", "3.out_proj.bias"]
    expected += recurrent(4, ["l0"]) + ["5.weight", "5.bias"]
    #expect(names == expected)
    let shapes = Dictionary(uniqueKeysWithValues: model.parameterLayout.entries.map { ($0.name, $0.shape) })
    #expect(shapes["0.weight_ih_l0"] == [16, 2] && shapes["0.weight_ih_l1_reverse"] == [16, 8])
    #expect(shapes["3.in_proj_weight"] == [24, 8] && shapes["4.weight_hh_l0"] == [9, 3])
  }

  @Test("Gradients through all kinds of sequence layers, in training", arguments: [0, 1, 2])
  func gradients(samples: Int) throws {
    let model: Model<Double> = try model(Self.description, inputShape: [3, 2], outputSize: 2)
    let test = ModelUnderTest(
      model, samples: samples, mode: .training(random: RandomSource(seed: 2)), capacity: 3)
    #expect(test.mismatches() == [])
  }

  @Test(
    "A causal model of characters says nothing about what it has not seen",
    arguments: ["char-lstm", "char-transformer"])
  func causality(name: String) throws {
    let model: Model<Double> = try model("'\(name)'", inputShape: [6], outputSize: 5)
    let test = ModelUnderTest(model, samples: 1)
    fill(test.input(), [0, 1, 2, 3, 4, 0])
    test.forward()
    let before = Array(test.workspace.output())
    test.input()[4] = 2
    test.forward()
    #expect(Array(test.workspace.output().prefix(20)) == Array(before.prefix(20)))
    #expect(Array(test.workspace.output().suffix(10)) != Array(before.suffix(10)))
  }

  /// A wrong model for samples of `input`, and what its error says.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    var input: Shape = [4, 8]
    let error: String
    var testDescription: String { text }
  }

  static let mistakes = [
    Mistake(text: "[{ transformer_block: { heads: 3 } }]", error: "expected a divisor of the width 8, found 3"),
    Mistake(
      text: "[{ multi_head_attention: {} }]",
      error: "model[0].multi_head_attention.heads: expected the number of heads, a divisor of the width 8"),
    Mistake(
      text: "['group_norm', 'dense']",
      error: "model[0].group_norm.groups: expected the number of groups, a divisor of the channels"),
    Mistake(
      text: "[{ group_norm: 3 }, 'dense']",
      error: "model[0].group_norm.groups: expected a divisor of the 32 channels, found 3"),
    Mistake(text: "[{ lstm: { layers: 2 } }, 'dense']", error: "model[0].lstm.units: expected the number of units"),
    Mistake(
      text: "[{ lstm: { units: 4, sequence: false } }, { gru: 4 }]",
      error: "model[1].gru: expected a sequence of rows (steps × features), found samples of 4"),
    Mistake(
      text: "[{ embedding: { size: 9 } }]", input: [4],
      error: "model[0].embedding.dimension: expected the length of the vectors"),
    Mistake(text: "[{ lstm: 4 }, { dense: 3 }]", error: "model: the last layer gives 4×3 outputs"),
  ]

  @Test(arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    do {
      let _: Model<Double> = try model(mistake.text, inputShape: mistake.input, outputSize: 2)
      Issue.record("no error, expected: \(mistake.error)")
    } catch {
      #expect("\(error)".contains(mistake.error), "\(error)")
    }
  }
}
