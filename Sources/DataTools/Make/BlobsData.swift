import NumericCore
public import Settings

/// Round Gaussian clouds: cₖ + σε with each centre cₖ uniform on (−10, 10)^D (`make_blobs`).
public struct BlobsData: SyntheticData {
  public static let name = "blobs"
  public static let summary = "round Gaussian clouds"
  public static let discussion = "x is float32 [N, features]."
  public static let options =
    commonOptions(noise: "standard deviation of a cloud") + [
      Option("--features", \BlobsData.features, "N", .closed(1, 65_536), "numbers of a sample"),
      Option("--classes", \BlobsData.classes, "N", .closed(2, 65_536), "clouds"),
    ]

  public var samples = 1000
  public var noise = 1.0
  public var features = 2
  public var classes = 3

  public init() {}

  public func check() throws { try checkSamples(classes) }

  public func writer(seed: UInt64) -> any SplitWriter { BlobsWriter(self, seed: seed) }
}

private struct BlobsWriter: VectorWriter {
  let features: Int
  let hasClasses = true
  private let noise: Double
  private let labels: StratifiedLabels
  /// [classes][features]
  private let centers: [[Double]]
  private let streams: SynthesisStreams

  init(_ data: BlobsData, seed: UInt64) {
    (features, noise) = (data.features, data.noise)
    streams = SynthesisStreams(seed: seed, number: 3)
    labels = StratifiedLabels(count: data.samples, classes: data.classes, random: streams.classes)
    var shared = streams.shared
    centers = (0..<data.classes).map { _ in (0..<data.features).map { _ in 20 * shared.uniform() - 10 } }
  }

  func sample(_ index: Int, into row: UnsafeMutableBufferPointer<Float>) -> Double {
    var random = streams.sample(index)
    let label = labels.label(index)
    for feature in 0..<features { row[feature] = Float(centers[label][feature] + noise * random.normal()) }
    return Double(label)
  }
}
