import Settings
import Training

/// A network and a batch that other trainers are measured on too.
struct Workload {
  let name: String
  /// Features, hidden units and outputs of a multi-layer perceptron with ReLU.
  let sizes: [Int]
  /// Samples a rank takes in a step.
  let batchPerRank: Int
  let sampleCount: Int
  let loss: String
  let optimizer: String
  let learningRate: Double
  let momentum: Double

  static let all = [
    Workload(
      name: "mlp", sizes: [784, 1024, 1024, 10], batchPerRank: 128, sampleCount: 60_000, loss: "cross_entropy",
      optimizer: "sgd", learningRate: 0.01, momentum: 0.9),
    Workload(
      name: "mlp-large", sizes: [784, 4096, 4096, 10], batchPerRank: 256, sampleCount: 60_000, loss: "cross_entropy",
      optimizer: "sgd", learningRate: 0.01, momentum: 0.9),
    Workload(
      name: "tiny", sizes: [2, 10, 1], batchPerRank: 32, sampleCount: 1000, loss: "binary_cross_entropy",
      optimizer: "adam", learningRate: 0.01, momentum: 0),
  ]

  /// Distinct labels in the data.
  var classCount: Int { max(2, sizes[sizes.count - 1]) }

  /// The configuration of a run of it.
  func arguments(data: String, ranks: Int, shards: Int) throws(SettingsError) -> TrainArguments {
    var layers: [JSONValue] = []
    for size in sizes.dropFirst() { layers += [["dense": .integer(size)], "relu"] }
    var settings: [(String, JSONValue)] = [
      ("data.path", .string(data)), ("data.scaling", "none"), ("model", ["layers": .array(layers.dropLast())]),
      ("loss", .string(loss)), ("optimizer.name", .string(optimizer)),
      ("optimizer.learning_rate", .number(learningRate)), ("schedule", "constant"),
      ("batch_size", .integer(batchPerRank * ranks)), ("shards", .integer(shards)), ("epochs", 1_000_000),
    ]
    if momentum > 0 { settings.append(("optimizer.momentum", .number(momentum))) }
    return TrainArguments(settings: settings.map { TrainArguments.Setting(path: $0.0, value: $0.1) })
  }
}
