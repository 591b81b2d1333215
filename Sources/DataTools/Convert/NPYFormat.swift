import Basics
public import DataPipeline
import Foundation
public import Settings

/// Arrays saved by NumPy.
public struct NPYFormat: RepeatableFormat {
  public static let name = "npy"
  public static let operands = "X.npy [Y.npy [TEST_X.npy TEST_Y.npy]]"
  public static let summary = "arrays saved by NumPy, in their own type"
  public static let discussion = """
    The options name the sources instead of their order. Labels that are texts become classes by name. X alone is for \
    an autoencoder.
    """
  public static let options =
    [
      Option("--features", \NPYFormat.features, "X.npy", "x of the training split"),
      Option("--labels", \NPYFormat.labels, "Y.npy", "y of the training split"),
      Option("--test-features", \NPYFormat.testFeatures, "X.npy", "x of the test split"),
      Option("--test-labels", \NPYFormat.testLabels, "Y.npy", "y of the test split"),
    ] + SplitOptions.options.map { $0.lifted(\NPYFormat.drawing) }

  public var features: String?
  public var labels: String?
  public var testFeatures: String?
  public var testLabels: String?
  public var drawing = SplitOptions()
  private var followed: FollowedNames?

  public init() {}

  public func check() throws { try drawing.check() }

  public func sources(_ words: [String]) throws -> [String] {
    let named = [features, labels, testFeatures, testLabels]
    if named.allSatisfy({ $0 == nil }) { return words }
    guard words.isEmpty, features != nil, (testFeatures == nil) == (testLabels == nil),
      labels != nil || testFeatures == nil
    else {
      throw Failure.usage(
        "data convert npy: give --features with --labels and, for a test split, --test-features with --test-labels, "
          + "or the files in that order without options")
    }
    return named.compactMap(\.self)
  }

  public func write(_ sources: [String], to file: OutputFile) throws {
    guard [1, 2, 4].contains(sources.count) else {
      throw Failure.usage(
        "data convert npy: \(sources.count) sources, expected features and labels, "
          + "or also features and labels to test on"
      )
    }
    let splits = try zip([SplitName.train, .test], stride(from: 0, to: sources.count, by: 2)).map { split, place in
      ArraySplit(
        name: split, features: try .open(path: sources[place]),
        labels: try place + 1 < sources.count ? .open(path: sources[place + 1]) : nil)
    }
    try ArrayWriter(format: Self.name, drawing: drawing, followed: followed).write(splits, to: file)
  }

  public static func reads(_ path: String) -> Bool { path.hasSuffix(".npy") }

  public mutating func follow(_ preparation: JSONValue, _ names: DataNames, of owner: String) throws {
    followed = FollowedNames(names: names, owner: owner)
  }
}
