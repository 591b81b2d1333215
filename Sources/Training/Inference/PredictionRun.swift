import Basics
import Checkpointing
public import Collectives
import DataPipeline
import Foundation
import HDF5Storage
import NeuralNetwork
import NumericCore

/// Writes what a checkpoint makes of every row of a split, in the order of the rows.
/// What it writes, the task says.
public enum PredictionRun {
  /// What was predicted.
  public struct Result: Sendable {
    public let rows: Int
    /// The file, directory, glob or list.
    public package(set) var data: String
    /// `train`, `val` or `test`.
    public let split: String
    /// Of classes or target columns, by index; nil where the training data had none.
    public let names: [String]?
    /// What a user should know of how the data were taken, one line each.
    public package(set) var remarks: [String]
    /// From the opened data to all outputs.
    public let seconds: Double
  }

  /// Collective. Rank 0 gathers and writes.
  ///
  /// - Parameters:
  ///   - extensions: those of the program that trained the checkpoint.
  ///   - progress: is given the share of this rank's work that is done.
  /// - Throws: a `UserFacingError` where checkpoint or data are missing, damaged, or do not fit together.
  @discardableResult
  public static func run(
    _ arguments: PredictArguments, extensions: Extensions = Extensions(), ranks: any Communicator,
    progress: (Double) -> Void = { _ in }
  ) throws -> Result {
    StopSignal.endAtOnce()
    let format = try arguments.outputFormat()
    _ = try ranks.agree {
      try OutputTarget.check(
        arguments.targets(format),
        inputs: DataFiles.paths(arguments.data) + [
          arguments.data, CheckpointDirectory.bestCheckpoint(at: arguments.checkpoint),
        ])
      return []
    }
    let trained = try TrainedModel(arguments.checkpoint, extensions: extensions)
    try trained.check(top: arguments.top)
    // Nor may it replace what the model was trained on.
    _ = try ranks.agree {
      try OutputTarget.check(arguments.targets(format), inputs: trained.trainingFiles)
      return []
    }
    let clock = ContinuousClock(), start = clock.now
    let samples = try trained.open(arguments.data, split: arguments.split, labelsRequired: false)
    if arguments.grid != nil {
      try SampleGrid.check(samples.source, layout: trained.metadata.configuration.model.inputLayout)
    }
    let predictions = try predictions(of: trained, samples, ranks: ranks, progress: progress)
    let seconds = (clock.now - start).seconds
    if ranks.isRoot {
      if let grid = arguments.grid { try SampleGrid(samples, predictions, of: trained).write(to: grid) }
      let arrays = try trained.task(samples.source).arrays(predictions)
      if format == .hdf5 {
        try write(
          arrays + arrays.top(arguments.top, trained.outputMeaning), rows: predictions.rows, of: trained,
          to: arguments.output)
      } else {
        var ids = SampleIDs()
        if case .rows(let rows) = samples.rows { ids.numbers = rows }
        if let (name, own) = try samples.source.sampleIDs() {
          (ids.name, ids.ids) = (name, (0..<predictions.rows).map { own[samples.rows[$0]] })
        }
        let table = PredictionTable(
          arrays, rows: predictions.rows, ids: ids, meaning: trained.outputMeaning, top: arguments.top)
        try PredictionSink(arguments).open { try table.write(format, withHeading: true, to: $0) }
      }
    }
    return Result(
      rows: samples.rows.count, data: samples.path, split: samples.name.rawValue,
      names: trained.outputNames, remarks: samples.remarks, seconds: seconds)
  }

