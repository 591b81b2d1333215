import Basics
import Foundation
public import Settings
public import Training

/// What all trials of a study begin with: a configuration, what `--set` lays over it, and the file that says so.
public struct StudyBase: Sendable {
  /// The study file, as the user named it.
  public let file: String
  /// As a configuration file has it, settings included.
  public let value: JSONValue
  /// The configuration file that the study names; nil for one that stands in the study.
  public let configurationFile: String?

  /// - Parameters:
  ///   - value: the study's `base`: a configuration, or the name of its file, seen from the study file.
  ///   - settings: laid over it.
  ///   - metrics: measured beside those that it asks for.
  ///   - bestBy: what decides which epoch of a trial is the best, where the configuration does not say it.
  init(
    _ value: JSONValue?, of file: String, settings: [TrainArguments.Setting], metrics: [String],
    bestBy: String? = nil
  ) throws(SettingsError) {
    self.file = file
    var laid: JSONValue
    (laid, configurationFile) = try Self.read(value ?? .object([]), path: "base", of: file)
    laid = try Self.laying(settings, over: laid)
    // Held to its own rules first, which name its places.
    let configuration = try TrainingConfiguration(laid)
    for key in SearchSpace.reserved where key != "checkpoint" && laid[key] != nil {
      laid = try laid.setting(path: key, to: .null)
    }
    var missing: [String] = []
    for metric in metrics where !["loss", "accuracy"].contains(metric) && !missing.contains(metric) {
      if !configuration.metrics.contains(where: { $0.rawValue == metric }) { missing.append(metric) }
    }
    if !missing.isEmpty {
      let all = configuration.metrics.map(\.rawValue) + missing
      laid = try laid.setting(path: "metrics", to: .array(all.map(JSONValue.string)))
    }
    // Without a rule it is the accuracy anyway.
    if let bestBy, configuration.checkpoint.bestBy == nil, bestBy != "accuracy" || configuration.earlyStopping != nil {
      laid = try laid.setting(path: "checkpoint.best_by", to: .string(bestBy))
    }
    self.value = laid
  }

  /// What a study file holds.
  static func parse(_ file: String) throws(SettingsError) -> JSONValue {
    guard FileManager.default.fileExists(atPath: file) else {
      throw SettingsError("study file '\(file)' does not exist")
    }
    return try JSON5Parser.parse(contentsOfFile: file)
  }

  /// A configuration that stands in a study, or the file that it names, seen from the study file.
  static func read(
    _ value: JSONValue, path: String, of file: String
  ) throws(SettingsError) -> (value: JSONValue, file: String?) {
    switch value.content {
    case .object: return (value, nil)
    case .string(let name):
      let place =
        name.hasPrefix("/") ? name : URL(fileURLWithPath: file).deletingLastPathComponent().relativePath + "/" + name
      let plain = place.hasPrefix("./") ? String(place.dropFirst(2)) : place
      guard FileManager.default.fileExists(atPath: plain) else {
        throw SettingsError("\(path): there is no file \(plain)", at: value.position)
      }
      return (try JSON5Parser.parse(contentsOfFile: plain), plain)
    default: throw value.mismatch(path, "a configuration in braces, or the name of its file")
    }
  }

  /// `settings` laid over a configuration, one after the other.
  static func laying(
    _ settings: [TrainArguments.Setting], over value: JSONValue
  ) throws(SettingsError) -> JSONValue {
    let shorthands = TrainingConfiguration.settings.reduce(into: [:]) { $0[$1.key] = $1.shorthand }
    var value = value
    for setting in settings { value = try value.setting(path: setting.path, to: setting.value, shorthands: shorthands) }
    return value
  }

  /// The configuration with settings of a trial.
  public func configuration(_ settings: [TrainArguments.Setting]) throws(SettingsError) -> TrainingConfiguration {
    try TrainingConfiguration(Self.laying(settings, over: value))
  }

  /// The files that a study reads.
  var inputs: [String] {
    get throws { try TrainingConfiguration(value).inputs + [file] + [configurationFile].compactMap(\.self) }
  }
}
