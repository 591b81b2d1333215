import Basics
import HDF5Storage

extension DataSynthesis {
  /// Checks the options and fills in the defaults.
  static func shapeGenerator(_ options: SynthesisOptions) throws -> ShapeGenerator {
    let defaults = SynthesisKind.shapes.defaults
    let classes = options.classes ?? defaults.classes ?? 1
    let noise = options.noise ?? defaults.noise
    let samples = options.samples ?? defaults.samples
    let known = ShapeGenerator.Shape.allCases.count
    guard options.features == nil else {
      throw Failure.usage(
        "--features: shapes are images of \(ShapeGenerator.side)×\(ShapeGenerator.side) pixels; leave it out")
    }
    guard (1...known).contains(classes) else { throw Failure.usage("--classes \(classes): expected 1 to \(known) shapes") }
    guard samples >= classes, samples <= Int(Int32.max) else {
      throw Failure.usage("--samples \(samples): expected \(classes) to \(Int32.max)")
    }
    guard noise >= 0, noise.isFinite else { throw Failure.usage("--noise \(noise): expected 0 or more") }
    return ShapeGenerator(count: samples, classes: classes, noise: noise, seed: options.seed)
  }
}

extension ShapeGenerator: SplitSynthesizer {
  /// Writes `/split/x` uint8 [N, H, W, C] and `/split/y` float32 [N, 5], whose attributes name the columns and the classes.
  func write(_ samples: Range<Int>, split: String, to file: OutputFile) throws {
    let (side, channels) = (Self.side, Self.channels)
    let size = side * side * channels
    let features = try file.create("/\(split)/x", shape: [samples.count, side, side, channels], elementType: .uint8)
    let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: min(samples.count, 1000) * size)
    defer { block.deallocate() }
    var labels: [Float] = []
    for start in stride(from: 0, to: samples.count, by: block.count / size) {
      let rows = start..<min(start + block.count / size, samples.count)
      for row in rows {
        let place = (row - start) * size
        labels += sample(samples.lowerBound + row, into: .init(rebasing: block[place..<place + size]))
      }
      let written = UnsafeMutableBufferPointer(rebasing: block[..<(rows.count * size)])
      try features.write(rows: rows, from: UnsafeRawBufferPointer(written))
    }
    let path = "/\(split)/y"
    try file.write(path, shape: [samples.count, Self.columns.count], labels)
    let names = Shape.allCases.prefix(classes).map(\.rawValue)
    try file.file.setAttribute("columns", to: Self.columns.joined(separator: "\n"), of: path)
    try file.file.setAttribute("classes", to: names.joined(separator: "\n"), of: path)
  }
}
