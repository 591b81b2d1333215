import Foundation
import HDF5Storage
import NumericCore

/// Gaussian classes around means that differ a little, in an HDF5 file, so that a benchmark reads what a run reads.
enum SyntheticData {
  static func write(_ workload: Workload, to path: String) throws {
    let features = workload.sizes[0], classes = workload.classCount
    let source = RandomSource(seed: 0).stream(.synthesis)
    var generator = RandomSource.Generator(source: source)
    let means = (0..<classes * features).map { _ in Float(0.1 * generator.normal()) }
    var x = [Float](repeating: 0, count: workload.sampleCount * features)
    var y = [UInt8](repeating: 0, count: workload.sampleCount)
    for sample in y.indices {
      let label = Int(generator.next(upperBound: UInt32(classes)))
      y[sample] = UInt8(label)
      // The sum of four uniform words is near enough to a normal number for a timing, and a hundred times faster.
      for feature in 0..<features {
        let words = source.words(feature, substream: sample + 1)
        let sum = Float(words.x) + Float(words.y) + Float(words.z) + Float(words.w)
        x[sample * features + feature] = (sum * 0x1p-32 - 2) * 1.732 + means[label * features + feature]
      }
    }
    let file = try HDF5File.create(path)
    try file.write("/train/x", shape: [workload.sampleCount, features], elements: x)
    try file.write("/train/y", shape: [workload.sampleCount], elements: y)
    try file.close()
  }
}
