import Settings

/// The arguments of `lr-find`: those of `train`, and the range of learning rates to try.
public struct RangeTestArguments: Sendable, Equatable {
  public let train: TrainArguments
  /// The first rate.
  public var first = 1e-6
  /// The last rate, above the first.
  public var last = 10.0
  /// Steps from the first to the last, at least 10.
  public var steps = 100
  /// The JSON file to write.
  public var output = "lr-find.json"

  init(_ arguments: some Sequence<String>) throws(SettingsError) {
    let scanned = try ScannedArguments(arguments, of: "lr-find", options: Self.trainOptions + Self.options)
    train = try TrainArguments(scanned, of: "lr-find")
    if let text = try scanned.last("--from") {
      first = try JSONValue(commandLineText: text).requireDouble("--from", in: .above(0))
    }
    if let text = try scanned.last("--to") {
      last = try JSONValue(commandLineText: text).requireDouble("--to", in: .above(0))
    }
    if let text = try scanned.last("--steps") {
      steps = try JSONValue(commandLineText: text).requireInteger("--steps", in: .atLeast(10))
    }
    output = try scanned.last("--output") ?? output
    guard first < last else { throw SettingsError("--to: expected more than --from, \(first), found \(last)") }
  }

  /// What a test of a few steps leaves of the options of `train`.
  private static let trainOptions = TrainArguments.options.filter {
    !["--epochs", "--learning-rate", "--run", "--resume"].contains($0.name)
  }

  static let options = [
    CommandOption("--from", .number(.above(0)), "X", default: "1e-06", "the first learning rate"),
    CommandOption(
      "--to", .number(.above(0)), "X", default: "10", "the last; the test ends early where the loss explodes"),
    CommandOption("--steps", .integer(.atLeast(10)), "N", default: "100", "steps from the first to the last"),
    CommandOption("--output", .text, "FILE", default: "lr-find.json", "JSON file to write"),
  ]
}
