import Basics
import Checkpointing
import Collectives
package import DataPipeline
import Foundation
import HDF5Storage
import NeuralNetwork

/// Predicts rows that come one behind the other, as from standard input, and writes lines as it goes.
///
/// What a model makes of a row depends on the row and its number alone; so these are the bits that the same rows in a
/// file would give.
package struct StreamedPrediction {
  /// A block of rows: features [rows, count] in the model's order, and ids where there are any.
  package typealias Block = (features: [Double], ids: [String]?, rows: Int)

  private let trained: TrainedModel
  private let arguments: PredictArguments
  private let format: PredictionFormat
  private let storage: FeatureStorage
  /// How messages call where the rows come from.
  private let name: String

  /// - Throws: where the checkpoint is damaged, or the arguments ask for what a stream has not.
  package init(_ arguments: PredictArguments, called name: String, extensions: Extensions = Extensions()) throws {
    format = try arguments.outputFormat()
    guard format != .hdf5 else {
      throw Failure.usage(
        "--output \(arguments.output): rows of \(name) become lines, expected a name that ends in .csv or .jsonl, or -")
    }
    guard arguments.split == nil else {
      throw Failure.usage("--split \(arguments.split ?? ""): \(name) has no splits; leave it out")
    }
    try OutputTarget.check(
      arguments.targets(format),
      inputs: [CheckpointDirectory.bestCheckpoint(at: arguments.checkpoint), PredictArguments.standardInput])
    trained = try TrainedModel(arguments.checkpoint, extensions: extensions)
    try trained.check(top: arguments.top)
    try OutputTarget.check(arguments.targets(format), inputs: trained.trainingFiles)
    if let reason = TaskCatalog.whyNotEvaluated(trained.metadata.configuration.model) {
      throw Failure.usage("\(trained.path): \(reason)")
    }
    storage =
      trained.metadata.data.storage ?? FeatureStorage(shape: trained.metadata.inputShape, isChannelsFirst: false)
    (self.arguments, self.name) = (arguments, name)
  }

  /// How messages call the model.
  package var model: String { trained.path }
  /// The names of the columns that it takes; nil where they have none.
  package var columns: [String]? { trained.metadata.data.names.columns }
  /// What the model's numbers stand for, and how they were made.
  package var names: DataNames { trained.metadata.data.names }
  /// How many features a row has.
  package var featureCount: Int { storage.shape.elementCount }

  /// Predicts all rows.
  ///
  /// - Parameters:
  ///   - idName: what the ids are called; nil where there are none.
  ///   - next: gives the next rows, so many at most; nil at the end.
  package func run(idName: String?, next: (Int) throws -> Block?) throws -> PredictionRun.Result {
    let plan = EvaluationPlan(
      sampleCount: 1, shardCount: trained.metadata.shardCount, globalBatchSize: trained.metadata.configuration.batchSize
    )
    let clock = ContinuousClock()
    var rows = 0, seconds = 0.0, remarks: [String] = []
    try PredictionSink(arguments).open { write in
      // Whole batches, so that a row keeps its place in its batch.
      while let block = try next(64 * plan.batchSize) {
        let start = clock.now
        let (arrays, meant) = try predict(block)
        for remark in meant where !remarks.contains(remark) { remarks.append(remark) }
        seconds += (clock.now - start).seconds
        let table = PredictionTable(
          arrays, rows: block.rows, ids: SampleIDs(first: rows, name: idName, ids: block.ids),
          meaning: trained.outputMeaning, top: arguments.top)
        try table.write(format, withHeading: rows == 0, to: write)
        rows += block.rows
      }
      guard rows > 0 else { throw Failure.data("\(name): has no rows, expected at least one") }
    }
    return PredictionRun.Result(
      rows: rows, data: name, split: "", names: trained.outputNames, remarks: remarks, seconds: seconds)
  }

  /// Puts the rows into a file of their own, so that they are read, checked and scaled as all others.
  private func predict(_ block: Block) throws -> (arrays: [PredictedArray], remarks: [String]) {
    let path = AtomicFile.temporaryName(for: FileManager.default.temporaryDirectory.path + "/predict.h5")
    defer { unlink(path) }
    try write(block, to: path)
    // The place in that file means nothing to a user.
    let place = "\(path): \(Self.dataset)"
    return try Failure.replacing([path: name]) {
      try Failure.replacing([place: name]) {
        let samples = try trained.open(path, split: SplitName.test.rawValue, labelsRequired: false)
        let predictions = try PredictionRun.predictions(of: trained, samples, ranks: SingleProcess())
        return (
          try trained.task(samples.source).arrays(predictions),
          samples.remarks.map { $0.replacing(place, with: name).replacing(path, with: name) }
        )
      }
    }
  }

  /// The features in that file.
  private static let dataset = "/test/x"

  /// Rows in the type of the training data where that holds them exactly, so that they are scaled in its precision.
  private func write(_ block: Block, to path: String) throws {
    let file = try HDF5File.create(path, replaces: false)
    let shape = [block.rows] + storage.shape.extents, dataset = Self.dataset
    func write<T: FixedWidthInteger & HDF5Element>(_: T.Type) throws -> Bool {
      let whole = block.features.compactMap { T(exactly: $0) }
      guard whole.count == block.features.count else { return false }
      try file.write(dataset, shape: shape, elements: whole)
      return true
    }
    let isWritten =
      switch trained.metadata.data.featureType {
      case "uint8": try write(UInt8.self)
      case "int8": try write(Int8.self)
      case "uint16": try write(UInt16.self)
      case "int16": try write(Int16.self)
      case "uint32": try write(UInt32.self)
      case "int32": try write(Int32.self)
      case "uint64": try write(UInt64.self)
      case "int64": try write(Int64.self)
      default: false
      }
    if !isWritten, trained.metadata.data.featureType == "float32" {
      try file.write(dataset, shape: shape, elements: block.features.map { Float($0) })
    } else if !isWritten {
      try file.write(dataset, shape: shape, elements: block.features)
    }
    let names = trained.metadata.data.names
    if let columns = names.columns { try file.setLines("names", columns, of: dataset) }
    if let words = names.words { try file.setLines("words", words, of: dataset) }
    if let characters = names.characters { try file.setAttribute("vocabulary", to: characters, of: dataset) }
    if let text = names.preparation { try file.setAttribute(DataPreparation.attribute, to: text, of: dataset) }
    try file.close()
  }
}
