import Configuration
import NeuralNetwork
import NumericCore
import TestSupport
import Testing
import Training

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
    let recurrent = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    #expect(
      names == ["l0", "l0_reverse", "l1", "l1_reverse"].flatMap { end in recurrent.map { "0.\($0)_\(end)" } }
        + ["1.weight", "2.ln_1.weight", "2.ln_1.bias", "2.attn.in_proj_weight", "2.attn.in_proj_bias"]
        + ["2.attn.out_proj.weight", "2.attn.out_proj.bias", "2.ln_2.weight", "2.ln_2.bias"]
        + ["2.mlp.0.weight", "2.mlp.0.bias", "2.mlp.2.weight", "2.mlp.2.bias"]
        + ["3.in_proj_weight", "3.in_proj_bias", "3.out_proj.weight", "3.out_proj.bias"]
        + recurrent.map { "4.\($0)_l0" } + ["5.weight", "5.bias"])
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

  @Test("Models by name", arguments: [
    // 4·128 · (28 + 128 + 2) and a dense layer of 10.
    ("lstm", Shape([28, 28]), 10, Shape([10]), 80_896 + 1290),
    // 65·64; 4·256 · (64 + 256 + 2) and 4·256 · (256 + 256 + 2); 65·257.
    ("char-lstm", [64], 65, [64, 65], 4160 + 329_728 + 526_336 + 16_705),
    // 65·128 twice and 64·128; four blocks of 2·256 + 4·128·129 + 128·512·2 + 640; the last norm.
    ("char-transformer", [64], 65, [64, 65], 16_640 + 8192 + 4 * 198_272 + 256),
  ])
  func named(name: String, input: Shape, classes: Int, output: Shape, count: Int) throws {
    let model: Model<Double> = try model("'\(name)'", inputShape: input, outputSize: classes)
    #expect(model.inputShapes == [input])
    #expect(model.outputShapes == [output])
    #expect(model.parameterLayout.elementCount == count)
  }

  @Test("A causal model of characters says nothing about what it has not seen", arguments: ["char-lstm", "char-transformer"])
  func causality(name: String) throws {
    let test = ModelUnderTest(try model("'\(name)'", inputShape: [6], outputSize: 5), samples: 1)
    fill(test.input(), [0, 1, 2, 3, 4, 0])
    test.forward()
    let before = Array(test.workspace.output())
    test.input()[4] = 2
    test.forward()
    #expect(Array(test.workspace.output().prefix(20)) == Array(before.prefix(20)))
    #expect(Array(test.workspace.output().suffix(10)) != Array(before.suffix(10)))
  }

  @Test(arguments: [
    ("[{ transformer_block: { heads: 3 } }]", Shape([4, 8]), "expected a divisor of the width 8, found 3"),
    ("[{ multi_head_attention: {} }]", [4, 8], "model[0].multi_head_attention.heads: expected the number of heads"),
    ("[{ lstm: { layers: 2 } }, 'dense']", [4, 8], "model[0].lstm.units: expected the number of units"),
    ("[{ dense: 3 }, { gru: 4 }]", [4, 8], "model[1].gru: expected a sequence of rows (steps × features), found samples of 3"),
    ("[{ embedding: { size: 9 } }]", [4], "model[0].embedding.dimension: expected the length of the vectors"),
    ("[{ lstm: 4 }, { dense: 3 }]", [4, 8], "model: the last layer gives 4×3 outputs"),
  ])
  func mistakes(text: String, input: Shape, expected: String) throws {
    do {
      let _: Model<Double> = try model(text, inputShape: input, outputSize: 2)
      Issue.record("no error, expected: \(expected)")
    } catch {
      #expect("\(error)".contains(expected), "\(error)")
    }
  }
}
