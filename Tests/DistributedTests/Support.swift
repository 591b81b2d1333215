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
  func dataset(_ name: String, samples: Int, features: Int = 12) throws -> String {
    var generator = RandomSource.Generator(source: RandomSource(seed: 17).stream(.synthesis, samples))
    let labels = (0..<samples).map { _ in Int32(generator.next(upperBound: 3)) }
    let values = labels.flatMap { label in
      (0..<features).map { Float(generator.normal() * Double($0 + 1) + Double(Int(label) * ($0 % 3))) }
    }
    let file = try HDF5File.create(path + "/" + name)
    try file.write("/train/x", shape: [samples, features], elements: values)
    try file.write("/train/y", shape: [samples], elements: labels)
    try file.close()
    return path + "/" + name
  }

  /// Noise under labels of three classes.
  func images(_ name: String, samples: Int, extents: [Int]) throws -> String {
    var generator = RandomSource.Generator(source: RandomSource(seed: 19).stream(.synthesis, samples))
    let values = (0..<samples * extents.reduce(1, *)).map { _ in Float(generator.normal()) }
    let file = try HDF5File.create(path + "/" + name)
    try file.write("/train/x", shape: [samples] + extents, elements: values)
    try file.write("/train/y", shape: [samples], elements: (0..<samples).map { Int32($0 % 3) })
    try file.close()
    return path + "/" + name
  }

  /// A binary batch of CIFAR-10: records of a label and 3 · 32 · 32 bytes, here stripes whose direction is the class.
  func cifar10(records: Int, in name: String) throws {
    var generator = RandomSource.Generator(source: RandomSource(seed: 23).stream(.synthesis, records))
    var bytes = Data()
    for _ in 0..<records {
      let label = generator.next(upperBound: 10)
      let angle = Double.pi * Double(label) / 10
      let phase = generator.uniform() * 2 * Double.pi
      bytes.append(UInt8(label))
      for channel in 0..<3 {
        for pixel in 0..<32 * 32 {
          let place = Double(pixel % 32) * cos(angle) + Double(pixel / 32) * sin(angle)
          let value = 128 + 80 * sin(place + phase + Double(channel)) + 10 * generator.normal()
          bytes.append(UInt8(min(255, max(0, value))))
        }
      }
    }
    try bytes.write(to: URL(filePath: path + "/" + name))
  }
}

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
