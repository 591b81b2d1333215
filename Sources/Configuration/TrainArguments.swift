import NeuralNetwork
import Settings

/// The arguments of `train`, in the order in which they take effect: defaults, file, then settings as given.
public struct TrainArguments: Sendable, Equatable {
  /// A value for one key, from `--set` or from an option of its own.
  public struct Setting: Sendable, Equatable {
    /// The key's path, such as `optimizer.learning_rate`.
    public let path: String
    public let value: JSONValue

    public init(path: String, value: JSONValue) {
      self.path = path
      self.value = value
    }
  }

  /// The JSON5 file to read; `nil`: defaults alone.
  public var configurationFile: String?
  public var settings: [Setting] = []

  public init(configurationFile: String? = nil, settings: [Setting] = []) {
    self.configurationFile = configurationFile
    self.settings = settings
  }

  /// Reads the file and lays the settings over it.
  public func configuration() throws(SettingsError) -> TrainingConfiguration {
    var value = JSONValue.object([])
    if let configurationFile { value = try JSON5Parser.parse(contentsOfFile: configurationFile) }
    return try configuration(over: value)
  }

  /// Lays the settings over `value`, a configuration file's content.
  public func configuration(over value: JSONValue) throws(SettingsError) -> TrainingConfiguration {
    var value = value
    for setting in settings { value = try value.setting(path: setting.path, to: setting.value) }
    return try TrainingConfiguration(value)
  }

  /// Reads the options and the configuration file of a command line, as `ddp-train train` takes them.
  ///
  /// - Parameter arguments: without the program's own name.
  public init(_ arguments: some Sequence<String>) throws(SettingsError) {
    try self.init(ScannedArguments(arguments, of: "train", options: Self.options), of: "train")
  }

  /// Takes what is meant for `train` out of a command line that may have options of its own.
  init(_ scanned: ScannedArguments, of command: String) throws(SettingsError) {
    configurationFile = try scanned.words(atMost: 1, of: command).first
    for (option, text) in scanned.options {
      let value = try option.value(text)
      switch (option.name, option.key) {
      case ("--config", _):
        if let configurationFile {
          throw SettingsError(
            "--config: expected one configuration file, found '\(configurationFile)' and '\(text)'")
        }
        configurationFile = text
      case ("--set", _): settings.append(try Setting(assignment: text))
      case (_, let key?): settings.append(Setting(path: key, value: value))
      default: break
      }
    }
  }
}

extension TrainArguments.Setting {
  /// Reads `path=value`.
  init(assignment: String) throws(SettingsError) {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw SettingsError("--set: expected path=value, as in --set optimizer.momentum=0.9, found '\(assignment)'")
    }
    self.init(path: parts[0], value: JSONValue(commandLineText: parts[1]))
  }
}

extension TrainArguments {
  private typealias Configuration = TrainingConfiguration

  /// Everything that `train` takes, in the order of `--help`.
  static let options = [
    CommandOption(
      "--data", .text, "FILE", key: "data.path", default: "digits", "HDF5 file, directory, glob or list file"),
    CommandOption(
      "--model", .name(ModelDescription.knownNames), "NAME", key: "model", default: "mlp",
      "linear, logistic or mlp"),
    CommandOption(
      "--loss", .name(Configuration.Loss.knownNames), "NAME", key: "loss", default: "by labels",
      "cross_entropy, mse, … (see loss.name)"),
    CommandOption(
      "--epochs", .integer(.atLeast(1)), "N", key: "epochs", default: "20", "passes over the training split"),
    CommandOption(
      "--batch-size", .integer(.atLeast(1)), "N", key: "batch_size", default: "128", "samples per step over all ranks"),
    CommandOption(
      "--learning-rate", .number(.above(0)), "X", key: "optimizer.learning_rate", default: "0.001",
      "step size; the default is adam's"),
    CommandOption(
      "--optimizer", .name(Configuration.Optimizer.knownNames), "NAME", key: "optimizer.name", default: "adam",
      "sgd, adamw, lion, lars, lamb, …"),
    CommandOption("--seed", .integer(.atLeast(0)), "N", key: "seed", default: "42", "decides every random choice"),
    CommandOption(
      "--shards", .integer(.atLeast(1)), "N", key: "shards", default: "4 or ranks", "logical shards, at least the ranks"
    ),
    CommandOption("--run", .text, "DIR", key: "run", default: "runs/…", "results; runs/NAME-TIMESTAMP"),
    CommandOption(
      "--resume", .text, "auto|PATH", key: "resume", default: "new run", "goes on from a checkpoint"),
    CommandOption(
      "--exchange", .name(Configuration.Exchange.allCases.map(\.rawValue)), "NAME", key: "exchange", default: "auto",
      "auto, shared or mpi"),
    CommandOption("--threads", .integer(.atLeast(1)), "N", key: "threads", default: "1", "BLAS threads per rank"),
    CommandOption("--quiet", .flag, "", key: "quiet", default: "off", "prints errors only"),
    CommandOption("--config", .text, "FILE", "JSON5 file, as the argument CONFIG"),
    CommandOption("--set", .text, "PATH=VALUE", "sets any key; repeatable"),
  ]
}
