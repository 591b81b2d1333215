import Diagnostics

/// The arguments of `generate`.
public struct GenerateArguments: Sendable, Equatable {
  public let checkpoint: String
  /// The text to go on from; `nil`: a line break.
  public let prompt: String?
  /// Characters to write, at least 0.
  public let length: Int
  /// What the logits are divided by, at least 0; 0 always takes the likeliest character.
  public let temperature: Double
  public let seed: UInt64

  init(_ arguments: some Sequence<String>) throws(ConfigurationError) {
    let scanned = try ScannedArguments(arguments, of: "generate", options: Self.options)
    checkpoint = try Command.checkpoint(scanned, of: "generate")
    prompt = try scanned.last("--prompt")
    length = try scanned.last("--length").flatMap { Int($0) } ?? 500
    temperature = try scanned.last("--temperature").flatMap { Double($0) } ?? 1
    seed = try scanned.last("--seed").flatMap { UInt64($0) } ?? 42
  }

  static let options = [
    CommandOption("--prompt", .text, "TEXT", default: "a line break", "the text to go on from"),
    CommandOption("--length", .integer(.atLeast(0)), "N", default: "500", "characters to write"),
    CommandOption(
      "--temperature", .number(.atLeast(0)), "T", default: "1",
      "divides the logits; 0 takes the likeliest character"),
    CommandOption("--seed", .integer(.atLeast(0)), "N", default: "42", "of the random choices"),
  ]
}
