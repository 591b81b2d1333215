import Basics
import DataPipeline
public import Settings

/// Splits that are drawn from the rows to train on.
public struct SplitOptions: OptionGroup, Equatable {
  public static let options = [
    Option(
      "--test", \SplitOptions.test, "FRACTION", .between(0, 1), "draws the test split, stratified by class"),
    Option(
      "--validation", \SplitOptions.validation, "FRACTION", .between(0, 1),
      "draws the validation split, stratified by class"),
    Option("--seed", \SplitOptions.seed, "N", "of what is drawn"),
  ]

  /// The fraction of all rows that becomes the test split; nil for none.
  public var test: Double?
  /// The fraction of all rows that becomes the validation split; nil for none.
  public var validation: Double?
  public var seed: UInt64 = 0

  public init() {}

  /// The options that ask for a split.
  var asked: [(option: String, split: SplitName)] {
    [("--test", .test, test), ("--validation", .validation, validation)].compactMap { option, split, fraction in
      fraction.map { _ in (option, split) }
    }
  }

  /// - Throws: `Failure` where nothing would be left to train on.
  func check() throws {
    guard let test, let validation, test + validation >= 1 else { return }
    throw Failure.usage("--test \(test) and --validation \(validation) leave nothing to train on")
  }
}
