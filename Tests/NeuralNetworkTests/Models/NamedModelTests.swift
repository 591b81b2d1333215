import NeuralNetwork
import NumericCore
import Settings
import Testing

@Suite("Models by name")
struct NamedModelTests {
  /// A model for samples of `input`: its layers in order, and how many parameters it has.
  struct Expected: Sendable, CustomTestStringConvertible {
    let name: String
    let input: Shape
    var indexCount: Int?
    let output: Shape
    let count: Int
    let layers: String
    var testDescription: String { name }
  }

  static let convolution = "conv2d batch_norm", block = "residual relu"

  static let expected: [Expected] = [
    Expected(name: "linear", input: [784], output: [10], count: 7850, layers: "dense"),
    Expected(name: "logistic", input: [784], output: [10], count: 7850, layers: "dense"),
    // 512·785, 256·513, 10·257.
    Expected(
      name: "mlp", input: [784], output: [10], count: 401_920 + 131_328 + 2570,
      layers: "dense relu dropout dense relu dropout dense"),
    // 32·(9 + 1), 64·(32·9 + 1), 128·(7·7·64 + 1), 10·129.
    Expected(
      name: "cnn", input: [28, 28, 1], output: [10], count: 320 + 18_496 + 401_536 + 1290,
      layers: "conv2d relu max_pool2d conv2d relu max_pool2d flatten dense relu dense"),
    Expected(
      name: "resnet20", input: [32, 32, 3], output: [10], count: 272_474,
      layers: "\(convolution) relu " + String(repeating: "\(block) ", count: 9) + "global_average_pool dense"),
    // 4·128 · (28 + 128 + 2) and a dense layer of 10.
    Expected(name: "lstm", input: [28, 28], output: [10], count: 80_896 + 1290, layers: "lstm dense"),
    // 65·64; 4·256 · (64 + 256 + 2) and 4·256 · (256 + 256 + 2); 65·257.
    Expected(
      name: "char-lstm", input: [64], output: [64, 65], count: 4160 + 329_728 + 526_336 + 16_705,
      layers: "embedding lstm dense"),
    // 65·128 twice and 64·128; in each of four blocks norms 2·256, attention 4·128·129, dense 128·512·2 + 640; the last
    // norm.
    Expected(
      name: "char-transformer", input: [64], output: [64, 65], count: 16_640 + 8192 + 4 * 198_272 + 256,
      layers: "embedding positional_embedding transformer_block transformer_block transformer_block transformer_block "
        + "layer_norm dense"),
    // 128·785, 64·129, 8·65; 64·9, 128·65, 784·129.
    Expected(
      name: "autoencoder", input: [784], output: [784], count: 100_480 + 8256 + 520 + 576 + 8320 + 101_136,
      layers: "dense relu dense relu dense dense relu dense relu dense"),
    // The generator: 3136·64, norm 2·64, 64·32·16, norm 2·32, 32·16 + 1. The discriminator: 32·17, 64·(32·16 + 1),
    // 3137.
    Expected(
      name: "gan", input: [28, 28, 1], output: [28, 28, 1],
      count: 200_704 + 128 + 32_768 + 64 + 513 + 544 + 32_832 + 3137,
      layers: "conv2d leaky_relu conv2d leaky_relu dense"),
    // 100·32; 4·32 · (32 + 32 + 2); 2·33.
    Expected(
      name: "sentiment", input: [20], indexCount: 100, output: [2], count: 3200 + 8448 + 66,
      layers: "embedding lstm dense"),
    // 16·28, 32·145, 64·289, 64·577; 128·(4·4·64 + 1), 7·129.
    Expected(
      name: "detector", input: [32, 32, 3], output: [7], count: 448 + 4640 + 18_496 + 36_928 + 131_200 + 903,
      layers: String(repeating: "conv2d relu ", count: 4) + "flatten dense relu dense"),
    // 32·(5·40 + 1); 2 · 3·32 · (32 + 32 + 2); 8·65.
    Expected(
      name: "speech", input: [100, 40], output: [8], count: 6432 + 12_672 + 520, layers: "conv1d relu gru dense"),
  ]

  @Test("Each builds what it says", arguments: expected)
  func builds(test: Expected) throws {
    let named = try #require(NamedModel.all.first { $0.name == test.name })
    #expect(named.layers.map(\.name).joined(separator: " ") == test.layers)
    let outputSize = test.output.rank == 2 ? test.output[1] : test.output.elementCount
    let factory = ModelFactory(inputShape: test.input, outputSize: outputSize, indexCount: test.indexCount)
    let model = try factory.makeModel(.named(named))
    #expect(model.outputShapes[0] == test.output && model.parameterLayout.elementCount == test.count)
    // Read by its name, it is the same.
    let read = try ModelDescription(.string(test.name), path: "model")
    #expect(try factory.makeModel(read).parameterLayout == model.parameterLayout)
  }

  @Test("There are these, each with its task where the data do not tell")
  func list() {
    #expect(NamedModel.all.map(\.name).sorted() == Self.expected.map(\.name).sorted())
    let tasks = NamedModel.all.compactMap { model in model.task.map { "\(model.name): \($0)" } }
    #expect(tasks == ["linear: regression", "autoencoder: reconstruction", "gan: adversarial", "detector: detection"])
    for model in NamedModel.all { #expect(!model.summary.isEmpty && !model.summary.contains("\n")) }
  }
}
