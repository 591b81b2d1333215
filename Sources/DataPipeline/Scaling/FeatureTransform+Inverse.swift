import NumericCore

extension FeatureTransform {
  /// Brings scaled samples back to the units of the data: x / factor + offset.
  ///
  /// - Shapes: `samples` [N, feature size], in place.
  public func invert(_ samples: inout [Float]) {
    let width = offset.count
    for i in samples.indices { samples[i] = samples[i] / factor[i % width] + Float(offset[i % width]) }
  }
}

extension FeatureStorage {
  /// Puts a sample in memory, with its channels last, in the order of the file.
  public func fileOrder<Element>(_ sample: ArraySlice<Element>) -> [Element] {
    guard isChannelsFirst else { return Array(sample) }
    let channels = shape[0], pixels = sample.count / channels
    return (0..<sample.count).map { sample[sample.startIndex + $0 % pixels * channels + $0 / pixels] }
  }
}
