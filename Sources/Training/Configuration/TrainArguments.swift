import NeuralNetwork
import NumericCore
import Optimizers
public import Settings

/// The arguments of `train`, in the order in which they take effect: defaults, file, then settings as given.
///
/// Programs with a model of their own read the same options.
public struct TrainArguments: OptionGroup, Equatable {
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

  /// The JSON5 file to read; nil for defaults alone.
  public var configurationFile: String?
  public var settings: [Setting] = []

  public init() {}

  public init(configurationFile: String? = nil, settings: [Setting] = []) {
    self.configurationFile = configurationFile
    self.settings = settings
  }

  /// Reads the options and the configuration file of a command line, as `ddp-train train` takes them.
  ///
  /// - Parameter arguments: without the program's own name.
  public init(_ arguments: some Sequence<String>) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "train", options: Self.optionHelp)
    try read(scanned.options)
    try take(scanned.words, of: "train")
  }

  /// Takes in the word between the options, the configuration file.
  public mutating func take(_ words: [String], of command: String) throws(SettingsError) {
    try ScannedArguments.check(words, atMost: 1, of: command)
    guard let word = words.first else { return }
    if let configurationFile {
      throw SettingsError("--config: expected one configuration file, found '\(word)' and '\(configurationFile)'")
    }
    configurationFile = word
  }

  /// Reads the file and lays the settings over it.
  ///
  /// - Parameter extensions: what they may name beside what ddp-train has.
  public func configuration(extensions: Extensions = Extensions()) throws(SettingsError) -> TrainingConfiguration {
    var value = JSONValue.object([])
    if let configurationFile { value = try JSON5Parser.parse(contentsOfFile: configurationFile) }
    return try configuration(over: value, extensions: extensions)
  }

  /// Lays file and settings over `stored`, the configuration of a run that goes on; what they leave out stays.
  public func configuration(
    goingOnFrom stored: JSONValue, extensions: Extensions = Extensions()
  ) throws(SettingsError) -> TrainingConfiguration {
    var value = stored
    if let configurationFile {
      var file = try JSON5Parser.parse(contentsOfFile: configurationFile)
      // Held to its own rules first, which name its places.
      _ = try TrainingConfiguration(file, extensions: extensions)
      if let layers = file["layers"] {
        file = .object((file.members ?? []).filter { $0.key != "layers" } + [.init("model", layers)])
      }
      if case .bool(let isQuiet)? = file["quiet"]?.content {
        let verbosity = JSONValue.Member("verbosity", isQuiet ? "quiet" : "normal")
        file = .object((file.members ?? []).filter { $0.key != "quiet" && $0.key != "verbosity" } + [verbosity])
      }
      value = try value.laying(file, of: TrainingConfiguration.settings)
    }
    return try configuration(over: try withoutReplaced(value), extensions: extensions)
  }

  /// A run's configuration without the settings of what another name is given for: they were all written out, and mean
  /// nothing to another optimizer, loss, schedule or model.
  private func withoutReplaced(_ stored: JSONValue) throws(SettingsError) -> JSONValue {
    var value = stored
    if settings.contains(where: { $0.path == "layers" }) {
      value = .object((value.members ?? []).filter { $0.key != "model" })
    }
    for setting in settings {
      let group = setting.path.hasSuffix(".name") ? String(setting.path.dropLast(5)) : setting.path
      guard ["model", "loss", "optimizer", "generator_optimizer", "schedule"].contains(group),
        case .string(let name) = setting.value.content, let before = value[group], !before.isNull,
        before != .string(name), before["name"] != .string(name)
      else { continue }
      value = try value.setting(path: group, to: .null)
    }
    return value
  }

  /// Lays the settings over `value`, a configuration file's content.
  public func configuration(
    over value: JSONValue, extensions: Extensions = Extensions()
  ) throws(SettingsError) -> TrainingConfiguration {
    var value = value
    // An option overrides the file's short form of it, too.
    if settings.contains(where: { $0.path == "verbosity" }) {
      value = .object((value.members ?? []).filter { $0.key != "quiet" })
    }
    let shorthands = TrainingConfiguration.settings.reduce(into: [:]) { $0[$1.key] = $1.shorthand }
    for setting in settings {
      value = try value.setting(path: setting.path, to: setting.value, shorthands: shorthands)
    }
    return try TrainingConfiguration(value, extensions: extensions)
  }
}

extension TrainArguments.Setting {
  /// Reads `path=value`.
  package init(assignment: String) throws(SettingsError) {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw SettingsError("--set: expected path=value, as in --set optimizer.momentum=0.9, found '\(assignment)'")
    }
    self.init(path: parts[0], value: JSONValue(commandLineText: parts[1]))
  }
}

