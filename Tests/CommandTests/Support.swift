import Foundation
import HDF5Storage
import ProcessSupport
import Testing

/// All suites of this target, one test after the other: they start jobs of several ranks on few cores.
@Suite(.serialized) struct Commands {}

/// A scratch directory with data, in which the program is started.
struct Sandbox {
  /// Its absolute path.
  let path: String

  /// Runs `body` in a fresh directory, which is removed afterwards.
  static func with(_ body: (Sandbox) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "command-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(Sandbox(path: url.path))
  }

  // MARK: Starting the program

  /// The environment of a user's shell: no launcher, no setting that brings a warning.
  static let environment: [String: String?] = [
    "OPENBLAS_CORETYPE": nil, "DDP_TRAIN_UNKNOWN_CPU": nil, "OMPI_COMM_WORLD_SIZE": nil, "PMI_SIZE": nil,
    "SLURM_NTASKS": nil, "NO_COLOR": nil,
  ]

  /// Runs `ddp-train`, under `mpirun` where `ranks` is given.
  func train(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String?] = [:], timeout: Duration = .seconds(60)
  ) throws -> FinishedProcess {
    let environment = Self.environment.merging(environment) { $1 }
    let program = builtExecutable("ddp-train")
    let result =
      if let ranks {
        try mpirun(
          ranks: ranks, program, arguments, environment: environment, directory: path, timeout: timeout)
      } else {
        try run(program, arguments, environment: environment, directory: path, timeout: timeout)
      }
    #expect(!result.timedOut, "\(result)")
    return result
  }

  /// Expects the program to end with `status` and one line that is `message`, whichever rank it comes from.
  ///
  /// - Parameter ranks: nil for a plain process, whose standard error must be that line alone.
  func expectFailure(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String?] = [:], status: Int32, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try train(arguments, ranks: ranks, environment: environment)
    #expect(result.status == status, "\(result)", sourceLocation: sourceLocation)
    let lines = ranks == nil ? result.errorLines : result.errorLines(beginningWith: "ddp-train:")
    #expect(lines == ["ddp-train: " + message], "\(result)", sourceLocation: sourceLocation)
  }

  /// Runs the program and expects success.
  @discardableResult
  func succeed(
    _ arguments: [String], ranks: Int? = nil, environment: [String: String?] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> FinishedProcess {
    let result = try train(arguments, ranks: ranks, environment: environment)
    try #require(result.status == 0, "\(result)", sourceLocation: sourceLocation)
    return result
  }

  // MARK: Data

  /// 240 samples of four features in three classes: `/train` and `/test`.
  func makeBlobs(_ name: String = "blobs.h5") throws {
    try succeed(
      [
        "data", "make", "blobs", "--output", name, "--samples", "240", "--features", "4", "--classes", "3", "--noise",
        "3",
      ])
  }

  /// Writes `features` (`/X`) of `rows` rows and `columns` columns, and `/y`, nil for none.
  func write<Label: HDF5Element>(
    _ name: String, features path: String = "/X", rows: Int = 48, columns: Int = 4, labels: [Label]?,
    change: (inout [Float]) -> Void = { _ in }
  ) throws {
    let file = try HDF5File.create(file(name))
    var features = (0..<rows * columns).map { Float(($0 * 7919) % 101) / 101 }
    change(&features)
    try file.write(path, shape: [rows, columns], elements: features)
    if let labels { try file.write("/y", shape: [labels.count], elements: labels) }
    try file.close()
  }

  /// 48 samples of 12 features; of the one in row 10 no model makes a finite loss.
  static var featuresWithSpoiltRow: [Float] {
    var features = (0..<48 * 12).map { Float($0 * 7919 % 101) / 101 }
    for index in 10 * 12..<11 * 12 { features[index] = 3e38 }
    return features
  }

  /// Labels 0, 1, 2, 0, … for `rows` rows.
  static func labels(_ rows: Int = 48) -> [Int64] { (0..<rows).map { Int64($0 % 3) } }

  // MARK: Files

  func file(_ name: String) -> String { path + "/" + name }
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: file(name))) }
  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
  func write(_ name: String, _ bytes: Data) throws { try bytes.write(to: URL(filePath: file(name))) }
  func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: file(directory)).sorted()
  }

  /// A JSON file, or one line of JSON.
  static func json(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// The lines of `metrics.jsonl` without what may differ between equal runs.
  func metrics(_ run: String) throws -> [NSDictionary] {
    try text(run + "/metrics.jsonl").split(separator: "\n").map {
      var line = try Self.json(String($0))
      line["timing"] = nil
      return line as NSDictionary
    }
  }

  /// The bits of every array of a checkpoint under `/model` and `/optimizer`, by path.
  func arrays(_ checkpoint: String) throws -> [String: [UInt32]] {
    let file = try HDF5File.open(file(checkpoint))
    let paths = try file.datasetPaths().filter { !$0.hasPrefix("/data_transform") }
    return try Dictionary(
      uniqueKeysWithValues: paths.map { ($0, try file.dataset($0).readAll(as: Float.self).map(\.bitPattern)) })
  }
}

/// Options of a quick run on `makeBlobs`' data that learns something.
let quickTraining = [
  "--data", "blobs.h5", "--epochs", "4", "--batch-size", "32", "--learning-rate", "0.05", "--set",
  "model.layers=[{dense:8},'relu',{dropout:0.2},'dense']",
]
