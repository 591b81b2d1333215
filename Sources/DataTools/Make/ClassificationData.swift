import Basics
import Foundation
import NumericCore
public import Settings

/// Classes around the corners of a hypercube, each stretched its own way, among features that mean nothing.
///
/// Of D features the first I = max(D/2, ⌈log₂ K⌉, 2) tell the classes apart: x = cₖ + ε · Aₖ, with cₖ a corner of {−1,
/// 1}^I for each class and Aₖ [I, I] uniform on (−1, 1); the others are N(0, 1). A fraction of the labels is drawn anew
/// (`make_classification` with one cluster a class, nothing redundant, in one fixed feature order).
public struct ClassificationData: SyntheticData {
  public static let name = "classification"
  public static let summary = "classes around the corners of a hypercube, among features that mean nothing"
  public static let discussion = "x is float32 [N, features]; the first half of the features tell the classes apart."
  public static let options =
    commonOptions(noise: "fraction of labels drawn at random", .closed(0, 1)) + [
      Option("--features", \ClassificationData.features, "N", .closed(1, 65_536), "numbers of a sample"),
      Option("--classes", \ClassificationData.classes, "N", .closed(2, 65_536), "different labels"),
    ]

  public var samples = 1000
  public var noise = 0.01
  public var features = 20
  public var classes = 2

  public init() {}

  public func check() throws {
    let informative = self.informative
    guard informative >= 17 || classes <= 1 << informative else {
      throw Failure.usage(
        "--classes \(classes): \(features) features have only \(1 << informative) corners to put classes at; "
          + "raise --features"
      )
    }
    try checkSamples(classes)
  }

  public func writer(seed: UInt64) -> any SplitWriter { ClassificationWriter(self, seed: seed) }

  /// Half of the features, but enough for the classes to have a corner each and, with two classes, a plane to lie in.
  fileprivate var informative: Int {
    let needed = Int(log2(Double(max(2, classes))).rounded(.up))
    return min(features, max(needed, 2, features / 2))
  }
}

private struct ClassificationWriter: VectorWriter {
  let features: Int
  let hasClasses = true
  private let classes: Int
  private let noise: Double
  private let labels: StratifiedLabels
  /// The features that tell the classes apart.
  private let informative: Int
  /// A corner for each class, [classes][informative].
  private let centers: [[Double]]
  /// For each class the matrix [informative, informative] that its Gaussian cloud is multiplied by.
  private let mixings: [[Double]]
  private let streams: SynthesisStreams

  init(_ data: ClassificationData, seed: UInt64) {
    (features, classes, noise, informative) = (data.features, data.classes, data.noise, data.informative)
    streams = SynthesisStreams(seed: seed, number: 1)
    labels = StratifiedLabels(count: data.samples, classes: classes, random: streams.classes)
    let informative = informative
    var shared = streams.shared
    centers = Self.corners(classes, of: informative, &shared)
    mixings = (0..<classes).map { _ in (0..<(informative * informative)).map { _ in 2 * shared.uniform() - 1 } }
  }

  /// `count` different corners of the hypercube {−1, 1}^dimensions.
  private static func corners(_ count: Int, of dimensions: Int, _ random: inout RandomSource.Generator) -> [[Double]] {
    var corners: [[Double]] = []
    while corners.count < count {
      let corner = (0..<dimensions).map { _ in random.uniform() < 0.5 ? -1.0 : 1.0 }
      if !corners.contains(corner) { corners.append(corner) }
    }
    return corners
  }

  func sample(_ index: Int, into row: UnsafeMutableBufferPointer<Float>) -> Double {
    var random = streams.sample(index)
    let label = labels.label(index)
    let cloud = (0..<informative).map { _ in random.normal() }
    for feature in 0..<informative {
      var value = centers[label][feature]
      for k in 0..<informative { value += cloud[k] * mixings[label][k * informative + feature] }
      row[feature] = Float(value)
    }
    for feature in informative..<features { row[feature] = Float(random.normal()) }
    // One draw decides, another names the class, so that more noise only adds to the labels that are replaced.
    let decision = random.uniform()
    let replacement = Int(random.next(upperBound: UInt32(classes)))
    return Double(decision < noise ? replacement : label)
  }
}
