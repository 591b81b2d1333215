public import Collectives
import NeuralNetwork
import Settings
public import Training

extension TrainingRun {
  /// Sets up the training of a model that the program describes. Collective over all ranks of the job, with equal
  /// arguments.
  ///
  /// Everything that holds for a model of a configuration holds for it: the same bits on any number of ranks, exact
  /// resume.
  ///
  /// - Parameters:
  ///   - extensions: losses and metrics of the program's own that the configuration names.
  ///   - writesFiles: whether there is a run directory; without one the result of `run()` is all that is left of it.
  /// - Throws: a `SettingsError` where a property is out of its range or names what there is not; another
  ///   `UserFacingError` where configuration, data and model do not fit together, or the checkpoint to resume is
  ///   damaged or of another model.
  public convenience init(
    _ configuration: TrainingConfiguration, model: Sequential, extensions: Extensions = Extensions(),
    writesFiles: Bool = true, ranks: MPICommunicator
  ) throws {
    var configuration = configuration
    configuration.model = try model.description()
    try self.init(
      configuration, extensions: extensions.adding(model.customLayers), writesFiles: writesFiles, ranks: ranks)
  }

  /// The same, with all else from a command line that takes the options of `ddp-train train`.
  ///
  /// - Throws: also where the command line names a model.
  public convenience init(
    _ arguments: TrainArguments, model: Sequential, extensions: Extensions = Extensions(), writesFiles: Bool = true,
    ranks: MPICommunicator
  ) throws {
    _ = try model.description()
    guard !arguments.settings.contains(where: { $0.path.split(separator: ".").first == "model" }) else {
      throw SettingsError("--model: this program has a model of its own; leave the option out")
    }
    var arguments = arguments
    arguments.settings.append(.init(path: "model", value: model.json))
    try self.init(arguments, extensions: extensions.adding(model.customLayers), writesFiles: writesFiles, ranks: ranks)
  }
}

extension EvaluationRun {
  /// Evaluates a checkpoint of a model that the program described. Collective.
  ///
  /// - Parameter extensions: losses and metrics of the program's own.
  /// - Returns: the figures of the split, equal on every rank and on any number of ranks.
  /// - Throws: a `UserFacingError` where checkpoint, data and model are missing, damaged, or do not fit together.
  public static func metrics(
    _ arguments: EvaluateArguments, model: Sequential, extensions: Extensions = Extensions(), ranks: MPICommunicator
  ) throws -> SplitMetrics {
    try metrics(arguments, extensions: extensions.adding(model.customLayers), ranks: ranks)
  }
}

extension PredictionRun {
  /// Writes what a checkpoint of a model that the program described makes of every row of a split. Collective.
  ///
  /// - Parameter extensions: losses and metrics of the program's own.
  /// - Throws: a `UserFacingError` where checkpoint, data and model are missing, damaged, or do not fit together.
  @discardableResult
  public static func run(
    _ arguments: PredictArguments, model: Sequential, extensions: Extensions = Extensions(), ranks: MPICommunicator
  ) throws -> Result {
    try run(arguments, extensions: extensions.adding(model.customLayers), ranks: ranks)
  }
}

extension ExportRun {
  /// Writes a checkpoint of a model that the program described in the form of another program.
  ///
  /// - Parameter extensions: losses and metrics of the program's own.
  /// - Throws: a `UserFacingError` where the checkpoint is damaged or of another model, or has a layer that the form
  ///   cannot express.
  public static func write(
    _ arguments: ExportArguments, model: Sequential, extensions: Extensions = Extensions()
  ) throws {
    try write(arguments, extensions: extensions.adding(model.customLayers))
  }
}

extension Extensions {
  /// The same with the layers of a model.
  fileprivate func adding(_ layers: CustomLayers) -> Extensions {
    var sum = self
    sum.layers = layers
    return sum
  }
}
