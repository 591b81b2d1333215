import Foundation
import NumericCore
public import Settings

/// Two interleaved half circles: with t evenly spaced on [0, π], class 0 at (cos t, sin t), class 1 at (1 − cos t, ½ −
/// sin t), plus σε (`make_moons`).
public struct MoonsData: SyntheticData {
  public static let name = "moons"
  public static let summary = "two interleaved half circles"
  public static let discussion = "x is float32 [N, 2]."
  public static let options = commonOptions(noise: "standard deviation of each coordinate's noise")
  public static let fixed = [
    "--features": "moons lie in a plane and have 2 features", "--classes": "moons are 2",
  ]

  public var samples = 1000
  public var noise = 0.1

  public init() {}

  public func check() throws { try checkSamples(2) }

  public func writer(seed: UInt64) -> any SplitWriter {
    PlaneWriter(samples: samples, classes: 2, noise: noise, SynthesisStreams(seed: seed, number: 2)) {
      label, place, size in
      let t = Double.pi * (size > 1 ? Double(place) / Double(size - 1) : 0)
      return label == 0 ? (cos(t), sin(t)) : (1 - cos(t), 0.5 - sin(t))
    }
  }
}

/// Arms that wind around the origin: arm k of K, with r evenly spaced on (0, 1], is r · (cos a, sin a) + σε, a = 2π(r +
/// k/K).
public struct SpiralsData: SyntheticData {
  public static let name = "spirals"
  public static let summary = "arms that wind around the origin"
  public static let discussion = "x is float32 [N, 2]."
  public static let options =
    commonOptions(noise: "standard deviation of each coordinate's noise") + [
      Option("--classes", \SpiralsData.classes, "N", .closed(2, 65_536), "arms")
    ]
  public static let fixed = ["--features": "spirals lie in a plane and have 2 features"]

  public var samples = 1000
  public var noise = 0.02
  public var classes = 2

  public init() {}

  public func check() throws { try checkSamples(classes) }

  public func writer(seed: UInt64) -> any SplitWriter {
    let classes = classes
    return PlaneWriter(samples: samples, classes: classes, noise: noise, SynthesisStreams(seed: seed, number: 4)) {
      label, place, size in
      let radius = Double(place + 1) / Double(size)
      let angle = 2 * Double.pi * (radius + Double(label) / Double(classes))
      return (radius * cos(angle), radius * sin(angle))
    }
  }
}

/// Points on a curve of the plane for each class, moved by Gaussian noise.
private struct PlaneWriter: VectorWriter {
  let features = 2
  let hasClasses = true
  private let noise: Double
  private let labels: StratifiedLabels
  private let streams: SynthesisStreams
  private let point: (_ label: Int, _ place: Int, _ size: Int) -> (Double, Double)

  /// - Parameter point: where a sample lies without noise, given its place among those of its class and how many these
  ///   are.
  init(
    samples: Int, classes: Int, noise: Double, _ streams: SynthesisStreams,
    point: @escaping (_ label: Int, _ place: Int, _ size: Int) -> (Double, Double)
  ) {
    (self.noise, self.streams, self.point) = (noise, streams, point)
    labels = StratifiedLabels(count: samples, classes: classes, random: streams.classes)
  }

  func sample(_ index: Int, into row: UnsafeMutableBufferPointer<Float>) -> Double {
    var random = streams.sample(index)
    let label = labels.label(index)
    let (place, size) = labels.place(index)
    let (x, y) = point(label, place, size)
    row[0] = Float(x + noise * random.normal())
    row[1] = Float(y + noise * random.normal())
    return Double(label)
  }
}
