import Basics
import NumericCore
import Settings
import Training

/// A network and a batch that other trainers are measured on too.
struct Workload {
  /// What a sample is.
  enum Sample {
    /// So many features.
    case features(Int)
    /// [channels, size, size].
    case image(channels: Int, size: Int)
    /// [steps, features].
    case sequence(steps: Int, features: Int)
    /// [length]; the targets are the next characters.
    case characters(length: Int)
  }

  let name: String
  let summary: String
  let sample: Sample
  /// Labels, or characters.
  let classCount: Int
  /// Samples a rank takes in a step.
  let batchPerRank: Int
  let sampleCount: Int
  /// Of a run that is timed from outside; the first warms up.
  let epochs: Int
  let model: JSONValue
  let loss: String
  let optimizer: JSONValue
  /// Features, hidden units and outputs of a multi-layer perceptron; nil for another model.
  var sizes: [Int]?

  static let all = [
    perceptron("mlp", [784, 1024, 1024, 10], batch: 128, samples: 60_000),
    perceptron("mlp-large", [784, 4096, 4096, 10], batch: 256, samples: 12_288),
    Workload(
      name: "cnn", summary: "3×3 convolutions of 32 and 64 channels on 28×28, with max-pooling, and 128 dense units",
      sample: .image(channels: 1, size: 28), classCount: 10, batchPerRank: 64, sampleCount: 12_288, epochs: 3,
      model: ["layers": .array(convolution(32) + convolution(64) + ["flatten", ["dense": 128], "relu", "dense"])],
      loss: "cross_entropy", optimizer: adam(0.001)),
    Workload(
      name: "resnet20", summary: "ResNet-20 of CIFAR-10 on 32×32×3", sample: .image(channels: 3, size: 32),
      classCount: 10, batchPerRank: 32, sampleCount: 2_560, epochs: 3, model: "resnet20", loss: "cross_entropy",
      optimizer: momentum(0.1)),
    Workload(
      name: "lstm", summary: "an LSTM of 128 units over 28 steps of 28 features",
      sample: .sequence(steps: 28, features: 28), classCount: 10, batchPerRank: 64, sampleCount: 30_720, epochs: 3,
      model: "lstm", loss: "cross_entropy", optimizer: adam(0.001)),
    Workload(
      name: "transformer", summary: "nanoGPT's setting for a CPU: four blocks of width 128 over 64 characters",
      sample: .characters(length: 64), classCount: 65, batchPerRank: 12, sampleCount: 2_400, epochs: 3,
      model: "char-transformer", loss: "cross_entropy", optimizer: adam(0.001)),
    Workload(
      name: "tiny", summary: "a network of 2-10-1", sample: .features(2), classCount: 2, batchPerRank: 32,
      sampleCount: 1000, epochs: 400, model: ["layers": [["dense": 10], "relu", ["dense": 1]]],
      loss: "binary_cross_entropy", optimizer: adam(0.01), sizes: [2, 10, 1]),
  ]

  private static func perceptron(_ name: String, _ sizes: [Int], batch: Int, samples: Int) -> Workload {
    let layers: [JSONValue] = sizes.dropFirst().flatMap { [["dense": .integer($0)], "relu"] }
    return Workload(
      name: name, summary: "a network of " + sizes.map(String.init).joined(separator: "-"), sample: .features(sizes[0]),
      classCount: sizes[sizes.count - 1], batchPerRank: batch, sampleCount: samples, epochs: 3,
      model: ["layers": .array(layers.dropLast())], loss: "cross_entropy", optimizer: momentum(0.01), sizes: sizes)
  }

  private static func convolution(_ filters: Int) -> [JSONValue] {
    [["conv2d": ["filters": .integer(filters), "kernel": 3, "padding": 1]], "relu", ["max_pool2d": 2]]
  }

  private static func momentum(_ rate: Double) -> JSONValue {
    ["name": "sgd", "momentum": 0.9, "learning_rate": .number(rate)]
  }

  private static func adam(_ rate: Double) -> JSONValue { ["name": "adam", "learning_rate": .number(rate)] }

  /// The configuration of a run of it.
  func configuration(data: String, ranks: Int, shards: Int, epochs: Int, precision: ProductPrecision) -> JSONValue {
    [
      "data": ["path": .string(data), "scaling": "none"], "model": model, "loss": .string(loss), "optimizer": optimizer,
      "schedule": "constant", "batch_size": .integer(batchPerRank * ranks), "shards": .integer(shards),
      "epochs": .integer(epochs), "checkpoint": ["every_epochs": .integer(epochs)], "log": ["report": false],
      "precision": .string(precision.rawValue),
    ]
  }

  /// Arguments of a run that ends when it is told to.
  func arguments(data: String, ranks: Int, shards: Int, precision: ProductPrecision) -> TrainArguments {
    let settings = configuration(
      data: data, ranks: ranks, shards: shards, epochs: 1_000_000, precision: precision)
    let members = settings.members ?? []
    return TrainArguments(settings: members.map { TrainArguments.Setting(path: $0.key, value: $0.value) })
  }

  /// Writes `data.h5` and `run.json5`, on which ddp-train trains it.
  func write(in directory: String, ranks: Int, shards: Int, precision: ProductPrecision) throws {
    try SyntheticData.write(self, to: directory + "/data.h5")
    let configuration = configuration(
      data: directory + "/data.h5", ranks: ranks, shards: shards, epochs: epochs, precision: precision)
    try AtomicFile.write(Array((configuration.text + "\n").utf8), to: directory + "/run.json5")
  }
}