  /// The outputs for all rows, in their order, on every rank.
  static func predictions(
    of trained: TrainedModel, _ samples: Samples, ranks: any Communicator, progress: (Double) -> Void = { _ in }
  ) throws -> Predictions {
    let evaluator = try EvaluationRun.makeEvaluator(trained, samples, ranks: ranks)
    let width = trained.model.outputShapes[0].elementCount
    var ownOutputs: [Float] = []
    var ownRows: [Int] = []
    _ = try evaluator.evaluate(trained.values, progress: progress) { outputs, rows in
      ownOutputs += outputs
      ownRows += rows
    }
    // Rows of a part that was held out are numbered among themselves.
    let places: [Int: Int] =
      if case .rows(let rows) = samples.rows { Dictionary(uniqueKeysWithValues: zip(rows, 0...)) } else { [:] }
    var outputs = [Float](repeating: 0, count: samples.rows.count * width)
    for (rows, values) in zip(try ranks.allGather(ownRows), try ranks.allGather(ownOutputs)) {
      for (index, row) in rows.enumerated() {
        let place = places[row] ?? row
        outputs.replaceSubrange(place * width..<(place + 1) * width, with: values[index * width..<(index + 1) * width])
      }
    }
    if let place = outputs.firstIndex(where: { !$0.isFinite }) {
      throw Failure(
        "\(samples.source.place(.features, row: samples.rows[place / width])): the model's outputs are not finite; its "
          + "features are far beyond those that it was trained on, or the weights in \(trained.path) are useless",
        exitCode: .numeric)
    }
    return Predictions(
      outputs: outputs, rows: samples.rows.count, shape: trained.model.outputShapes[0], meaning: trained.outputMeaning)
  }

  private static func write(_ arrays: [PredictedArray], rows: Int, of trained: TrainedModel, to path: String) throws {
    let file = try HDF5File.createInMemory(named: path)
    for array in arrays { try array.write(to: file, rows: rows) }
    try file.setAttribute("checkpoint", to: trained.path)
    let image = try file.image()
    try file.close()
    try AtomicFile.write(image, to: path)
  }
}

/// Where lines of predictions go: a file, whole or not at all, or standard output.
struct PredictionSink {
  private let path: String?

  init(_ arguments: PredictArguments) { path = arguments.writesOutput ? nil : arguments.output }

  /// Gives `body` what appends a text.
  func open(_ body: (_ write: (String) throws -> Void) throws -> Void) throws {
    if let path { return try AtomicFile.write(to: path, texts: body) }
    // What a terminal would obey is escaped there alone: a pipe gets the texts as they are.
    let isRaw = Terminal.behindStandardOutput() == nil
    try body { try Output.write($0, isRaw: isRaw) }
  }
}

extension PredictionTable {
  /// Writes all rows, in pieces, so that the text of a large set is never held.
  func write(_ format: PredictionFormat, withHeading hasHeading: Bool, to write: (String) throws -> Void) throws {
    var text = hasHeading && format == .csv ? csvHeading : ""
    for row in 0..<rows {
      text += format == .csv ? csv(row) : json(row)
      if text.utf8.count > 1 << 16 {
        try write(text)
        text = ""
      }
    }
    try write(text)
  }
}

extension TrainedModel {
  /// - Throws: where it gives no classes, or fewer than are asked for.
  func check(top: Int?) throws {
    guard let top else { return }
    let loss = metadata.configuration.loss.value ?? LossCatalog.all.make(metadata.lossName)
    let classes: Int? =
      switch loss?.targetKind {
      case _ where metadata.configuration.reconstructs: nil
      case .classIndex, .classDistribution: metadata.outputSize
      case .classAndBox: metadata.outputSize - boxSize
      case .binary, .values, nil: nil
      }
    guard let classes else {
      throw Failure.usage("--top \(top): \(path) does not choose one of several classes; leave it out")
    }
    guard top <= classes else {
      throw Failure.usage("--top \(top): \(path) has \(classText(classes)), expected at most \(classes)")
    }
  }
}

extension [PredictedArray] {
  /// The likeliest classes of each row and what speaks for them: `top_classes` and `top_probabilities`, or
  /// `top_logits`, [N, …, K]; none where they are not asked for.
  func top(_ count: Int?, _ meaning: OutputMeaning) -> [PredictedArray] {
    guard let count, let scores = first(where: { $0.name == "probabilities" }) ?? first(where: { $0.name == "logits" }),
      case .floats(let values) = scores.elements, let size = scores.shape.last
    else { return [] }
    let places = (0..<values.count / size).flatMap { record in
      scores.ranking(record, of: size, first: count).map { record * size + $0 }
    }
    let shape = [Int](scores.shape.dropLast()) + [count]
    let labels = places.map { meaning.targets.label(ofClass: $0 % size) }
    return [
      PredictedArray("top_classes", shape: shape, .integers(labels), classes: meaning.names.classNames),
      PredictedArray("top_" + scores.name, shape: shape, .floats(places.map { values[$0] })),
    ]
  }
}
