import Foundation
import HDF5Storage
import NumericCore
import ProcessSupport
import Testing

/// Everything here starts several processes: one job at a time.
@Suite(.serialized) struct DistributedTests {}

let selfTest = builtExecutable("ddp-selftest")
let trainer = builtExecutable("ddp-train")

/// A directory that exists as long as the value is in use. Its path is short: Open MPI makes sockets in it.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "ddp-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, text: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    return path + "/" + name
  }

  /// Samples of three classes that lie apart by about as much as they scatter.
  ///
  /// - Parameter side: writes them as square images of so many pixels a side.
  func dataset(_ name: String, samples: Int, features: Int = 12, side: Int? = nil) throws -> String {
    let shape = side.map { [$0, $0] } ?? [features], features = shape.reduce(1, *)
    var generator = RandomSource.Generator(source: RandomSource(seed: 17).stream(.synthesis, samples))
    let labels = (0..<samples).map { _ in Int32(generator.next(upperBound: 3)) }
    let values = labels.flatMap { label in
      (0..<features).map { Float(generator.normal() * Double($0 + 1) + Double(Int(label) * ($0 % 3))) }
    }
    let file = try HDF5File.create(path + "/" + name)
    try file.write("/train/x", shape: [samples] + shape, elements: values)
    try file.write("/train/y", shape: [samples], elements: labels)
    try file.close()
    return path + "/" + name
  }
}

/// Networks of a GAN for images of 4×4, with all that draws at random or learns statistics, and an optimizer for each.
let adversarialConfiguration = """
  {
    model: {
      generator: [{ dense: 16 }, { reshape: { height: 2, width: 2, channels: 4 } }, "batch_norm", "relu", { dropout: 0.1 },
        { conv_transpose2d: { filters: 1, kernel: 4, stride: 2, padding: 1 } }],
      discriminator: [{ conv2d: { filters: 6, kernel: 3, stride: 2, padding: 1 } }, "batch_norm", { leaky_relu: 0.2 },
        { dropout: 0.3 }, "dense"],
      latent: 5,
    },
    optimizer: { name: "rmsprop", learning_rate: 0.002, momentum: 0.5 },
    generator_optimizer: { name: "adam", learning_rate: 0.004, beta1: 0.5 },
    clip_norm: 1.0, ema_decay: 0.9, batch_size: 16, shards: 4, data: { scaling: "standard" }, epochs: 3,
    checkpoint: { every_steps: 7, keep: 2 },
  }
  """

/// What a finished run must have in common with another one.
struct RunRecord: Equatable {
  /// Every array of the newest checkpoint, as bytes.
  let arrays: [String: [UInt8]]
  /// The doubles and integers of `/progress`.
  let progress: [String: String]
  /// `metrics.jsonl` up to `timing` in each line.
  let metrics: [String]

  init(_ run: String) throws {
    let file = try HDF5File.open(run + "/checkpoints/latest.h5")
    var arrays: [String: [UInt8]] = [:]
    for path in try file.datasetPaths() {
      let dataset = try file.dataset(path)
      var bytes = [UInt8](repeating: 0, count: dataset.elementCount * (try dataset.elementType.byteCount))
      try bytes.withUnsafeMutableBytes { bytes in try dataset.read(rows: 0..<dataset.rowCount, into: bytes) }
      arrays[path] = bytes
    }
    self.arrays = arrays
    var progress: [String: String] = [:]
    for name in try file.attributeNames(of: "/progress") {
      progress[name] =
        (try? file.intAttribute(name, of: "/progress")).flatMap { $0.map { "\($0)" } }
        ?? (try? file.doubleAttribute(name, of: "/progress")).flatMap { $0.map { "\($0)" } } ?? "?"
    }
    self.progress = progress
    metrics = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map { line in
      let timing = try #require(line.range(of: ", \"timing\""), "no timing in \(line)")
      return String(line[..<timing.lowerBound])
    }
  }

  /// The names of what differs.
  func differences(from other: RunRecord) -> [String] {
    let names = Set(arrays.keys).union(other.arrays.keys).filter { arrays[$0] != other.arrays[$0] }
    return names.sorted() + (progress == other.progress ? [] : ["/progress \(progress) ≠ \(other.progress)"])
      + (metrics == other.metrics ? [] : ["metrics.jsonl \(metrics) ≠ \(other.metrics)"])
  }

  /// The values of an array of floats.
  func floats(_ path: String) throws -> [Float] {
    try #require(arrays[path], "no \(path)").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}

/// Trains under `mpirun` and expects success.
func train(
  ranks: Int, ranksPerNode: Int? = nil, _ arguments: [String], run: String, timeout: Duration = .seconds(60)
) throws -> RunRecord {
  let finished = try mpirun(
    ranks: ranks, trainer, ["train"] + arguments + ["--run", run, "--quiet"],
    environment: ["DDP_TRAIN_RANKS_PER_NODE": ranksPerNode.map { "\($0)" }, "OPENBLAS_NUM_THREADS": "1"],
    timeout: timeout)
  try #require(finished.status == 0, "\(finished)")
  return try RunRecord(run)
}
