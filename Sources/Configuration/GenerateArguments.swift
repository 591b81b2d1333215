import Basics
import Settings

/// The arguments of `generate`: of a model of characters, which writes text, and of a GAN, which makes samples.
public struct GenerateArguments: Sendable, Equatable {
  public let checkpoint: String
  /// The text to go on from; `nil`: a line break.
  public let prompt: String?
  /// Characters to write, at least 0.
  public let length: Int
  /// What the logits are divided by, at least 0; 0 always takes the likeliest character.
  public let temperature: Double
  /// Samples to make, at least 1.
  public let samples: Int
  /// The PNG file that shows the samples, if there is to be one.
  public let grid: String?
  /// The HDF5 file with the samples, if there is to be one.
  public let output: String?
  public let seed: UInt64
  /// The options that were given, by name.
  public let given: [String]

  init(_ arguments: some Sequence<String>) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "generate", options: Self.options)
    checkpoint = try Command.checkpoint(scanned, of: "generate")
    prompt = try scanned.last("--prompt")
    length = try scanned.last("--length").flatMap { Int($0) } ?? 500
    temperature = try scanned.last("--temperature").flatMap { Double($0) } ?? 1
    samples = try scanned.last("--samples").flatMap { Int($0) } ?? 64
    grid = try scanned.last("--grid")
    output = try scanned.last("--output")
    seed = try scanned.last("--seed").flatMap { UInt64($0) } ?? 42
    given = scanned.options.map(\.option.name)
  }

  /// The first option that was given and is for text alone, or for samples alone.
  public func givenOption(for kind: Kind) -> String? {
    let options = kind == .text ? Self.textOptions : Self.sampleOptions
    return given.first { name in options.contains { $0.name == name } }
  }

  /// What a model generates.
  public enum Kind: Sendable {
    case text, samples
  }

  static let options =
    textOptions + sampleOptions + [
      CommandOption("--seed", .integer(.atLeast(0)), "N", default: "42", "of the random choices")
    ]

  private static let textOptions = [
    CommandOption("--prompt", .text, "TEXT", default: "a line break", "the text to go on from"),
    CommandOption("--length", .integer(.atLeast(0)), "N", default: "500", "characters to write"),
    CommandOption(
      "--temperature", .number(.atLeast(0)), "T", default: "1",
      "divides the logits; 0 takes the likeliest character"),
  ]

  private static let sampleOptions = [
    CommandOption("--samples", .integer(.closed(1, 100_000)), "N", default: "64", "samples that a GAN makes"),
    CommandOption("--grid", .text, "FILE.png", "picture of them side by side, grey or colour"),
    CommandOption("--output", .text, "OUT.h5", "HDF5 file to write them to, as /train/x in the data's units"),
  ]
}
