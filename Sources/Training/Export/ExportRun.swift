import Basics
import Checkpointing
import DataPipeline

/// What to export.
public struct ExportArguments: Sendable, Equatable {
  /// A file, or a run directory, of which the best is meant.
  public var checkpoint: String
  /// The file to write; its name decides the form.
  public var output: String
  public var weights: EvaluatedWeights

  public init(checkpoint: String, output: String, weights: EvaluatedWeights = .evaluated) {
    (self.checkpoint, self.output, self.weights) = (checkpoint, output, weights)
  }
}

/// Which weights of a checkpoint are meant, where the run averages them.
public enum EvaluatedWeights: Sendable, Equatable {
  /// Those that `evaluate` and `predict` use: the averaged ones where the run averages them.
  case evaluated
  /// The averaged ones; an error where there are none.
  case averaged
  /// Those that the optimizer moves.
  case raw
}

/// Writes a model in the form of another program.
public enum ExportRun {
  /// What `--help` says of the file.
  package static var outputHelp: String {
    "the file to write, in the form of its name: "
      + "\(ExportFormats.all.map { $0.kind.suffixWords }.joined(separator: ", "))"
  }

  package struct Result: Sendable {
    /// The checkpoint.
    package let checkpoint: String
    package let step: Int
    package let parameterCount: Int
    package let byteCount: Int
    /// Whether the weights are averaged ones.
    package let isAveraged: Bool
    /// What a user should know of the file, one line each.
    package let remarks: [String]
  }

  /// Writes the model, as `ddp-train export` does.
  ///
  /// - Parameter extensions: those of the program that trained the checkpoint.
  /// - Throws: a `UserFacingError` where the checkpoint is damaged, the form cannot express the model, such as a layer
  ///   of one's own in ONNX, or the file cannot be written.
  public static func write(_ arguments: ExportArguments, extensions: Extensions = Extensions()) throws {
    try run(arguments, extensions: extensions)
  }

  /// - Parameter extensions: those of the program that trained the checkpoint.
  /// - Throws: a `UserFacingError` where the checkpoint is damaged, the form cannot express the model, or the file
  ///   cannot be written.
  @discardableResult
  package static func run(_ arguments: ExportArguments, extensions: Extensions = Extensions()) throws -> Result {
    let format = try ExportFormats.named(arguments.output)
    let target = OutputTarget("--output", arguments.output, format.kind)
    try OutputTarget.check([target], inputs: [CheckpointDirectory.bestCheckpoint(at: arguments.checkpoint)])
    // What a model has of another program's own, only that program can export.
    let trained = try Failure.replacing([
      "evaluate it in the program that trained it": "export it in the program that trained it"
    ]) {
      try TrainedModel(arguments.checkpoint, weights: arguments.weights, extensions: extensions)
    }
    // Nor may it replace what the model was trained on.
    try OutputTarget.check([target], inputs: trained.trainingFiles)
    let (bytes, remarks) = try format.file(of: trained)
    try AtomicFile.write(bytes, to: arguments.output)
    return Result(
      checkpoint: trained.path, step: trained.progress.step,
      parameterCount: trained.model.parameterLayout.elementCount, byteCount: bytes.count,
      isAveraged: trained.isAveraged, remarks: remarks)
  }
}
