import NumericCore
public import Settings

/// Adds Gaussian noise to every feature.
public struct Noise: Augmentation {
  public var standardDeviation: Double

  public init(standardDeviation: Double = 0.1) { self.standardDeviation = standardDeviation }

  public init() { self.init(standardDeviation: 0.1) }

  public static let name = "noise"
  public static let summary = "adds Gaussian noise to every feature"
  public static let settings: [Setting<Noise>] = [
    Setting("standard_deviation", \.standardDeviation, .atLeast(0), "of the noise, in scaled features")
  ]

  public func apply(_ batch: AugmentationPass) {
    let size = batch.scratch.count
    for sample in batch.sampleIDs.indices {
      batch.random.addNormal(
        to: batch.features.view(sample * size..<(sample + 1) * size), standardDeviation: standardDeviation,
        substream: batch.sampleIDs[sample])
    }
  }
}