// MARK: Options

extension TrainArguments {
  /// Everything that `train` takes, in the order of `--help`.
  public static let options: [Option<TrainArguments>] = [
    option(
      "--data", "FILE", String.self, .any, "data.path", default: "digits", "HDF5 file, directory, glob or list file"),
    option("--model", "NAME", of: ModelDescription.knownNames, "model", "what is trained"),
    option(
      "--loss", "NAME", of: LossCatalog.all.names, "loss", default: "by labels",
      "what is minimized, such as cross_entropy; see loss.name"),
    option("--init-from", "FILE", String.self, .any, "init.from", "weights of a checkpoint or .safetensors file"),
    option("--epochs", "N", Int.self, .atLeast(0), "epochs", "passes over the training split"),
    option("--batch-size", "N", Int.self, .atLeast(1), "batch_size", "samples per step over all ranks"),
    option(
      "--learning-rate", "X", Double.self, .above(0), "optimizer.learning_rate", "step size; the default is adam's"),
    option(
      "--optimizer", "NAME", of: OptimizerCatalog.all.names, "optimizer.name", "how steps are taken"),
    option("--seed", "N", UInt64.self, .any, "seed", "decides every random choice"),
    option(
      "--shards", "N", Int.self, .atLeast(1), "shards", default: "4 to 16",
      "logical shards; one for 64 samples of the batch"),
    option("--run", "DIR", String.self, .any, "run", default: "runs/…", "results; runs/NAME-TIMESTAMP"),
    option("--resume", "auto|PATH", String.self, .any, "resume", default: "new run", "goes on from a checkpoint"),
    Option(OptionSpelling("--overwrite", "", key: "overwrite", "renames a used --run DIR to DIR.old-TIMESTAMP")) {
      arguments, _ in arguments.settings.append(Setting(path: "overwrite", value: true))
    },
    option(
      "--exchange", "NAME", of: ExchangeChoice.allCases.map(\.rawValue), "exchange",
      "how gradients travel"),
    option(
      "--precision", "NAME", of: ProductPrecision.allCases.map(\.rawValue), "precision",
      "of matrix products' factors"),
    option("--trace", "F.json", String.self, .any, "log.trace", "a trace of where the time goes, for Perfetto"),
    option("--threads", "N", Int.self, .atLeast(1), "threads", "BLAS threads per rank"),
    option(
      "--verbosity", "NAME", of: Verbosity.allCases.map(\.rawValue), "verbosity", "verbose: steps and times too"),
    Option(OptionSpelling("--quiet", "", key: "verbosity", "errors and warnings: --verbosity quiet")) { arguments, _ in
      arguments.settings.append(Setting(path: "verbosity", value: "quiet"))
    },
    Option("--config", \.configurationFile, "FILE", "JSON5 file, as the argument CONFIG"),
    Option(OptionSpelling("--set", "PATH=VALUE", "sets any key; repeatable")) { arguments, text throws(SettingsError) in
      arguments.settings.append(try Setting(assignment: text))
    },
  ]

  /// An option that sets a key. Its default is the configuration's, unless `words` tell it.
  private static func option<Value: SettingValue>(
    _ name: String, _ placeholder: String, _ type: Value.Type, _ limits: Value.Limits, _ key: String,
    default words: String? = nil, _ help: String
  ) -> Option<TrainArguments> {
    Option(
      OptionSpelling(
        name, placeholder, key: key, accepted: Value.words(for: limits), choices: Value.choices, help),
      default: words ?? defaultText(key)
    ) { arguments, text throws(SettingsError) in
      let value = try Value.read(Value.value(ofText: text), name, limits)
      arguments.settings.append(Setting(path: key, value: value.json(limits)))
    }
  }

  /// An option that sets a key to one of a few names.
  private static func option(
    _ name: String, _ placeholder: String, of names: [String], _ key: String, default words: String? = nil,
    _ help: String
  ) -> Option<TrainArguments> {
    Option(
      OptionSpelling(
        name, placeholder, key: key, accepted: names.joined(separator: ", "), choices: names, help),
      default: words ?? defaultText(key)
    ) { arguments, text throws(SettingsError) in
      let value = try JSONValue.string(text).requireName(name, of: names)
      arguments.settings.append(Setting(path: key, value: .string(value)))
    }
  }

  /// The value at a path of the default configuration.
  private static func defaultText(_ path: String) -> String? {
    let keys = path.split(separator: ".").map(String.init)
    let value = keys.reduce(TrainingConfiguration().json as JSONValue?) { $0?[$1] }
    return value?.plainText
  }
}
