import Basics
import Foundation
import Settings

/// What one call of `ddp-train` is asked to do.
public enum Command: Sendable, Equatable {
  case train(TrainArguments)
  case rangeTest(RangeTestArguments)
  case evaluate(EvaluateArguments)
  case predict(PredictArguments)
  case verify(checkpoint: String)
  case generate(GenerateArguments)
  /// The words behind `data`, which that command reads itself.
  case data([String])
  case help(HelpTopic)
  case version

  /// The names of the commands, as users write them.
  public static let names = [
    "train", "lr-find", "evaluate", "predict", "generate", "data", "verify", "help", "version",
  ]

  /// Reads a command line.
  ///
  /// Without a command it means `train`: `ddp-train`, `ddp-train --epochs 3`, `ddp-train run.json5`.
  ///
  /// - Parameters:
  ///   - arguments: without the program's own name.
  ///   - fileExists: tells a configuration file from a misspelled command.
  public static func parse(
    _ arguments: [String],
    fileExists: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
  ) throws(SettingsError) -> Command {
    guard let first = arguments.first else { return .train(TrainArguments()) }
    let rest = arguments.dropFirst()
    switch first {
    case "help", "--help", "-h": return try help(rest)
    case "version", "--version": return .version
    case "data": return .data(Array(rest))
    default: break
    }
    if let topic = HelpTopic(rawValue: first), topic != .general, asksForHelp(rest) { return .help(topic) }
    switch first {
    case "train": return .train(try TrainArguments(rest))
    case "lr-find": return .rangeTest(try RangeTestArguments(rest))
    case "evaluate": return .evaluate(try EvaluateArguments(rest))
    case "predict": return .predict(try PredictArguments(rest))
    case "generate": return .generate(try GenerateArguments(rest))
    case "verify":
      return .verify(checkpoint: try checkpoint(try ScannedArguments(rest, of: first, options: []), of: first))
    default: break
    }
    guard first.hasPrefix("-") || first.hasSuffix(".json5") || first.hasSuffix(".json") || fileExists(first) else {
      throw SettingsError("unknown command '\(first)' (\(names.suggestion(for: first)))")
    }
    return asksForHelp(arguments) ? .help(.train) : .train(try TrainArguments(arguments))
  }

  /// The one word that `command` needs: a checkpoint.
  static func checkpoint(
    _ scanned: ScannedArguments, of command: String
  ) throws(SettingsError) -> String {
    guard let checkpoint = try scanned.words(atMost: 1, of: command).first else {
      throw SettingsError("\(command): expected a checkpoint, such as runs/NAME/checkpoints/best.h5")
    }
    return checkpoint
  }

  private static func asksForHelp(_ arguments: some Sequence<String>) -> Bool {
    arguments.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
  }

  private static func help(_ words: ArraySlice<String>) throws(SettingsError) -> Command {
    guard let word = words.first else { return .help(.general) }
    if word == "data" { return .data(["--help"]) }
    guard let topic = HelpTopic(rawValue: word) else {
      throw SettingsError("help: unknown command '\(word)' (\(names.suggestion(for: word)))")
    }
    return .help(topic)
  }
}

/// The arguments of `evaluate`.
public struct EvaluateArguments: Sendable, Equatable {
  public let checkpoint: String
  /// `nil`: the data that the checkpoint was trained on.
  public let data: String?
  /// `nil`: the test split if there is one.
  public let split: String?
  /// Whether to print JSON instead of a table.
  public let json: Bool

  public init(checkpoint: String, data: String? = nil, split: String? = nil, json: Bool = false) {
    (self.checkpoint, self.data, self.split, self.json) = (checkpoint, data, split, json)
  }

  init(_ arguments: some Sequence<String>) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "evaluate", options: Self.options)
    checkpoint = try Command.checkpoint(scanned, of: "evaluate")
    data = try scanned.last("--data")
    split = try scanned.last("--split")
    json = scanned.has("--json")
  }

  static let options = [
    CommandOption("--data", .text, "FILE", default: "as trained", "HDF5 file, directory, glob or text list of files"),
    CommandOption("--split", .text, "NAME", default: "test", "train, val or test"),
    CommandOption("--json", .flag, "", "one JSON object instead of a table"),
  ]
}

/// The arguments of `predict`.
public struct PredictArguments: Sendable, Equatable {
  public let checkpoint: String
  public let data: String
  /// The HDF5 file to write.
  public let output: String
  /// `nil`: the test split if there is one.
  public let split: String?

  public init(checkpoint: String, data: String, output: String, split: String? = nil) {
    (self.checkpoint, self.data, self.output, self.split) = (checkpoint, data, output, split)
  }

  init(_ arguments: some Sequence<String>) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "predict", options: Self.options)
    checkpoint = try Command.checkpoint(scanned, of: "predict")
    guard let data = try scanned.last("--data") else {
      throw SettingsError("predict: expected --data FILE, the samples to predict")
    }
    guard let output = try scanned.last("--output") else {
      throw SettingsError("predict: expected --output OUT.h5, the file to write")
    }
    self.data = data
    self.output = output
    split = try scanned.last("--split")
  }

  static let options = [
    CommandOption("--data", .text, "FILE", "HDF5 file, directory, glob or text list of files; required"),
    CommandOption("--output", .text, "OUT.h5", "HDF5 file to write; required"),
    CommandOption("--split", .text, "NAME", default: "test", "train, val or test"),
  ]
}
