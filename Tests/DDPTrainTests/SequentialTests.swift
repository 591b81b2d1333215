import Basics
import Configuration
import DDPTrain
import Foundation
import NeuralNetwork
import Settings
import TestSupport
import Testing
import Training

@Suite("Models that a program writes")
struct SequentialTests {
  /// Every component, and what a configuration has for it.
  static let pairs: [(component: LayerComponent, text: String)] = [
    (dense(), #""dense""#), (dense(8), "{ dense: { units: 8 } }"),
    (
      dense(8, bias: false, initializer: .xavierNormal),
      "{ dense: { units: 8, bias: false, initializer: 'xavier_normal' } }"
    ),
    (relu(), "'relu'"), (leakyRelu(), "'leaky_relu'"), (leakyRelu(0.2), "{ leaky_relu: 0.2 }"), (tanh(), "'tanh'"),
    (sigmoid(), "'sigmoid'"), (gelu(), "'gelu'"), (elu(), "'elu'"), (elu(0.5), "{ elu: 0.5 }"), (silu(), "'silu'"),
    (softmax(), "'softmax'"), (dropout(), "'dropout'"), (dropout(0.2), "{ dropout: 0.2 }"),
    (spatialDropout(0.2), "{ spatial_dropout: 0.2 }"), (batchNorm(), "'batch_norm'"),
    (
      batchNorm(momentum: 0.2, epsilon: 0.001, sync: true),
      "{ batch_norm: { momentum: 0.2, epsilon: 0.001, sync: true } }"
    ),
    (layerNorm(epsilon: 0.01), "{ layer_norm: { epsilon: 0.01 } }"),
    (
      residual {
        dense(4); relu()
      }, "{ residual: [{ dense: { units: 4 } }, 'relu'] }"
    ),
    (
      residual {
        dense(4)
      } shortcut: {
        dense(4)
      },
      "{ residual: { layers: [{ dense: { units: 4 } }], shortcut: [{ dense: { units: 4 } }] } }"
    ),
    (
      parallel([Branch { dense(4) }, Branch {}]),
      "{ parallel: { branches: [[{ dense: { units: 4 } }], []], join: 'concat' } }"
    ),
    (
      parallel(join: .add, [Branch { tanh() }, Branch { relu() }]),
      "{ parallel: { branches: [['tanh'], ['relu']], join: 'add' } }"
    ),
    (conv2d(8), "{ conv2d: 8 }"),
    (
      conv2d(
        8, kernel: Extents(height: 3, width: 5), stride: 2, padding: .same, dilation: 1, groups: 2, bias: false,
        initializer: .orthogonal),
      "{ conv2d: { filters: 8, kernel: [3, 5], stride: 2, padding: 'same', dilation: 1, groups: 2, bias: false, "
        + "initializer: 'orthogonal' } }"
    ),
    (
      conv1d(8, kernel: 5, stride: 2, padding: 2, dilation: 1, groups: 1, bias: true, initializer: .zero),
      "{ conv1d: { filters: 8, kernel: 5, stride: 2, padding: 2, dilation: 1, groups: 1, bias: true, initializer: 'zero' } }"
    ),
    (
      convTranspose2d(
        8, kernel: 4, stride: 2, padding: 1, outputPadding: 1, dilation: 1, groups: 1, bias: true, initializer: .kaiming
      ),
      "{ conv_transpose2d: { filters: 8, kernel: 4, stride: 2, padding: 1, output_padding: 1, dilation: 1, groups: 1, "
        + "bias: true, initializer: 'kaiming' } }"
    ),
    (maxPool2d(), "'max_pool2d'"),
    (maxPool2d(3, stride: 2, padding: 1), "{ max_pool2d: { size: 3, stride: 2, padding: 1 } }"),
    (
      averagePool2d(3, stride: 2, padding: 1, countPadding: false),
      "{ average_pool2d: { size: 3, stride: 2, padding: 1, count_padding: false } }"
    ),
    (globalAveragePool(), "'global_average_pool'"), (upsample(3), "{ upsample: 3 }"), (flatten(), "'flatten'"),
    (flatten(.channelsLast), "{ flatten: 'channels_last' }"),
    (
      reshape(height: 4, width: 2, channels: 3, order: .channelsLast),
      "{ reshape: { height: 4, width: 2, channels: 3, order: 'channels_last' } }"
    ),
    (reshape(length: 4, channels: 2), "{ reshape: { length: 4, channels: 2 } }"),
    (
      embedding(8, size: 65, standardDeviation: 0.02),
      "{ embedding: { dimension: 8, size: 65, standard_deviation: 0.02 } }"
    ),
    (embedding(8, padding: 0), "{ embedding: { dimension: 8, padding: 0 } }"), (mask(), "'mask'"),
    (mask(-0.5), "{ mask: -0.5 }"),
    (positionalEmbedding(standardDeviation: 0.02), "{ positional_embedding: { standard_deviation: 0.02 } }"),
    (
      lstm(8, layers: 2, bidirectional: true, dropout: 0.1, sequence: false),
      "{ lstm: { units: 8, layers: 2, bidirectional: true, dropout: 0.1, sequence: false } }"
    ),
    (gru(8), "{ gru: 8 }"),
    (
      multiHeadAttention(2, causal: true, dropout: 0.1),
      "{ multi_head_attention: { heads: 2, causal: true, dropout: 0.1 } }"
    ),
    (transformerBlock(2, causal: true), "{ transformer_block: { heads: 2, causal: true } }"),
    (layer(named: "dropout", ["rate": 0.3]), "{ dropout: 0.3 }"),
  ]

  @Test("Each component describes the layer of the configuration", arguments: pairs.indices)
  func components(index: Int) throws {
    let (component, text) = Self.pairs[index]
    let expected = try ModelDescription(JSON5Parser.parse("[\(text)]", file: "model.json5"), path: "model")
    #expect(try Sequential { component }.description() == expected)
  }

  @Test("if, else, for and functions decide between layers")
  func control() throws {
    func block(_ units: Int) -> [LayerComponent] { [dense(units), relu()] }
    func model(deep: Bool, gated: Bool) throws -> ModelDescription {
      try Sequential {
        if deep {
          for units in [8, 4] { block(units) }
        }
        if gated { sigmoid() } else { tanh() }
        dense()
      }.description()
    }
    func description(_ text: String) throws -> ModelDescription {
      try ModelDescription(JSON5Parser.parse(text, file: "model.json5"), path: "model")
    }
    #expect(
      try model(deep: true, gated: false)
        == description("[{ dense: 8 }, 'relu', { dense: 4 }, 'relu', 'tanh', 'dense']"))
    #expect(try model(deep: false, gated: true) == description("['sigmoid', 'dense']"))
  }

