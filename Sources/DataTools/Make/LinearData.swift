import HDF5Storage
import NumericCore
public import Settings

/// A linear regression with known weights.
///
/// x ~ N(0, 1)^D, y = x · weight + bias + σε with ε ~ N(0, 1), and weight and bias drawn once from N(0, 1):
/// scikit-learn's `make_regression`, all features informative, the weights not scaled by 100.
public struct LinearData: SyntheticData {
  public static let name = "linear"
  public static let summary = "a linear regression with known weights"
  public static let discussion =
    "x is float32 [N, features]; the attributes weight, bias and noise of y hold the truth."
  public static let options =
    commonOptions(noise: "standard deviation of the target's noise") + [
      Option("--features", \LinearData.features, "N", .closed(1, 65_536), "numbers of a sample")
    ]
  public static let fixed = ["--classes": "a regression has no classes"]

  public var samples = 1000
  public var noise = 0.1
  public var features = 10

  public init() {}

  public func writer(seed: UInt64) -> any SplitWriter { LinearWriter(self, seed: seed) }
}

private struct LinearWriter: VectorWriter {
  let features: Int
  let hasClasses = false
  private let noise: Double
  private let weight: [Double]
  private let bias: Double
  private let streams: SynthesisStreams

  init(_ data: LinearData, seed: UInt64) {
    (features, noise) = (data.features, data.noise)
    streams = SynthesisStreams(seed: seed, number: 0)
    var shared = streams.shared
    weight = (0..<features).map { _ in shared.normal() }
    bias = shared.normal()
  }

  func sample(_ index: Int, into row: UnsafeMutableBufferPointer<Float>) -> Double {
    var random = streams.sample(index)
    var target = bias
    for feature in 0..<features {
      let value = random.normal()
      row[feature] = Float(value)
      target += weight[feature] * value
    }
    return target + noise * random.normal()
  }

  func describe(_ path: String, split: String, in file: OutputFile) throws {
    // An attribute holds 64 KiB; wider weights stand beside the data.
    if features <= 8_000 {
      try file.file.setAttribute("weight", to: weight, of: path)
    } else if split == "train" {
      try file.file.write("/truth/weight", shape: [features], elements: weight)
    }
    try file.file.setAttribute("bias", to: bias, of: path)
    try file.file.setAttribute("noise", to: noise, of: path)
  }
}
