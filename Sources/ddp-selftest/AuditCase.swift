import Collectives
import DataPipeline
import Basics
import Training

/// Trains two epochs and collects which rows every rank took in every step.
struct AuditCase {
  private static let epochs = 2
  private let data: String
  private let runDirectory: String
  private let shardCount: Int
  private let batchSize: Int
  private let memory: String?

  /// - Parameter arguments: DATA RUN SHARDS BATCH [MEMORY].
  init(_ arguments: [String]) throws {
    guard (4...5).contains(arguments.count), let shardCount = Int(arguments[2]), let batchSize = Int(arguments[3])
    else {
      throw SelfTestFailure("audit: expected DATA RUN SHARDS BATCH [MEMORY], found \(arguments)")
    }
    (data, runDirectory, self.shardCount, self.batchSize) = (arguments[0], arguments[1], shardCount, batchSize)
    memory = arguments.count == 5 ? arguments[4] : nil
  }

  func run(_ ranks: MPICommunicator) throws -> String {
    var line = [
      "--data", data, "--run", runDirectory, "--shards", "\(shardCount)", "--batch-size", "\(batchSize)",
      "--epochs", "\(Self.epochs)", "--model", "linear", "--quiet",
    ]
    if let memory { line += ["--set", "data.memory=\(memory)"] }
    let training = try TrainingRun(TrainArguments(line), ranks: ranks)
    var taken: [Int] = []
    training.audit { step, rows in taken += rows.flatMap { [step, $0] } }
    let code = try training.run().exitCode
    try expect(code == .done, "the run ended with \(code)")

    let sampleCount = try DataSource.open(data, features: nil, labels: nil).split(.train).sampleCount
    let pairs = Array(try ranks.allGather(taken).joined())
    let stepsPerEpoch = (sampleCount + batchSize - 1) / batchSize
    var orders = [[Int]](repeating: [], count: Self.epochs)
    var batchSizes = [Int](repeating: 0, count: Self.epochs * stepsPerEpoch)
    for i in stride(from: 0, to: pairs.count, by: 2) {
      let (step, row) = (pairs[i], pairs[i + 1])
      try expect(batchSizes.indices.contains(step), "step \(step) of \(batchSizes.count)")
      batchSizes[step] += 1
      orders[step / stepsPerEpoch].append(row)
    }
    for (epoch, order) in orders.enumerated() {
      try expect(
        order.sorted() == Array(0..<sampleCount),
        "epoch \(epoch): \(order.count) rows, \(Set(order).count) of them different, expected each of \(sampleCount) "
          + "once"
      )
    }
    try expect(orders[0] != orders[1], "both epochs took the rows in the same order")
    let mean = Double(sampleCount) / Double(stepsPerEpoch)
    let farthest = batchSizes.map { abs(Double($0) - mean) }.max() ?? 0
    try expect(farthest <= Double(shardCount), "a step's batch is \(farthest) samples off the mean of \(mean)")
    return "audit: \(ranks.size) ranks, \(shardCount) shards, \(sampleCount) samples, \(batchSizes.count) steps"
  }
}
