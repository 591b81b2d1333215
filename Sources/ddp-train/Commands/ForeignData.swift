import Basics
import Collectives
import DataPipeline
import DataTools
import Foundation
import Training

/// Data as a user has them, given to a model: a data set, or files that are made into one as the model's own data were.
///
/// A data set made so is a temporary file of each host, gone with `remove()`; messages speak of what was given.
struct ForeignData {
  /// What was given.
  let name: String
  /// The data set to read: what was given, or the temporary file.
  let path: String
  /// What the conversion decided, one line each.
  private(set) var notes: [String] = []
  private let isOwner: Bool

  /// Whether it had to be converted.
  var isConverted: Bool { path != name }

  /// Collective: the first rank of each host converts.
  ///
  /// - Parameters:
  ///   - data: a path.
  ///   - checkpoint: of the model, or a run directory.
  ///   - isForPrediction: whether targets are not wanted.
  ///   - progress: is given the share that is converted.
  /// - Throws: where the data cannot be converted as the model's own were.
  init(
    _ data: String, for checkpoint: String, _ ranks: any Communicator, isForPrediction: Bool = false,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws {
    name = data
    guard let preparation = Self.preparation(of: data, for: checkpoint) else {
      (path, isOwner) = (data, false)
      return
    }
    let directory = FileManager.default.temporaryDirectory.path
    guard access(directory, W_OK) == 0 else {
      throw Failure.data(
        "\(directory): no file can be made there of \(data.shownName); give another directory for temporary files in "
          + "the environment variable TMPDIR")
    }
    let own = AtomicFile.temporaryName(for: directory + "/data") + ".h5"
    let places = try ranks.allGather(Array("\(hostName)\n\(own)".utf8)).map {
      String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
    }
    path = places.first { $0[0] == places[ranks.rank][0] }?[1] ?? own
    isOwner = path == own
    if isOwner { notes = try Self.convert(data, as: preparation, isForPrediction, to: path, progress) }
    try ranks.barrier()
  }

  /// Does what reads the data, with messages that speak of what was given.
  func saying<Result>(_ body: () throws -> Result) throws -> Result {
    guard isConverted else { return try body() }
    let expected = " has no labels; expected them "
    return try Failure.replacing([path: name, expected + "in /test/y": expected + "as the training data had them"]) {
      try Failure.replacing(["\(path): /test/x": name]) { try body() }
    }
  }

  /// A remark in which the temporary file goes by what was given.
  func said(_ remark: String) -> String {
    isConverted ? remark.replacing("\(path): /test/x", with: name).replacing(path, with: name) : remark
  }

  func remove() {
    guard isOwner else { return }
    unlink(path)
    UnfinishedFile.end(path)
  }

  /// How the model's data were made, where `data` are of that format; nil where they are a data set, or of no format
  /// that the model knows.
  private static func preparation(of data: String, for checkpoint: String) -> DataPreparation? {
    guard DataFormats.repeatable.contains(where: { $0.reads(data) }), !DataSource.isDataSet(data),
      let preparation = try? DataPreparation(ofCheckpoint: checkpoint),
      DataFormats.repeatable.contains(where: { $0.name == preparation.format && $0.reads(data) })
    else { return nil }
    return preparation
  }

  private static func convert(
    _ data: String, as preparation: DataPreparation, _ isForPrediction: Bool, to path: String,
    _ progress: @escaping (Double) -> Void
  ) throws -> [String] {
    guard var format = DataFormats.repeatable.first(where: { $0.name == preparation.format })?.init() else { return [] }
    format.isForPrediction = isForPrediction
    try format.follow(preparation.json, preparation.names, of: preparation.owner)
    // Neither evaluate nor predict takes that option.
    let written = try Failure.replacing([", or leave them out with --skip-broken": ""]) {
      try format.convert([data], output: path, inputs: [preparation.owner], progress: progress)
    }
    UnfinishedFile.begin(path)
    return written.notes
  }
}
