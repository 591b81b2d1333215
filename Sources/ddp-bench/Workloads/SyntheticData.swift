import HDF5Storage
import NumericCore

/// Data that can be learned and need no download, in an HDF5 file, so that a benchmark reads what a run reads.
enum SyntheticData {
  static func write(_ workload: Workload, to path: String) throws {
    let file = try HDF5File.create(path)
    let count = workload.sampleCount
    if case .characters(let length) = workload.sample {
      let text = characters(count: count, length: length + 1, kinds: workload.classCount)
      func columns(_ range: Range<Int>) -> [UInt8] {
        (0..<count).flatMap { text[$0 * (length + 1) + range.lowerBound..<$0 * (length + 1) + range.upperBound] }
      }
      try file.write("/train/x", shape: [count, length], elements: columns(0..<length))
      try file.write("/train/y", shape: [count, length], elements: columns(1..<length + 1))
    } else {
      let (shape, means) = classes(workload)
      let (x, y) = scattered(count: count, around: means)
      try file.write("/train/x", shape: [count] + shape, elements: x)
      try file.write("/train/y", shape: [count], elements: y)
    }
    try file.close()
  }

  private static let source = RandomSource(seed: 0).stream(.synthesis)

  /// The shape of a sample, and the mean of each class: of features by itself, of images and sequences in squares of a
  /// coarse pattern, so that a convolution has something to find.
  private static func classes(_ workload: Workload) -> (shape: [Int], means: [[Float]]) {
    var generator = RandomSource.Generator(source: source)
    func pattern(_ channels: Int, _ height: Int, _ width: Int) -> [Float] {
      let coarse = (0..<channels * 16).map { _ in Float(0.3 * generator.normal()) }
      return (0..<channels * height * width).map { element in
        let (channel, pixel) = element.quotientAndRemainder(dividingBy: height * width)
        return coarse[channel * 16 + pixel / width * 4 / height * 4 + pixel % width * 4 / width]
      }
    }
    let shape: [Int]
    let mean: () -> [Float]
    switch workload.sample {
    case .image(let channels, let size): (shape, mean) = ([channels, size, size], { pattern(channels, size, size) })
    case .sequence(let steps, let features): (shape, mean) = ([steps, features], { pattern(1, steps, features) })
    case .features(let count), .characters(let count):
      (shape, mean) = ([count], { (0..<count).map { _ in Float(0.1 * generator.normal()) } })
    }
    return (shape, (0..<workload.classCount).map { _ in mean() })
  }

  /// Samples of classes of a deviation of 1.
  private static func scattered(count: Int, around means: [[Float]]) -> (x: [Float], y: [UInt8]) {
    let width = means[0].count
    var generator = RandomSource.Generator(source: source.stream(.synthesis, 1))
    var x = [Float](repeating: 0, count: count * width)
    var y = [UInt8](repeating: 0, count: count)
    for sample in y.indices {
      let label = Int(generator.next(upperBound: UInt32(means.count)))
      y[sample] = UInt8(label)
      // The sum of four uniform words is near enough to a normal number for a timing, and a hundred times faster.
      for element in 0..<width {
        let words = source.words(element, substream: sample + 1)
        let sum = Float(words.x) + Float(words.y) + Float(words.z) + Float(words.w)
        x[sample * width + element] = (sum * 0x1p-32 - 2) * 1.732 + means[label][element]
      }
    }
    return (x, y)
  }

  /// Lines of numbered characters, each but every tenth the sum of the two before it.
  private static func characters(count: Int, length: Int, kinds: Int) -> [UInt8] {
    var generator = RandomSource.Generator(source: source)
    var text = [UInt8](repeating: 0, count: count * length)
    for place in text.indices {
      let isSum = place % length >= 2 && generator.next(upperBound: 10) > 0
      let character =
        isSum
        ? (Int(text[place - 1]) + Int(text[place - 2])) % kinds : Int(generator.next(upperBound: UInt32(kinds)))
      text[place] = UInt8(character)
    }
    return text
  }
}
