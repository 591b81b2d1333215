import NeuralNetwork
import NumericCore
import Settings
import TestSupport
import Testing

@Suite("Residual and parallel blocks of a configuration")
struct BlockTests {
  static let description = """
    [
      { dense: 6 }, "batch_norm", "relu",
      { residual: { layers: [{ dense: 4 }, { batch_norm: { epsilon: 0.1 } }, "tanh"], shortcut: [{ dense: 4 }] } },
      { residual: ["layer_norm", "silu"] },
      { parallel: [[{ dense: 3 }, "sigmoid"], [{ residual: [{ dense: 4 }] }], []] },
      { parallel: { branches: [["elu"], [{ dense: 11 }]], join: "add" } },
      { dense: 2 },
    ]
    """

  @Test("Parameters are named as in a PyTorch module of the same structure, whatever is computed together")
  func names() throws {
    let model: Model<Double> = try model(Self.description, inputShape: [5], outputSize: 2)
    #expect(
      model.parameterLayout.entries.map(\.name) == [
        "0.weight", "0.bias", "1.weight", "1.bias",
        "3.layers.0.weight", "3.layers.0.bias", "3.layers.1.weight", "3.layers.1.bias",
        "3.shortcut.0.weight", "3.shortcut.0.bias", "4.layers.0.weight", "4.layers.0.bias",
        "5.branches.0.0.weight", "5.branches.0.0.bias",
        "5.branches.1.0.layers.0.weight", "5.branches.1.0.layers.0.bias",
        "6.branches.1.0.weight", "6.branches.1.0.bias", "7.weight", "7.bias",
      ])
    #expect(
      model.statisticLayout.entries.map(\.name) == [
        "1.running_mean", "1.running_var", "3.layers.1.running_mean", "3.layers.1.running_var",
      ])
    #expect(model.summary.map(\.name).prefix(3) == ["0", "1", "3.layers.0"])
    #expect(model.summary.map(\.type).contains("ConcatLayer"))
  }

  @Test("Gradients through nested blocks", arguments: [0, 1, 6])
  func gradients(samples: Int) throws {
    let text = Self.description.replacing(#""batch_norm""#, with: "{ batch_norm: { epsilon: 0.3 } }")
    let model: Model<Double> = try model(text, inputShape: [5], outputSize: 2)
    for mode in [PassMode.training(random: RandomSource(seed: 2)), .evaluation] {
      #expect(ModelUnderTest(model, samples: samples, mode: mode, capacity: 7).mismatches() == [])
    }
  }

  @Test("A batch normalization with and without its ReLU inside gives the same")
  func rectifiedInside() throws {
    // The nested block keeps the two layers apart: one is its last, the other follows it.
    let descriptions = [
      #"[{ dense: 16 }, "batch_norm", "relu", "dense"]"#,
      #"[{ dense: 16 }, "batch_norm", { leaky_relu: 0 }, "dense"]"#,
    ]
    var outputs: [[Double]] = []
    var gradients: [[Double]] = []
    for text in descriptions {
      let test = ModelUnderTest(
        try model(text, inputShape: [7], outputSize: 3), samples: 5, mode: .training(random: RandomSource(seed: 2)))
      _ = test.evaluate(.linear, differentiate: true)
      test.workspace.backward()
      outputs.append(Array(test.workspace.output()))
      gradients.append(Array(test.gradients.view))
      #expect(test.model.summary.count == (outputs.count == 1 ? 3 : 4))
    }
    #expect(outputs[0] == outputs[1] && gradients[0] == gradients[1])
  }

  @Test(arguments: [
    (
      "[{ residual: [{ dense: 4 }] }]",
      "model.json5:1:2: model[0].residual: the layers give 4 a sample, but what flows in is 5; the two are "
        + "added, so give the block a shortcut whose layers lead to 4"
    ),
    (
      "[{ residual: { layers: [{ dense: 4 }], shortcut: [{ dense: 3 }] } }]",
      "model.json5:1:2: model[0].residual: the layers give 4 a sample, but the shortcut gives 3; the two are "
        + "added, so give the block a shortcut whose layers lead to 4"
    ),
    (
      "[{ parallel: { branches: [[{ dense: 4 }], []], join: 'add' } }]",
      "model.json5:1:2: model[0].parallel: the branches give 4, 5 a sample, expected equal shapes"
    ),
  ])
  func shapesThatDoNotFit(text: String, message: String) throws {
    let error = #expect(throws: SettingsError.self) {
      let _: Model<Double> = try model(text, inputShape: [5], outputSize: 5)
    }
    #expect(error?.description == message)
  }
}