  /// The identity, told apart by what it reads.
  struct Pass: Layer {
    let outputShape: Shape
    init(shape: Shape) { outputShape = shape }
    var inputShapes: [Shape] { [outputShape] }
    func forward(_ pass: LayerPass<Float>) { _ = pass.output.update(fromContentsOf: pass.input()) }
    func backward(_ pass: LayerPass<Float>) { _ = pass.inputGradient()?.update(fromContentsOf: pass.outputGradient) }
  }

  /// Takes samples of two numbers and will not be made for one.
  struct Pair: Layer {
    let inputShapes: [Shape] = [[2]]
    let outputShape: Shape = [2]
    init(shape: Shape) throws { if shape == [1] { throw Failure.usage("one is too few") } }
    func forward(_ pass: LayerPass<Float>) {}
    func backward(_ pass: LayerPass<Float>) {}
  }

  private func build(_ model: Sequential, _ inputShape: Shape) throws -> Model<Float> {
    try ModelCatalog(inputShape: inputShape, outputSize: 2, customLayers: model.customLayers)
      .makeModel(model.description())
  }

  @Test("Layers of the program's own have names, places and the form of samples that they ask for")
  func custom() throws {
    let model = Sequential {
      layer(reading: .images, Pass.init)
      residual { layer { shape in Pass(shape: shape) } }
      dense()
    }
    let description = try model.description()
    guard case .layers(let layers) = description else { return #expect(Bool(false), "\(description)") }
    #expect(try LayerDescription.customNames(in: layers) == ["Pass", "Pass 2"])
    #expect(try ModelDescription(description.json, path: "model") == description)
    #expect(try ModelCatalog.sampleForm(description) == .images)
    #expect(
      try ModelCatalog.sampleForm(
        Sequential {
          layer(Pass.init); lstm(4)
        }.description()) == .sequences)
    #expect(try build(model, [4, 5, 1]).inputShapes == [[4, 5, 1]])
    #expect(try build(model, [4, 5, 1]).parameterLayout.entries.map(\.name) == ["2.weight", "2.bias"])
    #expect(
      try build(
        Sequential {
          layer(Pass.init); dense()
        }, [4, 5]
      ).inputShapes == [[20]])
  }

  @Test(
    "What cannot be built says which layer it is",
    arguments: [
      (Sequential { dense(0) }, "model.layers[0].dense.units: expected at least 1, found 0"),
      (
        Sequential {
          layer(Pair.init); dense()
        },
        "model.layers[0].custom: Pair: takes 2 a sample, but 3 flows in"
      ),
      (
        Sequential {
          dense(1); layer(Pair.init)
        }, "model.layers[1].custom: Pair: one is too few"
      ),
      (
        Sequential {
          layer(named: "custom", ["name": "Swish"]); dense()
        },
        "model.layers[0].custom: Swish: is a layer that this program does not have; build the model in the program that has it"
      ),
      (
        Sequential {
          layer(named: "custom"); dense()
        },
        "model.layers[0].custom.name: expected the name of a layer that the program has"
      ),
      (Sequential {}, "model.layers: expected at least one layer, found []"),
    ])
  func mistakes(model: Sequential, message: String) throws {
    let error = #expect(throws: SettingsError.self) { _ = try build(model, [3]) }
    #expect(error?.description == message)
  }
}
