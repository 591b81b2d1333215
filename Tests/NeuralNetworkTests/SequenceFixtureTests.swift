import NeuralNetwork
import NumericCore
import TestSupport
import Testing

@Suite("Sequence layers and blocks against PyTorch")
struct SequenceFixtureTests {
  struct Fixture: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
      let kind: String
      let samples: Int
      let shape: [Int]
      let units: Int?, layers: Int?, heads: Int?, size: Int?, padding: Int?
      let bidirectional: Bool?, sequence: Bool?, causal: Bool?
      let parameters: [String: [Double]], parameterGradients: [String: [Double]]
      let input: [Double], output: [Double], outputGradient: [Double]
      let inputGradient: [Double]?, lengths: [Double]?

      var testDescription: String {
        "\(kind), layers \(layers ?? 1), bidirectional \(bidirectional ?? false), sequence \(sequence ?? true), "
          + "causal \(causal ?? false), padding \(padding ?? -1), lengths \(lengths.map { "\($0)" } ?? "all")"
      }
    }
    let cases: [Case]
  }

  static func cases() throws -> [Fixture.Case] { try fixture("pytorch-sequence.json", as: Fixture.self).cases }

  /// The layer as a configuration describes it. With lengths as a second input, which a mask or an embedding gives in a
  /// configuration, it is the layer itself.
  func model(_ test: Fixture.Case) throws -> Model<Double> {
    let shape = Shape(test.shape)
    guard test.lengths == nil else {
      guard test.kind != "multi_head_attention" else {
        return singleLayerModel(
          MultiHeadAttentionLayer<Double>(
            shape: shape, heads: try #require(test.heads), isCausal: test.causal ?? false, hasLengths: true))
      }
      return singleLayerModel(
        Recurrent<Double>(
          try #require(Recurrent<Double>.Cell(rawValue: test.kind)), inputShape: shape,
          units: try #require(test.units), layers: try #require(test.layers),
          isBidirectional: test.bidirectional ?? false, givesSequence: test.sequence ?? true, hasLengths: true))
    }
    let numbers = [
      ("units", test.units), ("layers", test.layers), ("heads", test.heads), ("size", test.size),
      ("padding", test.padding), ("dimension", test.kind == "embedding" ? 3 : nil),
    ].compactMap { key, value in value.map { "\(key): \($0)" } }
    let flags = [("bidirectional", test.bidirectional), ("sequence", test.sequence), ("causal", test.causal)]
      .compactMap { key, value in value.map { "\(key): \($0)" } }
    return try network("{ \(test.kind): { \((numbers + flags).joined(separator: ", ")) } }", inputShape: shape)
  }

  @Test(arguments: try cases())
  func layer(_ test: Fixture.Case) throws { try check(test, model(test)) }

  /// Compares outputs and all gradients. Both sides compute in double; the fixture has ten digits behind the point.
  func check(_ test: Fixture.Case, _ model: Model<Double>) throws {
    let run = ModelUnderTest(model, samples: test.samples)
    let names = model.parameterLayout.entries.map { String($0.name.dropFirst(2)) }
    #expect(names == names.filter { test.parameters[$0] != nil } && names.count == test.parameters.count)
    for (entry, name) in zip(model.parameterLayout.entries, names) {
      fill(run.parameters.view.view(entry.range), try #require(test.parameters[name]))
    }
    fill(run.input(), test.input)
    if let lengths = test.lengths { fill(run.input(1), lengths) }
    run.forward()
    expectClose(Array(run.workspace.output()), test.output, "output")
    fill(run.workspace.outputGradient(), test.outputGradient)
    run.workspace.backward()
    if let expected = test.inputGradient {
      expectClose(Array(run.workspace.inputGradient()), expected, "input gradient")
    }
    for (entry, name) in zip(model.parameterLayout.entries, names) {
      expectClose(
        Array(run.gradients.view.view(entry.range)), try #require(test.parameterGradients[name]), name)
    }
  }

  func expectClose(_ actual: [Double], _ expected: [Double], _ what: String) {
    #expect(actual.count == expected.count, "\(what)")
    for (index, (a, b)) in zip(actual, expected).enumerated() {
      #expect(abs(a - b) <= 1e-10 * max(1, abs(b)), "\(what)[\(index)]")
    }
  }
}

/// One layer behind one input for each of its input shapes.
func singleLayerModel(_ layer: some Layer<Double>) -> Model<Double> {
  var builder = ModelBuilder<Double>()
  let inputs = layer.inputShapes.map { builder.input($0) }
  let output =
    inputs.count == 1
    ? builder.add(layer, to: inputs[0], name: "0") : builder.add(layer, to: inputs[0], inputs[1], name: "0")
  return builder.build(outputs: output)
}
