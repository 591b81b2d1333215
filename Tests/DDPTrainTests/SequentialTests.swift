import Basics
import Training
import DDPTrain
import Foundation
import NeuralNetwork
import Settings
import TestSupport
import Testing

@Suite("Models that a program writes")
struct SequentialTests {
  func description(_ text: String) throws -> ModelDescription {
    try ModelDescription(JSON5Parser.parse(text, file: "model.json5"), path: "model")
  }

  @Test("if, else, for and functions decide between layers")
  func control() throws {
    @SequentialBuilder func block(_ units: Int) -> [LayerEntry] {
      Dense(units)
      ReLU()
    }
    func model(deep: Bool, gated: Bool) throws -> ModelDescription {
      try Sequential {
        if deep {
          for units in [8, 4] { block(units) }
        }
        if gated { Sigmoid() } else { Tanh() }
        Dense()
      }.description()
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
    try ModelFactory(inputShape: inputShape, outputSize: 2, customLayers: model.customLayers)
      .makeModel(model.description())
  }

  @Test("Blocks, extents and choices in code are those of a configuration")
  func blocks() throws {
    let model = Sequential {
      Conv2D(8, kernel: Extents(height: 3, width: 5), stride: 2, padding: .same, initializer: .orthogonal)
      Residual {
        Conv2D(8, padding: 1)
      } shortcut: {
        Conv2D(8, kernel: 1)
      }
      Parallel(.add) {
        Branch { Tanh() }
        for slope in [0.1, 0.2] { Branch { LeakyReLU(slope) } }
        Branch {}
      }
      Reshape(length: 4, channels: 2)
      Flatten(.channelsLast)
    }
    let text = """
      [
        { conv2d: { filters: 8, kernel: [3, 5], stride: 2, padding: 'same', initializer: 'orthogonal' } },
        { residual: {
          layers: [{ conv2d: { filters: 8, padding: 1 } }], shortcut: [{ conv2d: { filters: 8, kernel: 1 } }]
        } },
        { parallel: { branches: [['tanh'], [{ leaky_relu: 0.1 }], [{ leaky_relu: 0.2 }], []], join: 'add' } },
        { reshape: { length: 4, channels: 2 } }, { flatten: 'channels_last' }
      ]
      """
    #expect(try model.description() == description(text))
  }

  @Test("Layers of the program's own have names, places and the form of samples that they ask for")
  func custom() throws {
    let model = Sequential {
      Custom(reads: .images, Pass.init)
      Residual { Custom { shape in Pass(shape: shape) } }
      Dense()
    }
    let description = try model.description()
    #expect(description.layers.customNames == ["Pass", "Pass 2"])
    #expect(model.customLayers.missing(in: description) == [] && CustomLayers().missing(in: description).count == 2)
    #expect(try ModelDescription(description.json, path: "model") == description)
    #expect(description.inputLayout == .images)
    let recurrent = Sequential {
      Custom(Pass.init)
      LSTM(4)
    }
    #expect(try recurrent.description().inputLayout == .sequences)
    #expect(try build(model, [4, 5, 1]).inputShapes == [[4, 5, 1]])
    #expect(try build(model, [4, 5, 1]).parameterLayout.entries.map(\.name) == ["2.weight", "2.bias"])
    let rows = Sequential {
      Custom(Pass.init)
      Dense()
    }
    #expect(try build(rows, [4, 5]).inputShapes == [[20]])
  }

  /// Where the mistakes below begin.
  static let line = #line + 3
  static let mistakes: [(model: Sequential, line: Int?, message: String)] = [
    (
      Sequential {
        Dense(0)
      },
      1, "model.layers[0].dense.units: expected at least 1, found 0"
    ),
    (
      Sequential {
        Custom(Pair.init)
        Dense()
      },
      7, "model.layers[0].custom: Pair: takes 2 a sample, but 3 flows in"
    ),
    (
      Sequential {
        Dense(1)
        Custom(Pair.init)
      },
      15, "model.layers[1].custom: Pair: one is too few"
    ),
    (
      Sequential {
        Dense(3)
        Residual {
          ReLU()
          Dropout(1.5)
        }
      },
      24, "model.layers[1].residual.layers[1].dropout.rate: expected at least 0 and less than 1, found 1.5"
    ),
    (Sequential {}, nil, "model.layers: expected at least one layer, found []"),
  ]

  @Test("What cannot be built says which layer it is, and on which line", arguments: mistakes.indices)
  func mistake(index: Int) throws {
    let (model, line, message) = Self.mistakes[index]
    let error = #expect(throws: SettingsError.self) { _ = try build(model, [3]) }
    let place = line.map { "DDPTrainTests/SequentialTests.swift:\(Self.line + $0): " } ?? ""
    #expect(error?.description == place + message)
  }

  @Test(
    "What a configuration says of another program's layers cannot be built",
    arguments: [
      (
        "[{ custom: 'Swish' }, 'dense']",
        "Swish: is a layer that this program does not have; build the model in the program that has it"
      ),
      ("['custom']", "model[0].custom.name: expected the name of a layer that the program has"),
    ])
  func missing(text: String, message: String) {
    let error = #expect(throws: SettingsError.self) {
      let factory = ModelFactory(inputShape: [3], outputSize: 2)
      let _: Model<Float> = try factory.makeModel(description(text))
    }
    #expect(error?.description.hasSuffix(message) == true)
  }
}
