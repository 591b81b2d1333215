import Basics
import Checkpointing
public import Collectives
import DataPipeline
import HDF5Storage
import NeuralNetwork
import NumericCore

/// What to predict, and where to.
public struct PredictArguments: Sendable, Equatable {
  /// A file, or a run directory, of which the best is meant.
  public var checkpoint: String
  public var data: String
  /// The HDF5 file to write.
  public var output: String
  /// nil for the test split if there is one.
  public var split: String?

  public init(checkpoint: String, data: String, output: String, split: String? = nil) {
    (self.checkpoint, self.data, self.output, self.split) = (checkpoint, data, output, split)
  }
}

/// Writes what a checkpoint makes of every row of a split, in the order of the rows.
/// Which data sets it writes, the task says.
public enum PredictionRun {
  /// What was predicted.
  public struct Result: Sendable {
    public let rows: Int
    /// The file, directory, glob or list.
    public let data: String
    /// `train`, `val` or `test`.
    public let split: String
    /// Of classes or target columns, by index; nil where the training data had none.
    public let names: [String]?
    /// What a user should know of how the data were taken, one line each.
    public let remarks: [String]
  }

  /// Collective. Rank 0 gathers and writes.
  ///
  /// - Parameter extensions: those of the program that trained the checkpoint.
  /// - Throws: a `UserFacingError` where checkpoint or data are missing, damaged, or do not fit together.
  @discardableResult
  public static func run(
    _ arguments: PredictArguments, extensions: Extensions = Extensions(), ranks: MPICommunicator
  ) throws -> Result {
    StopSignal.endAtOnce()
    _ = try ranks.agree {
      try OutputTarget.check(
        [OutputTarget("--output", arguments.output, .hdf5)],
        inputs: DataFiles.paths(arguments.data) + [
          arguments.data, CheckpointDirectory.bestCheckpoint(at: arguments.checkpoint),
        ])
      return []
    }
    let trained = try TrainedModel(arguments.checkpoint, extensions: extensions)
    // Nor may it replace what the model was trained on.
    _ = try ranks.agree {
      try OutputTarget.check([OutputTarget("--output", arguments.output, .hdf5)], inputs: trained.trainingFiles)
      return []
    }
    let samples = try trained.open(arguments.data, split: arguments.split, labelsRequired: false)
    let evaluator = try EvaluationRun.makeEvaluator(trained, samples, ranks: ranks)
    let width = trained.model.outputShapes[0].elementCount
    var ownOutputs: [Float] = []
    var ownRows: [Int] = []
    _ = try evaluator.evaluate(trained.values) { outputs, rows in
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
    if ranks.isRoot { try write(outputs, trained: trained, samples: samples, to: arguments.output) }
    return Result(
      rows: samples.rows.count, data: samples.path, split: samples.name.rawValue,
      names: trained.outputNames, remarks: samples.remarks)
  }

  private static func write(_ outputs: [Float], trained: TrainedModel, samples: Samples, to path: String) throws {
    let file = try HDF5File.createInMemory(named: path)
    let predictions = Predictions(
      outputs: outputs, rows: samples.rows.count, shape: trained.model.outputShapes[0], meaning: trained.outputMeaning)
    for array in try trained.task(samples.source).arrays(predictions) {
      try array.write(to: file, rows: predictions.rows)
    }
    try file.setAttribute("checkpoint", to: trained.path)
    let image = try file.image()
    try file.close()
    try AtomicFile.write(image, to: path)
  }
}
