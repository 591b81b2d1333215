import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Sequences of their own lengths")
struct PaddingTests {
  /// Outputs for one row of numbers.
  private func outputs(_ text: String, _ numbers: [Double]) throws -> [Double] {
    let model: Model<Double> = try model(text, inputShape: [numbers.count], outputSize: 3, indexCount: 6)
    let test = ModelUnderTest(model, samples: 1)
    fill(test.input(), numbers)
    test.forward()
    return Array(test.workspace.output())
  }

  static let lastStates = [
    "[{ embedding: { dimension: 4, padding: 0 } }, { lstm: { units: 5, sequence: false } }, 'dense']",
    """
    [{ embedding: { dimension: 4, padding: 0 } }, { gru: { units: 5, bidirectional: true, sequence: false } },
     'dense']
    """,
    """
    [{ embedding: { dimension: 4, padding: 0 } }, 'layer_norm', { dense: 3 }, 'tanh', { gru: 2 }, { dropout: 0.5 },
     { lstm: { units: 5, layers: 2, bidirectional: true, sequence: false } }, 'dense']
    """,
    """
    [{ embedding: { dimension: 4, padding: 0 } }, { transformer_block: { heads: 2 } },
     { multi_head_attention: { heads: 2 } },
     { residual: { layers: ['layer_norm', { multi_head_attention: { heads: 2 } }] } },
     { parallel: { branches: [['tanh'], [{ gru: 2 }]] } }, { gru: { units: 5, bidirectional: true, sequence: false } },
     'dense']
    """,
  ]

  @Test("Padding behind the end changes nothing, a zero in front of it does", arguments: lastStates)
  func paddingIsNoStep(text: String) throws {
    let short = try outputs(text, [3, 1, 5])
    for padded in try [outputs(text, [3, 1, 5, 0]), outputs(text, [3, 1, 5, 0, 0, 0])] {
      #expect(zip(short, padded).allSatisfy { abs($0 - $1) < 1e-13 }, "\(short) \(padded)")
    }
    let inner = try outputs(text, [3, 1, 0, 5, 0]), innerShort = try outputs(text, [3, 1, 0, 5])
    #expect(zip(inner, innerShort).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(zip(short, inner).contains { abs($0 - $1) > 1e-3 })
  }

  @Test("A row of nothing but padding is one step")
  func empty() throws {
    let some = try outputs(Self.lastStates[0], [0]), none = try outputs(Self.lastStates[0], [0, 0, 0])
    let plain = try outputs(Self.lastStates[0].replacing(", padding: 0", with: ""), [0])
    #expect(zip(some, none).allSatisfy { abs($0 - $1) < 1e-13 } && some == plain)
  }

  @Test(
    "Layers that mix steps end the lengths",
    arguments: [
      "{ conv1d: { filters: 4, kernel: 1 } }", "{ residual: { layers: [{ conv1d: { filters: 4, kernel: 1 } }] } }",
      "{ residual: { layers: ['tanh'], shortcut: [{ conv1d: { filters: 4, kernel: 1 } }] } }",
      "{ parallel: { branches: [['tanh'], [{ conv1d: { filters: 4, kernel: 1 } }]] } }",
    ])
  func endOfLengths(layer: String) throws {
    let text =
      "[{ embedding: { dimension: 4, padding: 0 } }, \(layer), { lstm: { units: 5, sequence: false } }, 'dense']"
    let short = try outputs(text, [3, 1, 5]), padded = try outputs(text, [3, 1, 5, 0, 0])
    #expect(zip(short, padded).contains { abs($0 - $1) > 1e-3 })
  }

  @Test("Gradients behind padded steps")
  func gradients() throws {
    let text = """
      [{ mask: 0.5 }, { transformer_block: { heads: 2 } }, { gru: { units: 3, bidirectional: true } },
       { lstm: { units: 2, sequence: false } }, 'dense']
      """
    let model: Model<Double> = try model(text, inputShape: [4, 2], outputSize: 2)
    let test = ModelUnderTest(model, samples: 3)
    // Steps that are padding: the last two, none, the last; a step that is so in part is none.
    let features: [Double] =
      [1, 2, -1, 3, 0.5, 0.5, 0.5, 0.5] + [1, 2, 3, 1, 2, 2, 1, 4] + [1, 2, 1, 2, 0.5, 3, 0.5, 0.5]
    fill(test.input(), features)
    // The lengths are no smooth function of the features: their input is checked below.
    #expect(test.mismatches(integerInputs: [0]) == [])
    test.workspace.backward()
    let gradients = Array(test.workspace.inputGradient())
    let padding = features.indices.filter { [4, 5, 6, 7, 22, 23].contains($0) }
    #expect(padding.allSatisfy { gradients[$0] == 0 })
    #expect(features.indices.filter { !padding.contains($0) }.allSatisfy { gradients[$0] != 0 })
  }

  @Test func sizes() throws {
    let text = "[{ embedding: { dimension: 4, padding: 5 } }, { lstm: { units: 5, sequence: false } }, 'dense']"
    let sized: Model<Double> = try model(text, inputShape: [7], outputSize: 3, indexCount: 6)
    #expect(sized.parameterLayout.entries[0].shape == [6, 4], "as many vectors as numbers that features can be")
    let table = FlatBuffer<Double>(count: sized.parameterLayout.count)
    sized.parameterLayout.initialize(table.view, seed: 3)
    #expect(table.view.view(20..<24).allSatisfy { $0 == 0 } && table.view.prefix(20).allSatisfy { $0 != 0 })
    do {
      let _: Model<Double> = try model(text, inputShape: [7], outputSize: 3)
      Issue.record("a table of 3 rows has no row 5")
    } catch {
      #expect(
        "\(error)".contains("model[0].embedding.padding: expected one of the numbers 0 to 2, found 5"), "\(error)")
    }
    let sentiment: Model<Double> = try model("'sentiment'", inputShape: [29], outputSize: 2, indexCount: 121)
    // 121·32, 4·32 · (32 + 32 + 2) and a dense layer of 2.
    #expect(sentiment.parameterLayout.elementCount == 3872 + 8448 + 66)
  }
}
